import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { SeasonalForecaster } from './index.ts'

const STEP_MS = 60_000

/** A reproducible stream of numbers in [0, 1). */
function randomness(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function learnMany(
  forecaster: SeasonalForecaster,
  index: number,
  count: number,
  valueAt: (i: number) => number,
): number[] {
  return Array.from({ length: count }, (_, i) => forecaster.learn(index, i * STEP_MS, valueAt(i)).z)
}

describe('SeasonalForecaster', () => {
  it('stays silent while it warms up, however wild the samples', () => {
    const forecaster = new SeasonalForecaster()
    const scores = learnMany(forecaster, forecaster.add(), 30, (i) => (i % 2) * 1e6)
    assert.ok(scores.every((z) => z === 0))
  })

  it('keeps its season through one sample that is beyond all measure', () => {
    const errorAfter = (outlier: number): number => {
      const forecaster = new SeasonalForecaster()
      const series = forecaster.add()
      const random = randomness(1)
      let error = 0
      for (let i = 0; i < 20 * 1440; i++) {
        const value = 100 + 50 * Math.sin((2 * Math.PI * i) / 1440) + random()
        const { expected, usesSeason } = forecaster.learn(series, i * STEP_MS, i === 7 * 1440 ? outlier : value)
        if (i >= 15 * 1440) error += (Math.abs(value - expected) + (usesSeason ? 0 : 100)) / (5 * 1440)
      }
      return error
    }
    const ordinary = errorAfter(100)
    assert.ok(errorAfter(1e9) < 2 * ordinary, `${errorAfter(1e9)}, ${ordinary} without`)
  })

  it('scores a spike far above the noise, and ordinary samples hardly ever', () => {
    const forecaster = new SeasonalForecaster()
    const series = forecaster.add()
    const random = randomness(1)
    const quiet = learnMany(forecaster, series, 2000, () => 100 + 4 * (random() - 0.5)).slice(100)
    assert.ok(quiet.filter((z) => Math.abs(z) > 4).length === 0)
    assert.ok(forecaster.learn(series, 2000 * STEP_MS, 150).z > 20)
  })

  it('learns a lasting level shift within some tens of samples, and one outlier not at all', () => {
    const forecaster = new SeasonalForecaster()
    const series = forecaster.add()
    const random = randomness(2)
    const noise = () => random() - 0.5
    learnMany(forecaster, series, 500, () => 10 + noise())
    forecaster.learn(series, 500 * STEP_MS, 1e6)
    const afterOutlier = forecaster.learn(series, 501 * STEP_MS, 10)
    assert.ok(Math.abs(afterOutlier.expected - 10) < 0.5, `expected about 10, got ${afterOutlier.expected}`)
    let shifted = 0
    for (let i = 502; i < 802; i++) shifted = Math.abs(forecaster.learn(series, i * STEP_MS, 20 + noise()).z)
    assert.ok(shifted < 3)
  })

  it('uses the season once it knows it: the daily peak is no surprise on the fifth day', () => {
    const forecaster = new SeasonalForecaster()
    const series = forecaster.add()
    const random = randomness(3)
    const daily = (i: number) => 50 + 40 * Math.sin((2 * Math.PI * i) / 1440) + 6 * (random() - 0.5)
    learnMany(forecaster, series, 4 * 1440, daily)
    const fifthDay = Array.from({ length: 1440 }, (_, i) => {
      const n = 4 * 1440 + i
      const { usesSeason, z } = forecaster.learn(series, n * STEP_MS, daily(n))
      return { usesSeason, z }
    })
    assert.ok(fifthDay.filter((point) => point.usesSeason).length > 1300)
    assert.ok(fifthDay.every((point) => Math.abs(point.z) < 4))
  })

  it('refuses what is not a number', () => {
    const forecaster = new SeasonalForecaster()
    assert.throws(
      () => forecaster.learn(forecaster.add(), 0, Number.NaN),
      /expected a finite number of at most 1e\+30, got NaN/,
    )
    assert.throws(() => forecaster.learn(0, 0, 1e308), /got 1e\+308/)
  })

  it('keeps a season of any size to some hundredths of its swing', () => {
    for (const size of [1e-9, 1, 1e12]) {
      const forecaster = new SeasonalForecaster()
      const series = forecaster.add()
      const daily = (i: number) => size * (3 + Math.sin((2 * Math.PI * Math.floor(i / 15)) / 96))
      learnMany(forecaster, series, 6 * 1440, daily)
      for (let i = 6 * 1440; i < 7 * 1440; i++) {
        const { expected, usesSeason } = forecaster.learn(series, i * STEP_MS, daily(i))
        assert.ok(usesSeason && Math.abs(expected - daily(i)) < 0.05 * size, `${size}: ${expected} for ${daily(i)}`)
      }
    }
  })

  it('survives any finite values: what it says stays finite', () => {
    const value = fc.oneof(fc.double({ min: -1e30, max: 1e30, noNaN: true }), fc.constantFrom(0, 1e30, -1e30, 1e-300))
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 100 }), (values) => {
        const forecaster = new SeasonalForecaster()
        const series = forecaster.add()
        values.forEach((one, i) => {
          const forecast = forecaster.learn(series, i * 600_000, one)
          for (const figure of [forecast.expected, forecast.sd, forecast.z, forecast.smoothZ, forecast.stateZ])
            assert.ok(Number.isFinite(figure), `${figure} after ${one}`)
        })
      }),
    )
  })

  it('goes on elsewhere with the same scores to the bit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.nat(199),
        (values, cut) => {
          const one = new SeasonalForecaster(1)
          const a = one.add()
          const before = values.slice(0, cut)
          before.forEach((value, i) => one.learn(a, i * STEP_MS, value))
          const two = new SeasonalForecaster(4)
          two.add()
          const b = two.add()
          two.restore(b, JSON.parse(JSON.stringify(one.stateOf(a))))
          values.slice(cut).forEach((value, i) => {
            const t = (cut + i) * STEP_MS
            const { z, expected } = { ...one.learn(a, t, value) }
            assert.deepEqual({ z, expected }, (({ z, expected }) => ({ z, expected }))(two.learn(b, t, value)))
          })
        },
      ),
    )
  })

  it('keeps its series apart while it grows', () => {
    const forecaster = new SeasonalForecaster(1)
    const series = Array.from({ length: 50 }, () => forecaster.add())
    for (let i = 0; i < 100; i++) for (const s of series) forecaster.learn(s, i * STEP_MS, s * 10)
    for (const s of series) assert.equal(forecaster.learn(s, 100 * STEP_MS, s * 10).expected, s * 10)
  })
})
