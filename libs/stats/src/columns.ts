/** Room for so many more than there was: a quarter, since what is not used yet is memory all the same. */
export const grown = (capacity: number): number => capacity + Math.max(4, capacity >> 2)

/** Some float64 columns for each of many series, in one array that grows: what most models here keep their state in. */
export class Columns {
  readonly #what: string
  readonly #width: number
  #count = 0
  /** Column `c` of series `i` is at `i * width + c`. Another array once `add` has made room. */
  values: Float64Array

  /** @param what is kept, for the message of a state that does not fit */
  constructor(what: string, width: number, capacity: number) {
    this.#what = what
    this.#width = width
    this.values = new Float64Array(Math.max(1, capacity) * width)
  }

  /** Makes room for one more series and returns its index. */
  add(): number {
    if (this.#count * this.#width === this.values.length) {
      const before = this.values
      this.values = new Float64Array(grown(this.#count) * this.#width)
      this.values.set(before)
    }
    return this.#count++
  }

  reset(index: number): void {
    this.values.fill(0, index * this.#width, (index + 1) * this.#width)
  }

  stateOf(index: number): number[] {
    return [...this.values.subarray(index * this.#width, (index + 1) * this.#width)]
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: readonly number[]): void {
    if (state.length !== this.#width)
      throw new RangeError(`${this.#what} state: expected ${this.#width} numbers, got ${state.length}`)
    this.values.set(state, index * this.#width)
  }
}
