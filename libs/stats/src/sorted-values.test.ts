import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { median } from './median.ts'
import { SortedValues } from './sorted-values.ts'

const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true }))

describe('SortedValues', () => {
  it('has the median of all others, whatever came and went', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, fc.boolean())), (steps) => {
        const sorted = new SortedValues()
        const plain: number[] = []
        for (const [one, goes] of steps) {
          if (goes && plain.length > 0) sorted.remove(plain.shift()!)
          sorted.add(one)
          plain.push(one)
          assert.equal(sorted.size, plain.length)
        }
        // Objects differ where the sign of a zero does: a sum takes it away.
        for (const [i, one] of plain.entries())
          assert.equal(sorted.medianWithout(one) + 0, median(plain.toSpliced(i, 1)) + 0)
      }),
    )
  })

  it('refuses what is no number, and what it does not have', () => {
    const sorted = new SortedValues()
    sorted.add(1)
    assert.throws(() => sorted.add(Number.NaN), RangeError)
    assert.throws(() => sorted.remove(2), /2 is none of these/)
    assert.throws(() => sorted.medianWithout(2), /2 is none of these/)
    assert.equal(sorted.medianWithout(1), Number.NaN)
  })
})
