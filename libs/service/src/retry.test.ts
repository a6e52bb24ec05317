import assert from 'node:assert/strict'
import { VirtualClock } from '@kubewise/testkit'
import * as fc from 'fast-check'
import { backoffMs, retry } from './retry.ts'

const LONGEST = () => 1 - Number.EPSILON

describe('backoffMs', () => {
  it('doubles up to its bound', () => {
    const rests = [1, 2, 3, 4, 5].map((attempt) =>
      Math.round(backoffMs(attempt, { firstMs: 100, maxMs: 1000, random: LONGEST })),
    )
    assert.deepEqual(rests, [100, 200, 400, 800, 1000])
  })

  it('is anywhere between nothing and the bound, also after days', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, chance) => {
          const rest = backoffMs(attempt, { firstMs: 100, maxMs: 5000, random: () => chance })
          return rest >= 0 && rest < 5000
        },
      ),
    ))
})

describe('retry', () => {
  const options = { attempts: 4, firstMs: 100, maxMs: 1000, random: LONGEST }

  function failing(times: number): { task: (attempt: number) => Promise<string>; attempts: number[] } {
    const attempts: number[] = []
    const task = async (attempt: number) => {
      attempts.push(attempt)
      if (attempt <= times) throw new Error(`failed ${attempt}`)
      return 'done'
    }
    return { task, attempts }
  }

  it('gives the first success, after rests on the given clock', async () => {
    const clock = new VirtualClock(0)
    const { task, attempts } = failing(2)
    const result = retry(task, { ...options, clock })
    await clock.advance(99)
    assert.deepEqual(attempts, [1])
    await clock.advance(1)
    assert.deepEqual(attempts, [1, 2])
    await clock.advance(200)
    assert.equal(await result, 'done')
    assert.deepEqual(attempts, [1, 2, 3])
  })

  it('throws the last error when its attempts are used up', async () => {
    const clock = new VirtualClock(0)
    const { task, attempts } = failing(9)
    const failed = assert.rejects(retry(task, { ...options, clock }), { message: 'failed 4' })
    await clock.advance(10_000)
    await failed
    assert.equal(attempts.length, 4)
    assert.equal(clock.sleepers, 0)
  })

  it('does not repeat what cannot end better', async () => {
    const { task, attempts } = failing(9)
    const isRetryable = (error: unknown) => !(error as Error).message.endsWith('1')
    await assert.rejects(retry(task, { ...options, clock: new VirtualClock(0), isRetryable }), { message: 'failed 1' })
    assert.equal(attempts.length, 1)
  })

  it('ends its rest when aborted', async () => {
    const clock = new VirtualClock(0)
    const controller = new AbortController()
    const { task, attempts } = failing(9)
    const failed = assert.rejects(retry(task, { ...options, clock, signal: controller.signal }), { message: 'stop' })
    await clock.advance(50)
    controller.abort(new Error('stop'))
    await failed
    assert.deepEqual(attempts, [1])
  })

  it('does not begin when aborted before', async () => {
    const { task, attempts } = failing(0)
    const signal = AbortSignal.abort(new Error('stop'))
    await assert.rejects(retry(task, { ...options, clock: new VirtualClock(0), signal }), { message: 'stop' })
    assert.deepEqual(attempts, [])
  })
})
