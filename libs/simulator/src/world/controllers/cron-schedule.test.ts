import assert from 'node:assert/strict'
import { parseCron } from './cron-schedule.ts'

describe('cron schedule', () => {
  const cases: [string, string, boolean][] = [
    ['* * * * *', '2025-01-06T10:07:00Z', true],
    ['*/15 * * * *', '2025-01-06T10:30:00Z', true],
    ['*/15 * * * *', '2025-01-06T10:31:00Z', false],
    ['5,10-12 3 * * *', '2025-01-06T03:11:00Z', true],
    ['5,10-12 3 * * *', '2025-01-06T03:13:00Z', false],
    ['0 0 * * 0', '2025-01-05T00:00:00Z', true],
    ['0 0 * * 7', '2025-01-05T00:00:00Z', true],
    ['0 0 13 * 5', '2025-01-13T00:00:00Z', true],
    ['0 0 13 * 5', '2025-01-10T00:00:00Z', true],
    ['0 0 13 * 5', '2025-01-11T00:00:00Z', false],
    ['@hourly', '2025-01-06T10:00:00Z', true],
    ['0 0 1 1 *', '2025-02-01T00:00:00Z', false],
  ]
  for (const [schedule, date, expected] of cases)
    it(`${schedule} at ${date}: ${expected}`, () => assert.equal(parseCron(schedule)(new Date(date)), expected))

  for (const schedule of ['', '* * * *', '60 * * * *', 'x * * * *', '5-1 * * * *', '*/0 * * * *'])
    it(`refuses ${JSON.stringify(schedule)}`, () => assert.throws(() => parseCron(schedule), RangeError))
})
