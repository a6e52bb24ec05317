/**
 * Rates of counters from their raw samples. Prometheus' own `rate` loses the first growth of every new series and extrapolates
 * over resets; here each pair of samples gives what was counted between them, over the time between them.
 */
import { Columns } from './columns.ts'

const MOST_STEPS = 3

const LAST_MS = 0
const LAST_VALUE = 1
const IS_KNOWN = 2
const COLUMNS = 3

/** What one sample of a counter tells. */
export interface CounterRate {
  /** Counted each second since the sample before; undefined where it cannot be told. */
  perSecond: number | undefined
  /** The counter began anew: its process has started again, which is evidence in itself. */
  isReset: boolean
  /** Not newer than the last sample: dropped, nothing learnt. */
  isLate: boolean
}

export class CounterRates {
  readonly #columns: Columns
  /** Reused for every answer. */
  readonly #rate: CounterRate = { perSecond: undefined, isReset: false, isLate: false }

  constructor(capacity = 64) {
    this.#columns = new Columns('counter', COLUMNS, capacity)
  }

  /** Makes room for one more counter and returns its index. */
  add(): number {
    return this.#columns.add()
  }

  /** Forgets a counter, so that its index can serve another. */
  reset(index: number): void {
    this.#columns.reset(index)
  }

  /**
   * @param index of the counter, from `add`
   * @param timeMs the sample's own time
   * @param value of the counter, not negative
   * @param stepMs usual time between two samples; over more than three of them nothing is told, since a counter may have begun
   *   anew twice
   * @returns one object, reused by the next call
   * @throws RangeError if value is not finite, or negative
   */
  learn(index: number, timeMs: number, value: number, stepMs: number): CounterRate {
    if (!(value >= 0 && value < Infinity))
      throw new RangeError(`counter: expected a finite number from 0, got ${value}`)
    const c = this.#columns.values
    const at = index * COLUMNS
    const rate = this.#rate
    const isKnown = c[at + IS_KNOWN] === 1
    const passedMs = timeMs - c[at + LAST_MS]!
    rate.perSecond = undefined
    rate.isReset = false
    rate.isLate = isKnown && passedMs <= 0
    if (rate.isLate) return rate
    if (isKnown) {
      const growth = value - c[at + LAST_VALUE]!
      rate.isReset = growth < 0
      // What was counted before it began anew is lost; since then, it has counted its value.
      if (passedMs <= MOST_STEPS * stepMs) rate.perSecond = (rate.isReset ? value : growth) / (passedMs / 1000)
    }
    c[at + LAST_MS] = timeMs
    c[at + LAST_VALUE] = value
    c[at + IS_KNOWN] = 1
    return rate
  }

  stateOf(index: number): number[] {
    return this.#columns.stateOf(index)
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: readonly number[]): void {
    this.#columns.restore(index, state)
  }
}
