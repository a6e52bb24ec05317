import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { Adwin, nextRandom } from './index.ts'

/** Zeros and ones, the ones with this share. */
function bits(count: number, share: number, seed: number): number[] {
  const state = Uint32Array.of(seed)
  return Array.from({ length: count }, () => (nextRandom(state, 0) < share ? 1 : 0))
}

/** At which numbers a change was told. */
const changes = (adwin: Adwin, values: readonly number[]) =>
  values.flatMap((value, i) => (adwin.learn(value) ? [i] : []))

describe('Adwin', () => {
  it('finds that an error rate has risen within some hundreds, and keeps only what came after', () => {
    const adwin = new Adwin(0.002)
    assert.deepEqual(changes(adwin, bits(2000, 0.1, 1)), [])
    assert.equal(adwin.width, 2000)
    const [first] = changes(adwin, bits(1000, 0.5, 2))
    assert.ok(first! < 150, `${first}`)
    assert.ok(adwin.width <= 1100, `${adwin.width}`)
    assert.ok(Math.abs(adwin.mean - 0.5) < 0.08, `${adwin.mean}`)
  })

  it('hardly ever finds a change where there is none', () => {
    const found = Array.from({ length: 20 }, (_, seed) => changes(new Adwin(0.002), bits(3000, 0.3, seed)).length)
    assert.ok(found.filter((count) => count > 0).length <= 1, found.join(' '))
  })

  it('holds the mean of the last numbers, as many as it is wide', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 400 }), (values) => {
        const adwin = new Adwin(0.1)
        changes(adwin, values)
        const kept = values.slice(-adwin.width)
        assert.ok(Math.abs(adwin.mean - kept.reduce((sum, value) => sum + value, 0) / kept.length) < 1e-9)
      }),
    )
  })

  it('goes on elsewhere the same', () => {
    const [one, two] = [new Adwin(0.01), new Adwin(0.01)]
    changes(one, bits(700, 0.2, 3))
    two.restore(JSON.parse(JSON.stringify(one.stateOf())) as ReturnType<Adwin['stateOf']>)
    const next = bits(900, 0.6, 4)
    assert.deepEqual(changes(two, next), changes(one, next))
    assert.equal(two.mean, one.mean)
    assert.throws(() => one.learn(Infinity), /expected a finite number, got Infinity/)
  })
})
