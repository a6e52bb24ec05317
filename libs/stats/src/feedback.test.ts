import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { precisionOf, thresholdShift } from './index.ts'

describe('feedback', () => {
  it('moves nothing before anything was said', () => {
    assert.equal(precisionOf({ useful: 0, noise: 0 }), 0.5)
    assert.equal(thresholdShift({ useful: 0, noise: 0 }), 0)
  })

  it('moves a threshold up for noise and down for use, more with each label, never beyond a decade', () => {
    const labels = fc.record({ useful: fc.nat(1e6), noise: fc.nat(1e6) })
    fc.assert(
      fc.property(labels, ({ useful, noise }) => {
        const shift = thresholdShift({ useful, noise })
        assert.ok(Math.abs(shift) <= 1)
        assert.equal(Math.sign(shift), Math.sign(noise - useful))
        assert.ok(thresholdShift({ useful: useful + 1, noise }) <= shift)
        assert.ok(thresholdShift({ useful, noise: noise + 1 }) >= shift)
      }),
    )
    assert.equal(thresholdShift({ useful: 0, noise: 100 }), 1)
  })
})
