/**
 * Series that hardly ever change, such as limits, replicas and versions: their spread is nothing, so a distance in standard
 * deviations says nothing. What counts is how seldom they change.
 */
import { Columns } from './columns.ts'

const MEMORY_SAMPLES = 500
/** A series is flat when more than this share of its samples was as the one before. */
const FLAT_SHARE = 0.9
const WARM_UP_SAMPLES = 100
/** A change of less than this share of the level is none. */
const LEAST_CHANGE_SHARE = 0.01
/** A first change is no more surprising than this, however long nothing changed. */
const MOST_DECADES = 3

const LAST = 0
const SAMPLES = 1
const CHANGED_SHARE = 2
const COLUMNS = 3

/** What one sample looked like before it was learnt. */
export interface Flatness {
  /** To be judged by its changes, not by its distance from a level. */
  isFlat: boolean
  /** How rare such a change is, in decades, 0 to 3; 0 for a series that is not flat, and where nothing changed. */
  surprise: number
}

export class FlatSeries {
  readonly #columns: Columns
  /** Reused for every answer. */
  readonly #flatness: Flatness = { isFlat: false, surprise: 0 }

  constructor(capacity = 64) {
    this.#columns = new Columns('flat', COLUMNS, capacity)
  }

  /** Makes room for one more series and returns its index. */
  add(): number {
    return this.#columns.add()
  }

  /** Forgets a series, so that its index can serve another. */
  reset(index: number): void {
    this.#columns.reset(index)
  }

  /**
   * Scores a sample, then learns it.
   *
   * @param index of the series, from `add`
   * @param value in the series' own unit
   * @param floor the smallest change that matters, in the same unit
   * @returns one object, reused by the next call
   * @throws RangeError if value is not finite
   */
  learn(index: number, value: number, floor = 0): Flatness {
    if (!Number.isFinite(value)) throw new RangeError(`value: expected a finite number, got ${value}`)
    const c = this.#columns.values
    const at = index * COLUMNS
    const samples = c[at + SAMPLES]!
    const changedShare = c[at + CHANGED_SHARE]!
    const change = samples === 0 ? 0 : Math.abs(value - c[at + LAST]!)
    const flatness = this.#flatness
    flatness.isFlat = samples >= WARM_UP_SAMPLES && changedShare < 1 - FLAT_SHARE
    const matters = change > 0 && change >= Math.max(LEAST_CHANGE_SHARE * Math.abs(c[at + LAST]!), floor)
    flatness.surprise =
      flatness.isFlat && matters ? Math.min(MOST_DECADES, -Math.log10(changedShare + 1 / (samples + 1))) : 0
    const gain = Math.max(1 / MEMORY_SAMPLES, 1 / (samples + 1))
    c[at + CHANGED_SHARE] = changedShare + gain * ((change > 0 ? 1 : 0) - changedShare)
    c[at + LAST] = value
    c[at + SAMPLES] = samples + 1
    return flatness
  }

  stateOf(index: number): number[] {
    return this.#columns.stateOf(index)
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: readonly number[]): void {
    this.#columns.restore(index, state)
  }
}
