/**
 * ADWIN: a window over a stream of numbers that shrinks when its older and its newer part differ in their mean more than chance
 * allows. Bifet, Gavaldà: Learning from time-changing data with adaptive windowing, 2007. River's also forgets all
 * once it has found a change; whoever wants that makes a new one.
 *
 * The window is an exponential histogram: row r holds up to five buckets of 2^r numbers each, the newest in row 0.
 */
const BUCKETS_A_ROW = 5
/** The window is looked at once in so many numbers. */
const EVERY = 32
const LEAST_WIDTH = 10
/** Neither part may be shorter than this. */
const LEAST_PART = 5

interface Bucket {
  total: number
  /** Sum of squares about its mean. */
  spread: number
}

export interface AdwinState {
  seen: number
  width: number
  total: number
  spread: number
  /** Oldest first in each row. */
  rows: Bucket[][]
}

export class Adwin {
  readonly #delta: number
  #state: AdwinState = { seen: 0, width: 0, total: 0, spread: 0, rows: [[]] }

  /** @param delta how likely a drift may be found where there is none, 0 to 1 */
  constructor(delta: number) {
    this.#delta = delta
  }

  /** Of the window; 0 of nothing. */
  get mean(): number {
    return this.#state.width === 0 ? 0 : this.#state.total / this.#state.width
  }

  /** How many of the last numbers the window holds. */
  get width(): number {
    return this.#state.width
  }

  /**
   * @returns whether the mean has changed, so that the older part was dropped
   * @throws RangeError if value is not finite
   */
  learn(value: number): boolean {
    if (!Number.isFinite(value)) throw new RangeError(`value: expected a finite number, got ${value}`)
    const state = this.#state
    if (state.width > 0) state.spread += (state.width * (value - this.mean) ** 2) / (state.width + 1)
    state.width += 1
    state.total += value
    state.seen += 1
    state.rows[0]!.push({ total: value, spread: 0 })
    this.#compress()
    if (state.seen % EVERY !== 0 || state.width <= LEAST_WIDTH) return false
    let hasChanged = false
    while (this.#differs()) {
      this.#dropOldest()
      hasChanged = true
    }
    return hasChanged
  }

  stateOf(): AdwinState {
    return structuredClone(this.#state)
  }

  restore(state: AdwinState): void {
    this.#state = structuredClone(state)
  }

  /** A row with too many buckets makes one of its two oldest, for the next row. */
  #compress(): void {
    const { rows } = this.#state
    for (let row = 0; row < rows.length && rows[row]!.length > BUCKETS_A_ROW; row++) {
      const [one, two] = rows[row]!.splice(0, 2) as [Bucket, Bucket]
      const size = 2 ** row
      const apart = one.total / size - two.total / size
      rows[row + 1] ??= []
      rows[row + 1]!.push({
        total: one.total + two.total,
        spread: one.spread + two.spread + (size * apart * apart) / 2,
      })
    }
  }

  /** Whether there is a place where the window falls into two that differ. */
  #differs(): boolean {
    const { rows, width, total, spread } = this.#state
    const confidence = Math.log((2 * Math.log(width)) / this.#delta)
    let older = 0
    let olderTotal = 0
    for (let row = rows.length - 1; row >= 0; row--)
      for (const bucket of rows[row]!) {
        older += 2 ** row
        olderTotal += bucket.total
        const newer = width - older
        if (older < LEAST_PART || newer < LEAST_PART) continue
        const share = 1 / (older - LEAST_PART + 1) + 1 / (newer - LEAST_PART + 1)
        const limit = Math.sqrt((2 * share * spread * confidence) / width) + (2 / 3) * share * confidence
        if (Math.abs(olderTotal / older - (total - olderTotal) / newer) > limit) return true
      }
    return false
  }

  #dropOldest(): void {
    const state = this.#state
    const row = state.rows.length - 1
    const bucket = state.rows[row]!.shift()!
    const size = 2 ** row
    state.width -= size
    state.total -= bucket.total
    const apart = bucket.total / size - this.mean
    state.spread = Math.max(
      0,
      state.spread - bucket.spread - (size * state.width * apart * apart) / (size + state.width),
    )
    while (state.rows.length > 1 && state.rows.at(-1)!.length === 0) state.rows.pop()
  }
}
