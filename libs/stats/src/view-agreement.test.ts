import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { viewAgreement, viewWeights } from './index.ts'

const z = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 })

describe('viewAgreement', () => {
  it('counts each view once, however many metrics it has', () => {
    const weights = viewWeights(['latency', 'latency', 'latency', 'cpu', undefined])
    assert.deepEqual([...weights], [1 / 6, 1 / 6, 1 / 6, 1 / 2, 0])
    const of = (...values: number[]) => viewAgreement(Float64Array.from(values), weights)
    assert.equal(of(0, 0, 0, 16, 900), 2)
    assert.equal(of(-16, 16, 16, 0, 0), 2)
  })
  it('hears several metrics a little off rather than one alone that is far off', () => {
    const weights = viewWeights(['a', 'b', 'c', 'd'])
    const of = (...values: number[]) => viewAgreement(Float64Array.from(values), weights)
    assert.ok(of(4, 4, 4, 4) > of(50, 0, 0, 0))
    assert.equal(of(50, 0, 0, 0), of(1e9, 0, 0, 0))
  })
  it('stays within its range, and takes a missing sample for nothing unusual', () => {
    fc.assert(
      fc.property(z, (values) => {
        const weights = viewWeights(values.map((_, i) => `view ${i % 4}`))
        const score = viewAgreement(Float64Array.from(values), weights)
        assert.ok(score >= 0 && score <= Math.sqrt(50) + 1e-9)
        assert.ok(viewAgreement(Float64Array.from([Number.NaN, ...values.slice(1)]), weights) <= score)
      }),
    )
  })
  it('is 0 without any view', () => {
    assert.equal(viewAgreement(Float64Array.of(9), viewWeights([undefined])), 0)
  })
})
