import assert from 'node:assert/strict'
import { Sampling } from './index.ts'

const STEP_MS = 15_000
const DAY_MS = 86_400_000
const T0 = Date.UTC(2026, 0, 5)

/** A series of so many regular samples, and the time of its last. */
function regular(count: number): { sampling: Sampling; series: number; lastMs: number } {
  const sampling = new Sampling(1)
  sampling.add()
  const series = sampling.add()
  for (let i = 0; i < count; i++) sampling.learn(series, T0 + i * STEP_MS, STEP_MS)
  return { sampling, series, lastMs: T0 + (count - 1) * STEP_MS }
}

describe('Sampling', () => {
  for (const [passedMs, kind] of [
    [-STEP_MS, 'late'],
    [0, 'late'],
    [STEP_MS, 'next'],
    [STEP_MS + 4000, 'next'],
    [6 * STEP_MS, 'next'],
    [7 * STEP_MS, 'hole'],
    [DAY_MS, 'hole'],
    [DAY_MS + 1, 'away'],
  ] as const)
    it(`calls a sample ${passedMs / 1000} s after the last one ${kind}`, () => {
      const { sampling, series, lastMs } = regular(50)
      assert.equal(sampling.learn(series, lastMs + passedMs, STEP_MS).kind, kind)
    })

  it('lets twelve samples after a hole go unjudged, and none after a short gap', () => {
    const { sampling, series, lastMs } = regular(50)
    const after = (gap: number, fromMs: number) =>
      Array.from({ length: 20 }, (_, i) => sampling.learn(series, fromMs + (gap + i) * STEP_MS, STEP_MS).isSuppressed)
    assert.equal(after(4, lastMs).filter(Boolean).length, 0)
    assert.deepEqual(
      after(40, lastMs + 23 * STEP_MS),
      Array.from({ length: 20 }, (_, i) => i < 12),
    )
  })

  it('learns nothing from what is late, and goes on after a restore', () => {
    const { sampling, series, lastMs } = regular(50)
    const before = sampling.stateOf(series)
    sampling.learn(series, lastMs - 1, STEP_MS)
    assert.deepEqual(sampling.stateOf(series), before)
    const other = sampling.add()
    sampling.restore(other, JSON.parse(JSON.stringify(before)) as number[])
    assert.equal(sampling.lastMs(other), lastMs)
    assert.deepEqual({ ...sampling.learn(other, lastMs + STEP_MS, STEP_MS) }, { kind: 'next', isSuppressed: false })
    sampling.reset(other)
    assert.equal(sampling.learn(other, T0, STEP_MS).kind, 'first')
    assert.throws(() => sampling.learn(other, Number.NaN, STEP_MS), /timeMs: expected a finite number, got NaN/)
    assert.throws(() => sampling.restore(other, []), /expected 2 numbers, got 0/)
  })
})
