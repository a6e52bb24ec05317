import { grown } from '@kubewise/stats'

/** Times are kept to 32 bits: exact for windows of less than 49 days. */
const WRAP_MS = 2 ** 32

/** The last points of every series, in typed arrays: the window that an anomaly shows, and the evidence for a flat use. */
export class Rings {
  readonly #length: number
  #values: Float32Array
  #times: Uint32Array
  #lastMs: Float64Array
  #next: Uint32Array

  constructor(length = 24, capacity = 64) {
    this.#length = length
    this.#values = new Float32Array(capacity * length)
    this.#times = new Uint32Array(capacity * length)
    this.#lastMs = new Float64Array(capacity)
    this.#next = new Uint32Array(capacity)
  }

  push(index: number, timeMs: number, value: number): void {
    while (index >= this.#next.length) this.#grow()
    const at = index * this.#length + (this.#next[index]! % this.#length)
    this.#values[at] = value
    this.#times[at] = timeMs % WRAP_MS
    this.#lastMs[index] = timeMs
    this.#next[index]! += 1
  }

  /** Oldest first; values to seven digits. */
  window(index: number): { timeMs: number[]; value: number[] } {
    const total = this.#next[index] ?? 0
    const first = Math.max(0, total - this.#length)
    const at = Array.from({ length: total - first }, (_, i) => index * this.#length + ((first + i) % this.#length))
    const lastMs = this.#lastMs[index]!
    const ageOf = (time: number) => ((lastMs % WRAP_MS) - time + WRAP_MS) % WRAP_MS
    return { timeMs: at.map((i) => lastMs - ageOf(this.#times[i]!)), value: at.map((i) => this.#values[i]!) }
  }

  reset(index: number): void {
    if (index < this.#next.length) this.#next[index] = 0
  }

  #grow(): void {
    const capacity = grown(this.#next.length)
    const larger = <A extends Float32Array | Float64Array | Uint32Array>(from: A, to: A): A => {
      to.set(from)
      return to
    }
    this.#values = larger(this.#values, new Float32Array(capacity * this.#length))
    this.#times = larger(this.#times, new Uint32Array(capacity * this.#length))
    this.#lastMs = larger(this.#lastMs, new Float64Array(capacity))
    this.#next = larger(this.#next, new Uint32Array(capacity))
  }
}
