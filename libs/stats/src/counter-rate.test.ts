import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { CounterRates } from './index.ts'

const STEP_MS = 15_000

describe('CounterRates', () => {
  it('adds up to all that was counted, over any resets between samples', () => {
    const step = fc.record({ growth: fc.nat(1000), startsAnew: fc.boolean() })
    fc.assert(
      fc.property(fc.nat(1000), fc.array(step, { minLength: 1 }), (from, steps) => {
        const counters = new CounterRates()
        const counter = counters.add()
        counters.learn(counter, 0, from, STEP_MS)
        let value = from
        let [counted, told] = [0, 0]
        for (const [i, { growth, startsAnew }] of steps.entries()) {
          // A counter that started anew and is higher than before cannot be told from one that went on.
          const isReset = startsAnew && growth < value
          value = isReset ? growth : value + growth
          counted += growth
          const rate = counters.learn(counter, (i + 1) * STEP_MS, value, STEP_MS)
          assert.equal(rate.isReset, isReset)
          told += rate.perSecond! * (STEP_MS / 1000)
        }
        assert.ok(Math.abs(told - counted) < 1e-6 * (1 + counted), `${told}, counted ${counted}`)
      }),
    )
  })

  it('says nothing of a first sample, of a late one, and over a gap; it goes on after each', () => {
    const counters = new CounterRates(1)
    counters.add()
    const counter = counters.add()
    const learn = (timeMs: number, value: number) => ({ ...counters.learn(counter, timeMs, value, STEP_MS) })
    assert.equal(learn(STEP_MS, 100).perSecond, undefined)
    assert.equal(learn(2 * STEP_MS, 130).perSecond, 2)
    assert.deepEqual(learn(2 * STEP_MS, 1), { perSecond: undefined, isReset: false, isLate: true })
    assert.equal(learn(6 * STEP_MS, 500).perSecond, undefined)
    assert.equal(learn(7 * STEP_MS, 515).perSecond, 1)
    assert.deepEqual(learn(11 * STEP_MS, 3), { perSecond: undefined, isReset: true, isLate: false })
    const other = counters.add()
    counters.restore(other, JSON.parse(JSON.stringify(counters.stateOf(counter))) as number[])
    assert.equal(counters.learn(other, 12 * STEP_MS, 18, STEP_MS).perSecond, 1)
    counters.reset(other)
    assert.equal(counters.learn(other, 0, 18, STEP_MS).isLate, false)
  })

  it('refuses what no counter shows', () => {
    const counters = new CounterRates()
    counters.add()
    for (const value of [-1, Number.NaN, Infinity])
      assert.throws(() => counters.learn(0, 0, value, STEP_MS), /expected a finite number from 0/)
    assert.throws(() => counters.restore(0, [1]), /expected 3 numbers, got 1/)
  })
})
