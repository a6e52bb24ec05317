/**
 * Numbers kept in order while they come and go one at a time, so that the middle of all but one is at hand for each of them. A change
 * costs a search and a move within one array: below a microsecond for thousands.
 */
import { grown } from './columns.ts'

export class SortedValues {
  #values = new Float64Array(4)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** @throws RangeError if value is not a number */
  add(value: number): void {
    if (Number.isNaN(value)) throw new RangeError('value: expected a number, got NaN')
    if (this.#size === this.#values.length) {
      const before = this.#values
      this.#values = new Float64Array(grown(this.#size))
      this.#values.set(before)
    }
    const at = this.#placeOf(value)
    this.#values.copyWithin(at + 1, at, this.#size)
    this.#values[at] = value
    this.#size += 1
  }

  /** @throws RangeError if there is no such value */
  remove(value: number): void {
    const at = this.#found(value)
    this.#values.copyWithin(at, at + 1, this.#size)
    this.#size -= 1
  }

  /**
   * The median of all values but one such; NaN where it is the only one.
   *
   * @throws RangeError if there is no such value
   */
  medianWithout(value: number): number {
    const at = this.#found(value)
    const rest = this.#size - 1
    if (rest === 0) return Number.NaN
    const nth = (i: number) => this.#values[i < at ? i : i + 1]!
    const half = rest >> 1
    return rest % 2 === 1 ? nth(half) : (nth(half - 1) + nth(half)) / 2
  }

  /** The first place whose value is not below. */
  #placeOf(value: number): number {
    let from = 0
    let to = this.#size
    while (from < to) {
      const middle = (from + to) >> 1
      if (this.#values[middle]! < value) from = middle + 1
      else to = middle
    }
    return from
  }

  #found(value: number): number {
    const at = this.#placeOf(value)
    if (at === this.#size || this.#values[at] !== value) throw new RangeError(`value: ${value} is none of these`)
    return at
  }
}
