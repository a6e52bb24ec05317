import type { Labels } from './labels.ts'

const SAMPLE = 0
const STALE = 1
const MISSING = 2

/**
 * The samples of one series as runs of equal values over scrape numbers: most series of a cluster hardly ever change,
 * and cost nothing while they do not. A run lasts until the next one begins, the last one until the newest scrape.
 */
export class Series {
  readonly labels: Labels
  /** Number of the scrape that last carried this series. */
  seen = -1
  #firsts: number[] = []
  #values: number[] = []
  #kinds: number[] = []

  constructor(labels: Labels) {
    this.labels = labels
  }

  append(scrape: number, value: number): void {
    const last = this.#kinds.length - 1
    if (last >= 0 && this.#kinds[last] === SAMPLE && Object.is(this.#values[last], value)) return
    this.#push(scrape, value, SAMPLE)
  }

  /** The series is not in this scrape. @param isStale whether a staleness marker ends it at once, or the lookback does */
  end(scrape: number, isStale: boolean): void {
    this.#push(scrape, Number.NaN, isStale ? STALE : MISSING)
  }

  isEnded(): boolean {
    return this.#kinds.at(-1) !== SAMPLE
  }

  /** The newest sample at or before a scrape; undefined after a staleness marker. */
  latest(scrape: number): { scrape: number; value: number } | undefined {
    const run = this.#runAt(scrape)
    if (run < 0 || this.#kinds[run] === STALE) return undefined
    if (this.#kinds[run] === SAMPLE) return { scrape, value: this.#values[run]! }
    const end = this.#firsts[run]! - 1
    return run === 0 ? undefined : { scrape: end, value: this.#values[run - 1]! }
  }

  /** Calls `visit` for every sample of scrapes `from`..`to`, both included, oldest first. */
  visit(from: number, to: number, visit: (scrape: number, value: number) => void): void {
    for (let run = Math.max(0, this.#runAt(from)); run < this.#firsts.length; run++) {
      const first = this.#firsts[run]!
      if (first > to) return
      if (this.#kinds[run] !== SAMPLE) continue
      const value = this.#values[run]!
      const last = Math.min(to, run + 1 < this.#firsts.length ? this.#firsts[run + 1]! - 1 : to)
      for (let scrape = Math.max(first, from); scrape <= last; scrape++) visit(scrape, value)
    }
  }

  hasSampleBetween(from: number, to: number): boolean {
    for (let run = Math.max(0, this.#runAt(from)); run < this.#firsts.length; run++) {
      if (this.#firsts[run]! > to) return false
      if (this.#kinds[run] === SAMPLE) return true
    }
    return false
  }

  /** Forgets what ended before `scrape`. @returns whether anything is left */
  prune(scrape: number): boolean {
    const run = this.#runAt(scrape)
    if (run > 0) for (const list of [this.#firsts, this.#values, this.#kinds]) list.splice(0, run)
    return this.#kinds.length > 1 || this.#kinds[0] === SAMPLE
  }

  #push(scrape: number, value: number, kind: number): void {
    this.#firsts.push(scrape)
    this.#values.push(value)
    this.#kinds.push(kind)
  }

  /** The run that covers a scrape; -1 before the first. */
  #runAt(scrape: number): number {
    let low = 0
    let high = this.#firsts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#firsts[middle]! <= scrape) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
