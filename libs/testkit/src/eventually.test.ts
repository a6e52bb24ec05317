import assert from 'node:assert/strict'
import { eventually } from './eventually.ts'

describe('eventually', () => {
  it('gives the first true value', async () => {
    let asked = 0
    assert.equal(await eventually(() => ++asked >= 3 && `asked ${asked}`, { everyMs: 1 }), 'asked 3')
  })

  it('asks again after an assertion that failed', async () => {
    let asked = 0
    await eventually(
      () => {
        assert.ok(++asked >= 3)
        return true
      },
      { everyMs: 1 },
    )
    assert.equal(asked, 3)
  })

  it('waits for a condition that takes its time', async () =>
    assert.equal(await eventually(() => Promise.resolve(7)), 7))

  it('tells the last value when time is up', () =>
    assert.rejects(
      eventually(() => 0, { timeoutMs: 10, everyMs: 1, say: 'the queue drains' }),
      { message: 'the queue drains: not within 10 ms; at last: 0' },
    ))

  it('tells the last error when time is up, and keeps it', () =>
    assert.rejects(
      eventually(() => Promise.reject(new Error('no such pod')), { timeoutMs: 10, everyMs: 1 }),
      (error: Error) =>
        error.message.endsWith('at last: no such pod') && (error.cause as Error).message === 'no such pod',
    ))
})
