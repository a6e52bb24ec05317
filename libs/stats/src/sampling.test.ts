import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { median, Sampling } from './index.ts'

const STEP_MS = 15_000
const DAY_MS = 86_400_000

/** A series of so many regular samples, and the time of its last. */
function regular(count: number): { sampling: Sampling; series: number; lastMs: number } {
  const sampling = new Sampling(1)
  sampling.add()
  const series = sampling.add()
  for (let i = 0; i < count; i++) sampling.learn(series, i * STEP_MS, 1)
  return { sampling, series, lastMs: (count - 1) * STEP_MS }
}

describe('Sampling', () => {
  it('knows the step: the median of the last 20', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 60 }), (steps) => {
        const sampling = new Sampling()
        const series = sampling.add()
        let timeMs = 1e12
        let stepMs = sampling.learn(series, timeMs, 0).stepMs
        for (const step of steps) stepMs = sampling.learn(series, (timeMs += step), 0).stepMs
        assert.equal(stepMs, median(steps.slice(-20)))
      }),
    )
  })

  for (const [passedMs, kind] of [
    [-STEP_MS, 'late'],
    [0, 'late'],
    [STEP_MS, 'next'],
    [STEP_MS + 4000, 'next'],
    [2 * STEP_MS, 'bridged'],
    [6 * STEP_MS, 'bridged'],
    [7 * STEP_MS, 'hole'],
    [DAY_MS, 'hole'],
    [DAY_MS + 1, 'away'],
  ] as const)
    it(`calls a sample ${passedMs / 1000} s after the last one ${kind}`, () => {
      const { sampling, series, lastMs } = regular(50)
      assert.equal(sampling.learn(series, lastMs + passedMs, 1).kind, kind)
    })

  it('lets twelve samples after a hole go unjudged, and none after a short gap', () => {
    const { sampling, series, lastMs } = regular(50)
    const after = (gap: number, fromMs: number) =>
      Array.from({ length: 20 }, (_, i) => sampling.learn(series, fromMs + (gap + i) * STEP_MS, 1).isSuppressed)
    assert.equal(after(4, lastMs).filter(Boolean).length, 0)
    assert.deepEqual(
      after(40, lastMs + 23 * STEP_MS),
      Array.from({ length: 20 }, (_, i) => i < 12),
    )
  })

  it('learns nothing from what is missing or late', () => {
    const { sampling, series, lastMs } = regular(50)
    const before = sampling.stateOf(series)
    for (const value of [Number.NaN, Infinity])
      assert.equal(sampling.learn(series, lastMs + STEP_MS, value).kind, 'missing')
    sampling.learn(series, lastMs - 1, 1)
    assert.deepEqual(sampling.stateOf(series), before)
    const other = sampling.add()
    sampling.restore(other, JSON.parse(JSON.stringify(before)) as number[])
    assert.deepEqual(
      { ...sampling.learn(other, lastMs + STEP_MS, 1) },
      { kind: 'next', stepMs: STEP_MS, isSuppressed: false },
    )
    sampling.reset(other)
    assert.equal(sampling.learn(other, 0, 1).kind, 'first')
    assert.throws(() => sampling.learn(other, Number.NaN, 1), /timeMs: expected a finite number, got NaN/)
    assert.throws(() => sampling.restore(other, []), /expected 24 numbers, got 0/)
  })
})
