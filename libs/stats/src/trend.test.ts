import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { msUntil, trendOf } from './trend.ts'

const T0 = Date.UTC(2026, 0, 5)
const MINUTE = 60_000
const times = (count: number) => Array.from({ length: count }, (_, i) => T0 + i * MINUTE)
const line = (count: number, level: number, perMinute: number) =>
  Array.from({ length: count }, (_, i) => level + i * perMinute)
const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`)

const level = fc.double({ min: 0, max: 100, noNaN: true })
const perMinute = fc.double({ min: -2, max: 2, noNaN: true })
const count = fc.integer({ min: 5, max: 40 })

describe('trendOf', () => {
  it('finds a line, whatever its level and slope', () => {
    fc.assert(
      fc.property(count, level, perMinute, (n, from, slope) => {
        const trend = trendOf(times(n), line(n, from, slope))!
        near(trend.slopePerMs * MINUTE, slope, 1e-6)
        near(trend.level, from + (n - 1) * slope, 1e-6)
        near(trend.noise, 0, 1e-6)
      }),
    )
  })
  it('is not bent by one point in five, wherever it lies and whatever it says', () => {
    const outlier = fc.record({ at: fc.nat(), value: fc.double({ min: -1e6, max: 1e6, noNaN: true }) })
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 40 }), fc.array(outlier, { maxLength: 4 }), (n, outliers) => {
        const values = line(n, 10, 1)
        for (const { at, value } of outliers) values[at % n] = value
        near(trendOf(times(n), values)!.slopePerMs * MINUTE, 1, 1e-6)
      }),
    )
  })
  it('moves with its unit: twice the values, twice the slope, the same order', () => {
    // Powers of two: by others two values that differ in the last bit may become one.
    fc.assert(
      fc.property(fc.array(level, { minLength: 3, maxLength: 30 }), fc.constantFrom(2, 4, 8), (values, k) => {
        const one = trendOf(times(values.length), values)!
        const other = trendOf(
          times(values.length),
          values.map((v) => v * k),
        )!
        near(other.slopePerMs, one.slopePerMs * k, 1e-9 * k)
        assert.equal(other.tau, one.tau)
      }),
    )
  })
  it('never gives what is no number', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), level), { maxLength: 20 }), (points) => {
        const ascending = points.map(([t]) => T0 + t * MINUTE).sort((a, b) => a - b)
        const trend = trendOf(
          ascending,
          points.map(([, v]) => v),
        )
        if (trend) for (const part of Object.values(trend)) assert.ok(Number.isFinite(part))
        if (trend) assert.ok(Math.abs(trend.tau) <= 1)
      }),
    )
  })
  it('gives the chance of so steady a rise, and bounds to the slope', () => {
    // Ten of ten in order: S = 45, its variance 125.
    const rising = trendOf(times(10), line(10, 0, 1))!
    near(rising.p, 4.15e-5, 0.02e-5)
    assert.equal(trendOf(times(10), line(10, 0, -1))!.p, 1)
    fc.assert(
      fc.property(fc.array(level, { minLength: 3, maxLength: 30 }), (values) => {
        const { lowSlopePerMs, slopePerMs, highSlopePerMs } = trendOf(times(values.length), values)!
        assert.ok(lowSlopePerMs <= slopePerMs && slopePerMs <= highSlopePerMs)
      }),
    )
  })
  it('says nothing of too few points', () => {
    assert.equal(trendOf(times(2), [1, 2]), undefined)
    assert.equal(trendOf([T0, T0, T0], [1, 2, 3]), undefined)
  })
})

describe('msUntil', () => {
  it('is when the line meets the limit', () => {
    fc.assert(
      fc.property(count, level, fc.double({ min: 0.01, max: 2, noNaN: true }), (n, from, slope) => {
        const trend = trendOf(times(n), line(n, from, slope))!
        const limit = trend.level + 30 * slope
        near(msUntil(trend, limit)!, 30 * MINUTE, 1)
      }),
    )
  })
  it('is never while it falls or stays, and now once it is there', () => {
    const falling = trendOf(times(10), line(10, 50, -1))!
    assert.equal(msUntil(falling, 100), undefined)
    assert.equal(msUntil(trendOf(times(10), line(10, 50, 0))!, 100), undefined)
    assert.equal(msUntil(trendOf(times(10), line(10, 95, 1))!, 100), 0)
  })
})
