import assert from 'node:assert/strict'
import type { TimeInterval } from '@kubewise/contracts'
import * as fc from 'fast-check'
import { isWithin, parseTimeInterval } from './time-interval.ts'
import { freezesOf, scheduleMistakes } from './windows.ts'

const at = (text: string) => Date.parse(text)

function isIn(spec: TimeInterval, moment: string): boolean {
  const parsed = parseTimeInterval(spec)
  assert.ok('interval' in parsed, JSON.stringify(parsed))
  return isWithin(parsed.interval, at(moment))
}

describe('a time interval', () => {
  const night: TimeInterval = { times: [{ start_time: '22:00', end_time: '24:00' }] }
  const business: TimeInterval = { weekdays: ['monday:friday'], times: [{ start_time: '09:00', end_time: '17:00' }] }
  const cases: [string, TimeInterval, string, boolean][] = [
    ['without any part', {}, '2026-01-05T12:00:00Z', true],
    ['from its first minute', night, '2026-01-05T22:00:00Z', true],
    ['to the last of the day', night, '2026-01-05T23:59:59Z', true],
    ['not before', night, '2026-01-05T21:59:59Z', false],
    ['its end left out', business, '2026-01-05T17:00:00Z', false],
    ['of weekdays, on a Monday', business, '2026-01-05T16:59:00Z', true],
    ['of weekdays, on a Sunday', business, '2026-01-04T12:00:00Z', false],
    [
      'in its own zone, where it is still Friday',
      { ...business, location: 'America/New_York' },
      '2026-01-09T21:30:00Z',
      true,
    ],
    ['in summer time', { ...business, location: 'Europe/Berlin' }, '2026-07-06T07:00:00Z', true],
    ['in winter time, an hour later', { ...business, location: 'Europe/Berlin' }, '2026-01-05T07:30:00Z', false],
    ['of the last day of a leap February', { days_of_month: ['-1'] }, '2028-02-29T12:00:00Z', true],
    ['of the last three days', { days_of_month: ['-3:-1'] }, '2026-01-28T12:00:00Z', false],
    ['from the second day to the last but one', { days_of_month: ['2:-2'] }, '2026-01-31T12:00:00Z', false],
    ['of months by name', { months: ['november:december'] }, '2026-12-31T23:59:00Z', true],
    ['of months by number', { months: ['1:3', '7'] }, '2026-07-01T00:00:00Z', true],
    ['of years', { years: ['2020:2025'] }, '2026-01-01T00:00:00Z', false],
  ]
  for (const [what, spec, moment, expected] of cases)
    it(`${what}: ${moment} ${expected ? 'lies within' : 'does not'}`, () => assert.equal(isIn(spec, moment), expected))

  it('is read, or every mistake of it is told', () => {
    const parsed = parseTimeInterval({
      times: [{ start_time: '17:00', end_time: '09:00' }],
      weekdays: ['friday:monday', 'someday'],
      days_of_month: ['0', '5:1', '-1:1'],
      months: ['13'],
      years: ['soon'],
      location: 'Europe/Atlantis',
    })
    assert.ok('mistakes' in parsed)
    assert.equal(parsed.mistakes.length, 9)
    assert.match(parsed.mistakes.join('\n'), /weekdays\[1\]: expected .*got "someday"/)
  })

  it('of whatever text never throws', () =>
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), fc.nat(4e12), (words, location, moment) => {
        const parsed = parseTimeInterval({
          weekdays: words,
          days_of_month: words,
          months: words,
          years: words,
          location,
        })
        if ('interval' in parsed) assert.equal(typeof isWithin(parsed.interval, moment), 'boolean')
      }),
    ))
})

describe('the windows of the settings', () => {
  const night = { name: 'night', time_intervals: [{ times: [{ start_time: '22:00', end_time: '24:00' }] }] }
  const shop = { field: 'namespace', operator: '=~', value: 'shop|bank' } as const
  const window = { name: 'release', matchers: [shop], intervals: ['night'], effect: 'freeze' } as const
  const web = { cluster: 'prod', kind: 'Deployment', namespace: 'shop', name: 'web' }
  const schedule = {
    timeIntervals: [night],
    windows: [{ ...window, matchers: [...window.matchers], intervals: ['night'] }],
  }

  it('freeze what they match while they are on, and nothing else', () => {
    assert.deepEqual(freezesOf(web, schedule, at('2026-01-05T22:30:00Z')), ['release'])
    assert.deepEqual(freezesOf(web, schedule, at('2026-01-05T12:00:00Z')), [])
    assert.deepEqual(freezesOf({ ...web, namespace: 'test' }, schedule, at('2026-01-05T22:30:00Z')), [])
    assert.deepEqual(freezesOf(web, { windows: [], timeIntervals: [night] }, 0), [])
    assert.deepEqual(freezesOf(web, undefined, 0), [])
  })

  it('that only mute freeze nothing', () =>
    assert.deepEqual(
      freezesOf(
        web,
        { ...schedule, windows: [{ ...schedule.windows[0]!, effect: 'mute' }] },
        at('2026-01-05T22:30:00Z'),
      ),
      [],
    ))

  it('that cannot be read are an error, not no window', () => {
    const broken = { ...schedule, windows: [{ ...schedule.windows[0]!, intervals: ['day'] }] }
    assert.throws(() => freezesOf(web, broken, 0), /expected a name of timeIntervals, got "day"/)
  })

  it('tell all their mistakes at once', () => {
    const rule = { field: 'rule', operator: '=~', value: '(' } as const
    const mistakes = scheduleMistakes({
      timeIntervals: [night, night, { name: 'bad', time_intervals: [{ months: ['x'] }] }],
      windows: [{ name: 'w', matchers: [rule], intervals: ['none'], effect: 'freeze' }],
      inhibitions: [{ name: 'i', source: [rule], target: [{ ...rule, field: 'cause', value: 'x' }], equal: [] }],
    })
    assert.equal(mistakes.length, 7, mistakes.join('\n'))
  })
})
