/**
 * Cholesky's factor of a symmetric positive definite matrix, and what is solved with it. A lower triangle is packed by rows: row i
 * begins at i (i + 1) / 2 and has i + 1 cells. The diagonal of a factor holds reciprocals, since every use divides by it.
 * Golub, Van Loan: Matrix Computations, 4.2.
 */

/** Smallest square of a diagonal cell: a column that the others explain to the last bit keeps a factor. */
const SMALLEST_SQUARE = 1e-9

/** Cells of a packed triangle with `size` rows. */
export const triangleCells = (size: number): number => (size * (size + 1)) / 2

/**
 * Factors matrix + ridge × identity.
 *
 * @param matrix packed lower triangle, from `at` on
 * @param ridge at least 0
 * @param factor the packed result, size (size + 1) / 2 cells
 */
export function factorInto(matrix: Float32Array, at: number, size: number, ridge: number, factor: Float64Array): void {
  for (let i = 0; i < size; i++) {
    const row = triangleCells(i)
    for (let k = 0; k <= i; k++) {
      const other = triangleCells(k)
      let sum = matrix[at + row + k]! + (i === k ? ridge : 0)
      let odd = 0
      let p = 0
      for (; p + 1 < k; p += 2) {
        sum -= factor[row + p]! * factor[other + p]!
        odd -= factor[row + p + 1]! * factor[other + p + 1]!
      }
      if (p < k) sum -= factor[row + p]! * factor[other + p]!
      sum += odd
      factor[row + k] = i === k ? 1 / Math.sqrt(Math.max(sum, SMALLEST_SQUARE)) : sum * factor[other + k]!
    }
  }
}

/**
 * Solves L x = b.
 *
 * @param factor packed, from `at` on
 * @param b size cells
 * @param x receives size cells; may not be b
 * @returns the square of the length of x: b' (L L')⁻¹ b
 */
export function solveLower(factor: Float32Array, at: number, size: number, b: Float64Array, x: Float64Array): number {
  let square = 0
  let row = at
  for (let i = 0; i < size; i += 2) {
    // Two rows share what they read of x, and four sums side by side are added by a processor at the same time.
    const next = row + i + 1
    const hasNext = i + 1 < size
    let upper0 = b[i]!
    let upper1 = 0
    let lower0 = hasNext ? b[i + 1]! : 0
    let lower1 = 0
    // i is even: the cells left of the diagonal come in pairs.
    if (hasNext)
      for (let k = 0; k < i; k += 2) {
        const x0 = x[k]!
        const x1 = x[k + 1]!
        upper0 -= factor[row + k]! * x0
        upper1 -= factor[row + k + 1]! * x1
        lower0 -= factor[next + k]! * x0
        lower1 -= factor[next + k + 1]! * x1
      }
    else
      for (let k = 0; k < i; k += 2) {
        upper0 -= factor[row + k]! * x[k]!
        upper1 -= factor[row + k + 1]! * x[k + 1]!
      }
    const cell = (upper0 + upper1) * factor[row + i]!
    x[i] = cell
    square += cell * cell
    if (hasNext) {
      const below = (lower0 + lower1 - factor[next + i]! * cell) * factor[next + i + 1]!
      x[i + 1] = below
      square += below * below
    }
    row = next + i + 2
  }
  return square
}

/** Solves L' x = b in place. */
export function solveUpper(factor: Float32Array, at: number, size: number, x: Float64Array): void {
  for (let i = size - 1; i >= 0; i--) {
    const row = at + triangleCells(i)
    const cell = x[i]! * factor[row + i]!
    x[i] = cell
    for (let k = 0; k < i; k++) x[k]! -= factor[row + k]! * cell
  }
}
