import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { AdaptiveRandomForest, nextRandom, type ForestState } from './index.ts'

type Concept = (sample: readonly number[]) => number

/** In the square of the first two of four features, opposite corners alike: no line tells them apart. */
const corners: Concept = ([x, y]) => (x! > 0.5 === y! > 0.5 ? 1 : 0)
const band: Concept = ([, , z]) => (z! > 0.3 && z! < 0.7 ? 1 : 0)

function samples(count: number, seed: number): number[][] {
  const state = Uint32Array.of(seed)
  return Array.from({ length: count }, () => Array.from({ length: 4 }, () => nextRandom(state, 0)))
}

function learn(forest: AdaptiveRandomForest, all: readonly number[][], concept: Concept): void {
  for (const sample of all) forest.learn(sample, concept(sample))
}

function accuracy(forest: AdaptiveRandomForest, concept: Concept): number {
  const all = samples(400, 99)
  const right = all.filter((sample) => {
    const told = forest.probabilities(sample)
    return told.indexOf(Math.max(...told)) === concept(sample)
  })
  return right.length / all.length
}

describe('AdaptiveRandomForest', () => {
  it('learns what no line tells apart', () => {
    const forest = new AdaptiveRandomForest(4, 2, 1)
    assert.deepEqual(forest.probabilities([0, 0, 0, 0]), [0, 0])
    learn(forest, samples(1500, 1), band)
    assert.ok(accuracy(forest, band) > 0.9, `${accuracy(forest, band)}`)
    const other = new AdaptiveRandomForest(4, 2, 1)
    learn(other, samples(3000, 1), corners)
    assert.ok(accuracy(other, corners) > 0.8, `${accuracy(other, corners)}`)
  })

  it('replaces its trees when what the labels mean changes, and hardly any while it stays', () => {
    const forest = new AdaptiveRandomForest(4, 2, 2)
    const replaced = (count: number, seed: number, concept: Concept): number => {
      const before = forest.drifts
      learn(forest, samples(count, seed), concept)
      return forest.drifts - before
    }
    replaced(3000, 1, band)
    const whileItStays = replaced(300, 2, band)
    const whenItChanges = replaced(300, 3, (sample) => 1 - band(sample))
    assert.ok(whileItStays <= 2 && whenItChanges >= 8, `${whileItStays} and ${whenItChanges}`)
    learn(forest, samples(1200, 4), (sample) => 1 - band(sample))
    assert.ok(accuracy(forest, band) < 0.1, `${accuracy(forest, band)}`)
  })

  it('goes on elsewhere the same to the bit, and differs by its seed', () => {
    const [one, two, three] = [1, 1, 7].map((seed) => new AdaptiveRandomForest(4, 2, seed)) as [
      AdaptiveRandomForest,
      AdaptiveRandomForest,
      AdaptiveRandomForest,
    ]
    learn(one, samples(300, 1), band)
    two.restore(JSON.parse(JSON.stringify(one.stateOf())) as ForestState)
    for (const forest of [one, two]) learn(forest, samples(300, 5), corners)
    assert.deepEqual(two.stateOf(), one.stateOf())
    learn(three, [...samples(300, 1)], band)
    assert.notDeepEqual(three.stateOf(), one.stateOf())
  })

  it('gives probabilities whatever it is fed', () => {
    const feature = fc.double({ noNaN: true, min: -1e30, max: 1e30 })
    fc.assert(
      fc.property(fc.array(fc.tuple(feature, feature, fc.nat(2)), { minLength: 1, maxLength: 80 }), (all) => {
        const forest = new AdaptiveRandomForest(2, 3, 1)
        for (const [x, y, label] of all) {
          forest.learn([x, y], label)
          const told = forest.probabilities([x, y])
          const sum = told.reduce((total, share) => total + share, 0)
          assert.ok(told.every((share) => share >= 0) && Math.abs(sum - 1) < 1e-9, told.join(' '))
        }
      }),
      { numRuns: 30 },
    )
    const forest = new AdaptiveRandomForest(2, 3, 1)
    assert.throws(() => forest.learn([1, 2], 3), /label: expected 0 to 2, got 3/)
    assert.throws(() => forest.probabilities([1]), /expected 2 features, got 1/)
    assert.throws(() => forest.learn([1, Infinity], 0), /feature 1: expected a finite number, got Infinity/)
  })
})
