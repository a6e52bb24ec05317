import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { Growth, type GrowthState } from './index.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const T0 = Date.UTC(2026, 0, 5)

function noise(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32 - 0.5
  }
}

function learnt(valueAt: (minute: number) => number, minutes: number): Growth {
  const growth = new Growth(1)
  growth.add()
  for (let minute = 0; minute < minutes; minute++) growth.learn(0, T0 + minute * MINUTE, valueAt(minute))
  return growth
}

describe('Growth', () => {
  it('says when a leak will reach its limit, and how surely', () => {
    const random = noise(1)
    const growth = learnt((minute) => 40 + minute / 6 + random(), 240)
    const forecast = growth.forecast(0, 100, 12 * HOUR)!
    const leftMs = 120 * MINUTE
    assert.ok(Math.abs(forecast.leftMs - leftMs) < 20 * MINUTE, `${forecast.leftMs / MINUTE}`)
    assert.ok(forecast.earliestMs < forecast.leftMs && forecast.leftMs < forecast.latestMs)
    assert.ok(forecast.latestMs - forecast.earliestMs < 60 * MINUTE)
    assert.equal(forecast.scaleMs, 3 * HOUR)
  })
  it('sees a rise over days that three hours do not show', () => {
    const random = noise(2)
    const growth = learnt((minute) => 50 + minute / 100 + 6 * random(), 48 * 60)
    const forecast = growth.forecast(0, 100, 7 * 24 * HOUR)!
    assert.equal(forecast.scaleMs, 48 * HOUR)
    assert.ok(Math.abs(forecast.leftMs / HOUR - 35.3) < 5, `${forecast.leftMs / HOUR}`)
  })
  it('foretells nothing of noise, of a fall, of what is too far off, or of less than an hour', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = noise(seed)
        assert.equal(learnt(() => 80 + 10 * random(), 600).forecast(0, 100, 24 * HOUR), undefined)
      }),
      { numRuns: 30 },
    )
    assert.equal(learnt((minute) => 90 - minute / 20, 400).forecast(0, 100, 24 * HOUR), undefined)
    assert.equal(learnt((minute) => 10 + minute / 100, 400).forecast(0, 100, HOUR), undefined)
    assert.equal(learnt((minute) => 10 + minute, 50).forecast(0, 100, 24 * HOUR), undefined)
  })
  it('wants a rise that is steady, and that stands out of the noise', () => {
    const points = (values: readonly number[]) => {
      const growth = new Growth(1)
      growth.add()
      for (const [i, value] of values.entries()) growth.learn(0, T0 + i * 5 * MINUTE, value)
      return growth.forecast(0, 100, 1e12)
    }
    const line = Array.from({ length: 13 }, (_, i) => 60 + i)
    assert.ok(points(line))
    assert.equal(points(line.map((value, i) => (i === 6 || i === 10 ? 45 : value))), undefined)
    const random = noise(3)
    const wide = Array.from({ length: 37 }, (_, i) => 70 + i / 2)
    assert.ok(points(wide.map((value) => value + 4 * random())))
    assert.equal(points(wide.map((value) => value + 14 * random())), undefined)
  })
  it('looks no further ahead than back', () => {
    const rise = (minutes: number) => learnt((minute) => 40 + minute / 20, minutes).forecast(0, 100, 24 * HOUR)
    assert.equal(rise(3 * 60), undefined)
    assert.equal(rise(9 * 60)?.scaleMs, 12 * HOUR)
  })
  it('begins anew after a drop', () => {
    const growth = learnt((minute) => (minute < 300 ? 40 + minute / 6 : 20), 330)
    assert.equal(growth.forecast(0, 100, 24 * HOUR)?.scaleMs === 3 * HOUR, false)
  })
  it('knows what the level was at a time of the last two days', () => {
    const growth = learnt((minute) => 20 + minute / 100, 40 * 60)
    for (const minute of [300, 777, 1500])
      assert.ok(Math.abs(growth.levelAt(0, T0 + minute * MINUTE)! - (20 + minute / 100)) < 0.1)
    assert.equal(growth.levelAt(0, T0 - HOUR), undefined)
    assert.equal(growth.levelAt(0, T0 + 60 * HOUR), undefined)
  })
  it('is there where the limit is reached', () => {
    assert.equal(learnt((minute) => 40 + minute / 2, 200).forecast(0, 100, HOUR)!.leftMs, 0)
  })
  it('goes on after a restore to the bit', () => {
    const level = fc.double({ min: 0, max: 100, noNaN: true })
    fc.assert(
      fc.property(fc.array(level, { minLength: 2, maxLength: 60 }), fc.nat(), (values, cut) => {
        const at = cut % values.length
        const whole = new Growth(1)
        const first = new Growth(1)
        const second = new Growth(2)
        for (const each of [whole, first, second]) each.add()
        for (const [i, value] of values.entries()) {
          if (i === at) second.restore(0, JSON.parse(JSON.stringify(first.stateOf(0))) as GrowthState)
          const one = whole.learn(0, T0 + i * 7 * MINUTE, value)
          assert.equal((i < at ? first : second).learn(0, T0 + i * 7 * MINUTE, value), one)
        }
        assert.deepEqual(second.forecast(0, 100, 1e12), whole.forecast(0, 100, 1e12))
      }),
    )
  })
  it('refuses what is no level', () => {
    const growth = learnt(() => 1, 1)
    assert.throws(() => growth.learn(0, T0, Number.NaN), /value: expected a finite number, got NaN/)
    assert.throws(() => growth.restore(0, { columns: [], timeMs: [], value: [] }), /expected 15 columns and 108 points/)
  })
})
