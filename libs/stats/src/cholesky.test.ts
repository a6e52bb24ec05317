import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { factorInto, solveLower, solveUpper, triangleCells } from './cholesky.ts'

/** Vectors of 1 to 9 cells, their mean square as a matrix, and a ridge. */
const problem = fc.integer({ min: 1, max: 9 }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    vectors: fc.array(fc.array(fc.integer({ min: -8, max: 8 }), { minLength: size, maxLength: size }), {
      minLength: 1,
      maxLength: 12,
    }),
    right: fc.array(fc.integer({ min: -8, max: 8 }), { minLength: size, maxLength: size }),
    ridge: fc.constantFrom(0.5, 1, 4),
  }),
)

describe("Cholesky's factor", () => {
  it('solves what it was made of, for every size', () => {
    fc.assert(
      fc.property(problem, ({ size, vectors, right, ridge }) => {
        const at = 3
        const matrix = new Float32Array(at + triangleCells(size))
        const full = (i: number, k: number) => vectors.reduce((sum, v) => sum + v[i]! * v[k]!, 0)
        for (let i = 0; i < size; i++) for (let k = 0; k <= i; k++) matrix[at + triangleCells(i) + k] = full(i, k)
        const factor = new Float64Array(triangleCells(size))
        factorInto(matrix, at, size, ridge, factor)

        const b = Float64Array.from(right)
        const x = new Float64Array(size)
        const single = Float32Array.from(factor)
        const square = solveLower(single, 0, size, b, x)
        solveUpper(single, 0, size, x)
        const scale = 1 + Math.max(...right.map(Math.abs)) * (1 + full(0, 0))
        for (let i = 0; i < size; i++) {
          let sum = ridge * x[i]!
          for (let k = 0; k < size; k++) sum += full(i, k) * x[k]!
          assert.ok(Math.abs(sum - right[i]!) < 1e-2 * scale, `row ${i}: expected ${right[i]}, got ${sum}`)
        }
        const expected = right.reduce((sum, value, i) => sum + value * x[i]!, 0)
        assert.ok(Math.abs(square - expected) <= 1e-3 * (1 + expected), `expected ${expected}, got ${square}`)
      }),
    )
  })

  it('keeps a factor when a column says nothing of its own', () => {
    const factor = new Float64Array(3)
    factorInto(Float32Array.of(1, 1, 1), 0, 2, 0, factor)
    assert.ok(factor.every(Number.isFinite))
  })
})
