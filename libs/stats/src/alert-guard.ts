/** What moves every threshold at once, or one workload's for a while; both are told, never silent. */
const HOUR_MS = 3_600_000
const HOURS = 6
const TOO_MANY = 3
/** Fewer than this within six hours are chance, however small the budget. */
const FEWEST = 6
const STEP = 1.1
const HIGHEST = 1.5
const ROLLOUT_FACTOR = 1.5
const ROLLOUT_MS = 15 * 60_000

/** How the whole stands against its budget. */
export interface Guard {
  /** Every theta is multiplied by it: 1 to 1.5. */
  factor: number
  /** Alerts that began within the last six whole hours, and how many the budget gives for them. */
  opened: number
  expected: number
}

/**
 * A bound for all alerts of a partition: while over six hours more than three times the budgeted alerts begin, all thresholds rise, a tenth an
 * hour and by half at most, so that a true disaster is still heard; they come down again as they went up.
 */
export class AlertGuard {
  #hour = -1
  #factor = 1
  /** Alerts of the hour that runs, then of the six before, the latest first. */
  #opened: number[] = Array.from({ length: HOURS + 1 }, () => 0)

  /** Counts one alert that began. */
  open(timeMs: number, perDay: number): void {
    this.standing(timeMs, perDay)
    this.#opened[0]! += 1
  }

  /**
   * @param timeMs not before that of an earlier call; older times count as that
   * @param perDay alerts a day that all budgets together allow
   */
  standing(timeMs: number, perDay: number): Guard {
    const expected = (perDay * HOURS) / 24
    const hour = Math.floor(timeMs / HOUR_MS)
    if (this.#hour < 0) this.#hour = hour
    // After a week of silence all is as at first.
    if (hour - this.#hour > 168) this.restore({ hour, factor: 1, opened: this.#opened.map(() => 0) })
    for (; this.#hour < hour; this.#hour++) {
      this.#opened = [0, ...this.#opened.slice(0, HOURS)]
      const opened = this.#before()
      if (opened >= FEWEST && opened > TOO_MANY * expected) this.#factor = Math.min(HIGHEST, this.#factor * STEP)
      else if (opened <= Math.max(expected, 1)) this.#factor = Math.max(1, this.#factor / STEP)
    }
    return { factor: this.#factor, opened: this.#before(), expected }
  }

  state(): { hour: number; factor: number; opened: number[] } {
    return { hour: this.#hour, factor: this.#factor, opened: [...this.#opened] }
  }

  restore({ hour, factor, opened }: { hour: number; factor: number; opened: number[] }): void {
    if (opened.length !== HOURS + 1)
      throw new RangeError(`guard state: expected ${HOURS + 1} counts, got ${opened.length}`)
    this.#hour = hour
    this.#factor = factor
    this.#opened = [...opened]
  }

  #before(): number {
    return this.#opened.slice(1).reduce((sum, count) => sum + count, 0)
  }
}

/**
 * For a quarter of an hour after a workload's revision or scale changed its thresholds are half as high again: what it does then
 * is seldom a fault, and what is one is loud.
 *
 * @param sinceChangeMs of the last change; Infinity where there was none
 */
export function rolloutFactor(sinceChangeMs: number): number {
  return sinceChangeMs >= 0 && sinceChangeMs < ROLLOUT_MS ? ROLLOUT_FACTOR : 1
}
