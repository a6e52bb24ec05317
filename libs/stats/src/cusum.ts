/**
 * Page's cumulative sum: hears a slow shift that no single sample shows. Two one-sided sums per series, one for each direction, over
 * residuals in standard deviations; each sample adds what lies beyond the slack, and the sum never falls below zero.
 *
 * E. S. Page, Continuous inspection schemes, Biometrika 41 (1954).
 */
import { Columns } from './columns.ts'

const SLACK_SD = 1.5
const ALARM = 12
/** One sample adds no more than this: a shift is many samples, an outlier is the forecaster's to tell. */
const CLIP_SD = 4

/** What the sums say after one sample. */
export interface Shift {
  /** The higher of both sums; an alarm at 12. */
  sum: number
  /** 1 upwards, -1 downwards. */
  direction: 1 | -1
  /** Since the sum last was 0; in the first sample it is that sample's own time. */
  sinceMs: number
  isAlarm: boolean
}

const UP = 0
const UP_MS = 1
const DOWN = 2
const DOWN_MS = 3
const COLUMNS = 4

/** The sums of many series. */
export class Cusum {
  readonly #columns: Columns
  readonly #shift: Shift = { sum: 0, direction: 1, sinceMs: 0, isAlarm: false }

  constructor(capacity = 64) {
    this.#columns = new Columns('cusum', COLUMNS, capacity)
  }

  /** Makes room for one more series and returns its index. */
  add(): number {
    return this.#columns.add()
  }

  /** Starts over: a new series at this index, or after an alarm was told. */
  reset(index: number): void {
    this.#columns.reset(index)
  }

  /**
   * @param z residual in standard deviations, signed: tier 1's unsmoothed one
   * @returns one object, reused by the next call
   * @throws RangeError if z is not finite
   */
  learn(index: number, timeMs: number, z: number): Shift {
    if (!Number.isFinite(z)) throw new RangeError(`z: expected a finite number, got ${z}`)
    const at = index * COLUMNS
    const clipped = Math.max(-CLIP_SD, Math.min(CLIP_SD, z))
    this.#sum(at + UP, timeMs, clipped)
    this.#sum(at + DOWN, timeMs, -clipped)
    const c = this.#columns.values
    const isUp = c[at + UP]! >= c[at + DOWN]!
    const shift = this.#shift
    shift.sum = isUp ? c[at + UP]! : c[at + DOWN]!
    shift.direction = isUp ? 1 : -1
    shift.sinceMs = (isUp ? c[at + UP_MS] : c[at + DOWN_MS])!
    shift.isAlarm = shift.sum >= ALARM
    return shift
  }

  stateOf(index: number): number[] {
    return this.#columns.stateOf(index)
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: readonly number[]): void {
    this.#columns.restore(index, state)
  }

  /** The start's time stands in the column after the sum. */
  #sum(column: number, timeMs: number, rise: number): void {
    const c = this.#columns.values
    if (c[column] === 0) c[column + 1] = timeMs
    // Twice the alarm is as high as it goes, so that it comes down soon after the shift has been learnt.
    c[column] = Math.max(0, Math.min(2 * ALARM, c[column]! + rise - SLACK_SD))
  }
}
