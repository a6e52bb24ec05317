import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { Logistic, nextRandom } from './index.ts'

/** Labels that hang on the first two features of three; one in ten is true. */
function labelled(count: number, seed: number, sign = 1): { sample: number[]; label: boolean }[] {
  const state = Uint32Array.of(seed)
  const random = () => 2 * nextRandom(state, 0) - 1
  return Array.from({ length: count }, () => {
    const sample = [random(), random(), random()]
    return { sample, label: sign * (sample[0]! - sample[1]!) > 1.1 }
  })
}

/** Shares of the true and of the false ones that are told right. */
function told(model: Logistic, all: ReturnType<typeof labelled>): { sensitivity: number; specificity: number } {
  const share = (label: boolean) => {
    const ones = all.filter((one) => one.label === label)
    return ones.filter((one) => model.probability(one.sample) > 0.5 === label).length / ones.length
  }
  return { sensitivity: share(true), specificity: share(false) }
}

describe('Logistic', () => {
  it('tells a rare class from some hundreds of labels, and does not just say the commoner one', () => {
    const model = new Logistic(3)
    for (const { sample, label } of labelled(400, 1)) model.learn(sample, label)
    const { sensitivity, specificity } = told(model, labelled(1000, 2))
    assert.ok(sensitivity > 0.8 && specificity > 0.8, `${sensitivity} and ${specificity}`)
  })

  it('learns anew when people mean something else', () => {
    const model = new Logistic(3)
    for (const { sample, label } of [...labelled(300, 1), ...labelled(3000, 3, -1)]) model.learn(sample, label)
    const { sensitivity, specificity } = told(model, labelled(1000, 2, -1))
    assert.ok(sensitivity > 0.8 && specificity > 0.8, `${sensitivity} and ${specificity}`)
  })

  it('stays a probability whatever it is fed', () => {
    const feature = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(feature, feature, fc.boolean()), { maxLength: 50 }), (all) => {
        const model = new Logistic(2)
        for (const [x, y, label] of all) {
          model.learn([x, y], label)
          const probability = model.probability([x, y])
          assert.ok(probability >= 0 && probability <= 1, `${probability}`)
        }
      }),
    )
  })

  it('goes on elsewhere the same, and refuses what does not fit', () => {
    const [one, two] = [new Logistic(3), new Logistic(3)]
    for (const { sample, label } of labelled(100, 1)) one.learn(sample, label)
    two.restore(JSON.parse(JSON.stringify(one.stateOf())) as ReturnType<Logistic['stateOf']>)
    for (const { sample, label } of labelled(100, 2)) {
      one.learn(sample, label)
      two.learn(sample, label)
    }
    assert.deepEqual(two.stateOf(), one.stateOf())
    assert.equal(one.labels, 200)
    assert.throws(() => one.probability([1]), /expected 3 features, got 1/)
    assert.throws(() => one.learn([1, Number.NaN, 0], true), /feature 1: expected a finite number, got NaN/)
    assert.throws(() => new Logistic(2).restore(one.stateOf()), /expected 3 weights, got 4/)
  })
})
