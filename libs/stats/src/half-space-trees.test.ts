import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { HalfSpaceTrees, MinMaxScaler, RIVER_DEFAULTS } from './index.ts'

const SEED = 42
const settings = { ...RIVER_DEFAULTS, seed: SEED }

/** Scores of values from 0 to 1. */
function scores(values: readonly number[], trees = new HalfSpaceTrees(1, settings)): number[] {
  const sample = new Float64Array(1)
  return values.map((value) => {
    sample[0] = value
    return trees.learn(sample)
  })
}

const common = (count: number) => Array.from({ length: count }, (_, i) => 0.2 + 0.1 * ((i * 0.618) % 1))

describe('HalfSpaceTrees', () => {
  it('says nothing while the first window fills, then that the rare is strange', () => {
    const all = scores([...common(500), 0.9, 0.25])
    assert.ok(all.slice(0, 250).every((score) => score === 0))
    const [rare, usual] = all.slice(-2)
    assert.ok(rare! > 0.95 && usual! < 0.8 && rare! > usual!, `${rare} and ${usual}`)
  })

  it('works out a tree of one split by hand', () => {
    // Window 4, height 1: root and two leaves. All samples left of the least possible split, 0.15.
    const trees = new HalfSpaceTrees(1, { trees: 1, height: 1, window: 4, seed: 7 })
    assert.deepEqual(scores([0, 0, 0, 0], trees), [0, 0, 0, 0])
    // 4 at the root, 4 at the leaf with weight 2, of 4 * 3.
    assert.deepEqual(scores([0], trees), [0])
    // 4 at the root, none at the other leaf.
    assert.deepEqual(scores([1], trees), [1 - 4 / 12])
  })

  it('forgets a window after the next', () => {
    const trees = new HalfSpaceTrees(1, settings)
    scores(
      Array.from({ length: 250 }, () => 0.9),
      trees,
    )
    scores(common(250), trees)
    assert.ok(scores([0.9], trees)[0]! > 0.95)
  })

  it('is the same for the same seed, and another for another', () => {
    const values = common(600)
    assert.deepEqual(scores(values), scores(values))
    assert.notDeepEqual(scores(values), scores(values, new HalfSpaceTrees(1, { ...settings, seed: 1 })))
  })

  it('stays within 0 and 1, whatever the samples', () => {
    const value = fc.double({ min: -2, max: 3, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 60 }), (samples) => {
        const trees = new HalfSpaceTrees(2, { trees: 3, height: 4, window: 10, seed: SEED })
        for (const sample of samples) {
          const score = trees.learn(Float64Array.from(sample))
          assert.ok(score >= 0 && score <= 1, `${score}`)
        }
      }),
    )
  })

  it('goes on elsewhere with the same scores to the bit', () => {
    const one = new HalfSpaceTrees(1, settings)
    scores(common(700), one)
    const two = new HalfSpaceTrees(1, settings)
    two.restore(JSON.parse(JSON.stringify(one.stateOf())))
    assert.deepEqual(scores(common(600), one), scores(common(600), two))
    assert.throws(() => two.restore({ ...one.stateOf(), now: [] }), /expected 5110 nodes, got 0/)
  })
})

describe('MinMaxScaler', () => {
  it('scales by what it has seen so far, itself included', () => {
    const scaler = new MinMaxScaler(2)
    const scaled = (sample: number[]) => {
      const one = Float64Array.from(sample)
      scaler.learn(one)
      return [...one]
    }
    assert.deepEqual(scaled([5, 1]), [0, 0])
    assert.deepEqual(scaled([15, 1]), [1, 0])
    assert.deepEqual(scaled([10, 3]), [0.5, 1])
    const other = new MinMaxScaler(2)
    other.restore(JSON.parse(JSON.stringify(scaler.stateOf())))
    const sample = Float64Array.of(12.5, 2)
    other.learn(sample)
    assert.deepEqual([...sample], scaled([12.5, 2]))
  })
})
