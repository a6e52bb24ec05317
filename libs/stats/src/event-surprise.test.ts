import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { EventSurprises } from './index.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const T0 = Date.UTC(2026, 0, 5)

/** Events at these times. @returns the last one's decades */
function decadesOf(timesMs: readonly number[], watchedFromMs = T0): number {
  const events = new EventSurprises(1)
  events.add()
  events.watch(0, watchedFromMs)
  return timesMs.map((timeMs) => events.learn(0, timeMs).decades).at(-1)!
}

function moved(from: EventSurprises): EventSurprises {
  const to = new EventSurprises(1)
  to.add()
  to.restore(0, JSON.parse(JSON.stringify(from.stateOf(0))) as number[])
  return to
}

const burst = (fromMs: number, count: number) => Array.from({ length: count }, (_, i) => fromMs + i * 10_000)

describe('EventSurprises', () => {
  it('finds the first event of a workload watched for long more surprising than that of a new one', () => {
    const fresh = decadesOf([T0])
    const old = decadesOf([T0 + 10 * 24 * HOUR])
    assert.ok(fresh < 1.1 && old > 2.5, `${fresh} ${old}`)
  })
  it('is surprised by a burst, the more the longer it is', () => {
    const steady = Array.from({ length: 240 }, (_, i) => T0 + i * HOUR)
    const decades = [1, 3, 6, 12].map((count) => decadesOf([...steady, ...burst(T0 + 241 * HOUR, count)]))
    assert.deepEqual(
      decades,
      decades.toSorted((a, b) => a - b),
    )
    assert.ok(decades[0]! < 1 && decades[2]! > 4, decades.join())
  })
  it('gets used to what goes on', () => {
    const each = Array.from({ length: 2000 }, (_, i) => T0 + i * 5 * MINUTE)
    assert.ok(decadesOf(each) < 1)
  })
  it('gives the probability of so many, as the sum over the distribution has it', () => {
    const events = new EventSurprises(1)
    events.add()
    events.watch(0, T0)
    // A quarter of an event believed in, half an hour too; four hours and a half watched: shape 0.25, mean 1/80.
    const { decades, expected } = events.learn(0, T0 + 4.5 * HOUR, 2)
    assert.ok(Math.abs(expected - 0.0125) < 2e-4)
    const miss = 1 / 21
    const none = (20 / 21) ** 0.25
    assert.ok(Math.abs(decades + Math.log10(1 - none - none * 0.25 * miss)) < 0.02, `${decades}`)
  })
  it('stays within 0 and 12 and goes on after a restore to the bit', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 1e8 }), fc.integer({ min: 1, max: 5000 }))
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), fc.nat(), (steps, cut) => {
        const at = cut % steps.length
        const whole = new EventSurprises(1)
        let part = new EventSurprises(1)
        for (const each of [whole, part]) each.add()
        let timeMs = T0
        for (const [i, [sinceMs, count]] of steps.entries()) {
          timeMs += sinceMs
          if (i === at) part = moved(part)
          const one = { ...whole.learn(0, timeMs, count) }
          assert.deepEqual(part.learn(0, timeMs, count), one)
          assert.ok(one.decades >= 0 && one.decades <= 12)
        }
      }),
    )
  })
  it('refuses what is no count', () => {
    const events = new EventSurprises(1)
    events.add()
    for (const count of [0, -1, Number.NaN, Infinity])
      assert.throws(() => events.learn(0, T0, count), /events: expected a number above 0/)
    assert.throws(() => events.restore(0, [1]), /expected 5 numbers, got 1/)
  })
})
