/**
 * When an alert begins, goes on and ends: one crossing is one alert, however long the score stays about its threshold.
 *
 * An episode begins at theta, stays open while the score is at least 0.7 theta, and ends after 12 samples and 15 minutes below.
 * While open it fires again only for a score 1.3 times what it is known for, which is the highest of its first 15 minutes
 * after each firing: what still climbs is one alert.
 */
import { Columns } from './columns.ts'

const STAYS_OPEN_AT = 0.7
const FIRES_AGAIN_AT = 1.3
const CLOSE_SAMPLES = 12
const CLOSE_MS = 15 * 60_000

const IS_OPEN = 0
const FIRED_MS = 1
/** The highest score of the first quarter of an hour after the last firing. */
const KNOWN = 2
const PEAK = 3
const BELOW = 4
const BELOW_MS = 5
const COLUMNS = 6

/** What one sample did to a member's episode. */
export interface EpisodeStep {
  /** An alert begins. */
  isOnset: boolean
  /** The open alert has become much worse. */
  isWorse: boolean
  isOpen: boolean
  /** The episode ended with this sample. */
  isClosed: boolean
  /** Highest score of the open (or just closed) episode; 0 where there is none. */
  peak: number
}

/** The episodes of many members. Deterministic; time is the samples' own. */
export class Episodes {
  readonly #columns: Columns
  readonly #step: EpisodeStep = { isOnset: false, isWorse: false, isOpen: false, isClosed: false, peak: 0 }

  constructor(capacity = 16) {
    this.#columns = new Columns('episode', COLUMNS, capacity)
  }

  /** Makes room for one more member and returns its index. */
  add(): number {
    return this.#columns.add()
  }

  reset(index: number): void {
    this.#columns.reset(index)
  }

  /**
   * @param score in theta's unit, 0 or more
   * @param theta the threshold of now; it may move while an episode is open
   * @returns one object, reused by the next call
   * @throws RangeError if score is not finite or theta is not above 0
   */
  learn(index: number, timeMs: number, score: number, theta: number): EpisodeStep {
    if (!Number.isFinite(score)) throw new RangeError(`score: expected a finite number, got ${score}`)
    if (!(theta > 0)) throw new RangeError(`theta: expected a number above 0, got ${theta}`)
    const c = this.#columns.values
    const at = index * COLUMNS
    const step = this.#step
    step.isOnset = step.isWorse = step.isClosed = false
    if (c[at + IS_OPEN] === 0) {
      step.isOnset = score >= theta
      if (step.isOnset) {
        this.reset(index)
        c[at + IS_OPEN] = 1
        this.#fire(at, timeMs, score)
      }
    } else this.#goOn(at, timeMs, score, theta, step)
    step.isOpen = c[at + IS_OPEN] === 1
    step.peak = c[at + PEAK]!
    if (step.isClosed) this.reset(index)
    return step
  }

  stateOf(index: number): number[] {
    return this.#columns.stateOf(index)
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: readonly number[]): void {
    this.#columns.restore(index, state)
  }

  #goOn(at: number, timeMs: number, score: number, theta: number, step: EpisodeStep): void {
    const c = this.#columns.values
    if (score >= STAYS_OPEN_AT * theta) c[at + BELOW] = 0
    else {
      if (c[at + BELOW] === 0) c[at + BELOW_MS] = timeMs
      c[at + BELOW]! += 1
      step.isClosed = c[at + BELOW]! >= CLOSE_SAMPLES && timeMs - c[at + BELOW_MS]! >= CLOSE_MS
      if (step.isClosed) c[at + IS_OPEN] = 0
      return
    }
    if (timeMs - c[at + FIRED_MS]! < CLOSE_MS) c[at + KNOWN] = Math.max(c[at + KNOWN]!, score)
    else if (score >= theta && score >= FIRES_AGAIN_AT * c[at + KNOWN]!) {
      step.isWorse = true
      this.#fire(at, timeMs, score)
    }
    c[at + PEAK] = Math.max(c[at + PEAK]!, score)
  }

  #fire(at: number, timeMs: number, score: number): void {
    this.#columns.values[at + FIRED_MS] = timeMs
    this.#columns.values[at + KNOWN] = score
    this.#columns.values[at + PEAK] = Math.max(this.#columns.values[at + PEAK]!, score)
  }
}
