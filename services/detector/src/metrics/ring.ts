/** The last points of every series, in typed arrays: the window that an anomaly shows, and the evidence for a flat use. */
export class Rings {
  readonly #length: number
  #values: Float64Array
  #times: Float64Array
  #next: Uint32Array

  constructor(length = 24, capacity = 64) {
    this.#length = length
    this.#values = new Float64Array(capacity * length)
    this.#times = new Float64Array(capacity * length)
    this.#next = new Uint32Array(capacity)
  }

  push(index: number, timeMs: number, value: number): void {
    while (index >= this.#next.length) this.#grow()
    const at = index * this.#length + (this.#next[index]! % this.#length)
    this.#values[at] = value
    this.#times[at] = timeMs
    this.#next[index]! += 1
  }

  /** Oldest first. */
  window(index: number): { timeMs: number[]; value: number[] } {
    const total = this.#next[index] ?? 0
    const first = Math.max(0, total - this.#length)
    const at = Array.from({ length: total - first }, (_, i) => index * this.#length + ((first + i) % this.#length))
    return { timeMs: at.map((i) => this.#times[i]!), value: at.map((i) => this.#values[i]!) }
  }

  reset(index: number): void {
    if (index < this.#next.length) this.#next[index] = 0
  }

  #grow(): void {
    const capacity = this.#next.length * 2
    const values = new Float64Array(capacity * this.#length)
    values.set(this.#values)
    const times = new Float64Array(capacity * this.#length)
    times.set(this.#times)
    const next = new Uint32Array(capacity)
    next.set(this.#next)
    this.#values = values
    this.#times = times
    this.#next = next
  }
}
