import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { NoveltyEnsemble, REFRACTORY_SAMPLES } from './index.ts'
import { nextRandom } from './random.ts'
import { nearestShingle, SHINGLE } from './shingle-memory.ts'
import { TAIL_BINS, tailBin, tailSurprise, UNITS_A_SAMPLE } from './tail.ts'

const STEP_MS = 300_000

function randomness(seed: number): () => number {
  const state = Uint32Array.of(seed)
  return () => nextRandom(state, 0)
}

function learnMany(ensemble: NoveltyEnsemble, index: number, values: readonly number[], from = 0) {
  return values.map((value, i) => {
    const { score, isOnset } = ensemble.learn(index, (from + i) * STEP_MS, value)
    return { score, isOnset }
  })
}

describe('NoveltyEnsemble', () => {
  it('alerts once where a noisy series jumps, and hardly ever before', () => {
    const random = randomness(1)
    const ensemble = new NoveltyEnsemble()
    const index = ensemble.add()
    const quiet = learnMany(
      ensemble,
      index,
      Array.from({ length: 2000 }, () => 100 + random()),
    )
    const jump = learnMany(
      ensemble,
      index,
      Array.from({ length: REFRACTORY_SAMPLES }, () => 130 + random()),
      2000,
    )
    assert.ok(quiet.filter(({ isOnset }) => isOnset).length <= 1)
    assert.equal(jump.filter(({ isOnset }) => isOnset).length, 1)
    assert.ok(jump.findIndex(({ isOnset }) => isOnset) < 12)
  })

  it('is silent on a constant series and while it warms up', () => {
    const ensemble = new NoveltyEnsemble()
    const constant = learnMany(
      ensemble,
      ensemble.add(),
      Array.from({ length: 1000 }, () => 7),
    )
    assert.ok(constant.every(({ score }) => score === 0))
    const wild = learnMany(
      ensemble,
      ensemble.add(),
      Array.from({ length: 144 }, (_, i) => (i % 2) * 1e6),
    )
    assert.ok(wild.every(({ score }) => score === 0))
  })

  it('refuses what is not a number that can be learnt', () => {
    const ensemble = new NoveltyEnsemble()
    const index = ensemble.add()
    for (const value of [Number.NaN, Infinity, 1e308])
      assert.throws(() => ensemble.learn(index, 0, value), /expected a number within/)
  })

  it('goes on elsewhere with the same scores to the bit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 400 }),
        fc.nat(399),
        fc.nat(1000),
        (values, cut, seed) => {
          const random = randomness(seed)
          const long = [...Array.from({ length: 900 }, () => random()), ...values]
          const one = new NoveltyEnsemble(1, { seed })
          const a = one.add()
          learnMany(one, a, long.slice(0, 900 + cut))
          const two = new NoveltyEnsemble(1)
          two.add()
          const b = two.add()
          two.restore(b, JSON.parse(JSON.stringify(one.stateOf(a))))
          const rest = [...long.slice(900 + cut), 3, 2, 1e6, 0]
          assert.deepEqual(learnMany(two, b, rest, 900 + cut), learnMany(one, a, rest, 900 + cut))
          assert.deepEqual(two.stateOf(b), one.stateOf(a))
        },
      ),
      { numRuns: 30 },
    )
  })

  it('keeps its series apart while it grows, and forgets one that is reset', () => {
    const random = randomness(3)
    const values = Array.from({ length: 300 }, () => random())
    const ensemble = new NoveltyEnsemble(1)
    const series = Array.from({ length: 5 }, () => ensemble.add())
    const alone = new NoveltyEnsemble(1)
    const expected = learnMany(alone, alone.add(), values)
    for (const s of series) learnMany(ensemble, s, s === 2 ? values.map((v) => v * 50) : values)
    ensemble.reset(2)
    assert.deepEqual(learnMany(ensemble, 2, values), expected)
    assert.throws(
      () => ensemble.restore(0, { ...ensemble.stateOf(1), counts: [] }),
      /expected \d+ numbers in part 3, got 0/,
    )
  })

  it('takes at most 6 KB a series', () => {
    assert.ok(NoveltyEnsemble.bytesPerSeries <= 6000)
  })
})

describe('tailSurprise', () => {
  it('is the share of larger samples in decades, and never falls for a larger number', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.002, max: 1e4, noNaN: true }), { minLength: 50, maxLength: 300 }),
        (xs) => {
          const counts = new Uint16Array(TAIL_BINS)
          for (const x of xs) counts[tailBin(x)]! += UNITS_A_SAMPLE
          const units = xs.length * UNITS_A_SAMPLE
          const decades = [0.0001, ...xs, 1e6]
            .toSorted((a, b) => a - b)
            .map((x) => tailSurprise(counts, 0, units, x, tailBin(x)))
          assert.ok(decades.every((d) => d >= 0 && d <= 12))
          assert.equal(decades[0], 0)
          assert.ok(decades.at(-1)! >= decades[Math.floor(xs.length / 2)]!)
        },
      ),
    )
  })

  it('gives a tenth one decade', () => {
    const counts = new Uint16Array(TAIL_BINS)
    counts[tailBin(1)] = 900 * UNITS_A_SAMPLE
    counts[tailBin(10)] = 200 * UNITS_A_SAMPLE
    const decades = tailSurprise(counts, 0, 1100 * UNITS_A_SAMPLE, 10, tailBin(10))
    assert.ok(Math.abs(decades - Math.log10(11)) < 1e-9)
  })
})

describe('nearestShingle', () => {
  it('finds what a plain search finds', () => {
    const shingle = fc.array(fc.integer({ min: -127, max: 127 }), { minLength: SHINGLE, maxLength: SHINGLE })
    fc.assert(
      fc.property(fc.array(shingle, { minLength: 1, maxLength: 20 }), shingle, (kept, wanted) => {
        const expected = Math.min(
          ...kept.map((one) => Math.sqrt(one.reduce((sum, x, i) => sum + (x - wanted[i]!) ** 2, 0) / SHINGLE) / 16),
        )
        const found = nearestShingle(Int8Array.from(kept.flat()), 0, kept.length, Int8Array.from(wanted))
        assert.ok(Math.abs(found - expected) < 1e-9)
      }),
    )
  })
})

describe('nextRandom', () => {
  it('is even over [0, 1) and repeats for a seed', () => {
    const random = randomness(9)
    const again = randomness(9)
    const numbers = Array.from({ length: 10_000 }, random)
    assert.ok(numbers.every((x) => x >= 0 && x < 1 && x === again()))
    assert.ok(Math.abs(numbers.reduce((sum, x) => sum + x, 0) / numbers.length - 0.5) < 0.01)
  })
})
