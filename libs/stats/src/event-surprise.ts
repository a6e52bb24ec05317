/**
 * How unusual a burst of events is: counts of one kind (say, a reason) of one entity decay over a quarter of an hour, and are held against
 * the rate that its workload is known for. The rate is uncertain, so the counts follow Gamma-Poisson (negative binomial): a workload
 * that nothing is known of needs more to surprise.
 *
 * A. Gelman et al., Bayesian Data Analysis, 3rd ed. 2013, section 2.6.
 */
import { Columns } from './columns.ts'

const WINDOW_MS = 15 * 60_000
const RATE_HALF_LIFE_MS = 14 * 86_400_000
/** What is believed of a rate at first: one event in two hours, worth half an hour of watching. */
const PRIOR_EVENTS = 0.25
const PRIOR_MS = 30 * 60_000
const MOST_DECADES = 12

const COUNT = 0
const COUNT_MS = 1
const EVENTS = 2
const WATCHED_MS = 3
const LAST_MS = 4
const COLUMNS = 5

/** What one event looked like against its history. */
export interface EventSurprise {
  /** -log10 of the probability of so many events or more within the window; 0 to 12. */
  decades: number
  /** Events of the decayed window, this one counted. */
  count: number
  /** As many are usual. */
  expected: number
}

/** The event counts of many pairs of entity and kind. */
export class EventSurprises {
  readonly #columns: Columns
  readonly #surprise: EventSurprise = { decades: 0, count: 0, expected: 0 }

  constructor(capacity = 64) {
    this.#columns = new Columns('event', COLUMNS, capacity)
  }

  /** Makes room for one more pair and returns its index. */
  add(): number {
    return this.#columns.add()
  }

  reset(index: number): void {
    this.#columns.reset(index)
  }

  /** From here on the absence of events counts: to be called when the entity is first seen. */
  watch(index: number, timeMs: number): void {
    if (this.#columns.values[index * COLUMNS + LAST_MS] === 0) this.#columns.values[index * COLUMNS + LAST_MS] = timeMs
  }

  /**
   * Scores a number of events, then learns them.
   *
   * @param timeMs not before that of the last call; an older one counts as that
   * @param events how many, 1 or more: an Event's count may have risen by more than one
   * @returns one object, reused by the next call
   * @throws RangeError if events is not above 0
   */
  learn(index: number, timeMs: number, events = 1): EventSurprise {
    if (!(events > 0 && events < Infinity)) throw new RangeError(`events: expected a number above 0, got ${events}`)
    this.watch(index, timeMs)
    const c = this.#columns.values
    const at = index * COLUMNS
    const nowMs = Math.max(timeMs, c[at + LAST_MS]!)
    const sinceMs = nowMs - c[at + LAST_MS]!
    const decay = 2 ** (-sinceMs / RATE_HALF_LIFE_MS)
    c[at + EVENTS]! *= decay
    c[at + WATCHED_MS] = (c[at + WATCHED_MS]! + sinceMs) * decay
    c[at + LAST_MS] = nowMs
    const windowMs = nowMs - c[at + COUNT_MS]!
    c[at + COUNT] = c[at + COUNT]! * Math.exp(-windowMs / WINDOW_MS) + events
    c[at + COUNT_MS] = nowMs

    const shape = PRIOR_EVENTS + c[at + EVENTS]!
    const rate = (PRIOR_MS + c[at + WATCHED_MS]!) / WINDOW_MS
    const surprise = this.#surprise
    surprise.count = c[at + COUNT]!
    surprise.expected = shape / rate
    surprise.decades = Math.min(MOST_DECADES, -Math.log10(atLeast(Math.ceil(c[at + COUNT]! - 0.5), shape, rate)))
    c[at + EVENTS]! += events
    return surprise
  }

  stateOf(index: number): number[] {
    return this.#columns.stateOf(index)
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: readonly number[]): void {
    this.#columns.restore(index, state)
  }
}

/** P(N ≥ n) of a negative binomial of this shape, whose mean is shape / rate. */
function atLeast(n: number, shape: number, rate: number): number {
  // Far above the mean the complement would cancel: there the terms from n on are summed instead, each a share of the one before.
  const miss = 1 / (1 + rate)
  let term = shape * Math.log1p(-miss)
  for (let k = 0; k < Math.min(n, 10_000); k++) term += Math.log(((k + shape) / (k + 1)) * miss)
  let sum = 0
  let share = 1
  for (let k = n; share > 1e-12 * sum && k < n + 10_000; k++) {
    sum += share
    share *= ((k + shape) / (k + 1)) * miss
  }
  return Math.min(1, Math.exp(term) * sum)
}
