/**
 * Turns a budget of false alerts into a threshold: theta(b) is the score that one block (an hour) of one member exceeds with
 * probability b/24, b being alerts a day.
 *
 * What is learnt are block maxima, in a histogram of logarithmic bins that forgets with a half-life (128 bytes a group). Groups form
 * a tree (the metric or kind of a workload → that metric or kind → all): a group's own blocks are joined by a fixed number of pseudo-blocks of its parent's
 * distribution, so that a pod minutes old is judged as its workload is, and a workload without history as all others are. Above the
 * eighth-highest maximum a generalised Pareto tail goes on where counts end.
 *
 * Block maxima and peaks over a threshold: S. Coles, An Introduction to Statistical Modeling of Extreme Values, 2001, chapters 3, 4;
 * estimates of the tail: J. R. M. Hosking, J. R. Wallis, Technometrics 29 (1987).
 */
import { binOf, BINS, exceedanceOf, priorOf, quantile } from './block-histogram.ts'
import { BLOCK_MS } from './block-maxima.ts'
import { grown } from './columns.ts'

const DAY_MS = 86_400_000
const HELD_AT_MOST = 64

/** The constants that ship; benches use exactly these. */
export interface BudgetSettings {
  halfLifeDays: number
  /** How many of the parent's blocks a group is believed to have had before its first. */
  pseudoBlocks: number
  /** The same for a group that has no parent, of the prior: a guess, so it must give way soon. */
  priorBlocks: number
  /**
   * Until a group has so many blocks of its own, and so many that one above theta would be among them, its theta stays
   * above its parent's by a factor.
   */
  ownBlocks: number
  parentMargin: number
  /** A block that gave an alert is learnt so much later: an incident must not raise the bar for its own sequel. */
  holdMs: number
  /** What is believed of a block's maximum where nothing is known yet: its median, and what one block of a thousand exceeds. */
  prior: { median: number; rare: number }
}

/** Everything that a group knows, for a checkpoint. */
export interface BudgetGroupState {
  counts: number[]
  columns: number[]
  held: { dueMs: number; maximum: number }[]
}

const DAY = 0
const THETA = 1
const THETA_BUDGET = 2
const COLUMNS = 3

export class AlertBudget {
  readonly #settings: BudgetSettings
  readonly #priorTail: Float64Array
  #capacity: number
  #count = 0
  #counts: Float16Array
  #columns: Float64Array
  #parents: Int32Array
  readonly #held = new Map<number, { dueMs: number; maximum: number }[]>()
  /** How often each group has learnt, and how often it and all above had when its theta was computed; not part of the state. */
  readonly #learnt: number[] = []
  readonly #computedAt: number[] = []
  /** Scratch: the weights of a group with its ancestors' share, and of its parent. */
  readonly #weights = new Float64Array(BINS)

  /** @throws RangeError for settings that mean nothing */
  constructor(settings: BudgetSettings, capacity = 16) {
    const { median, rare } = settings.prior
    if (!(median > 0 && rare > median && settings.halfLifeDays > 0 && settings.pseudoBlocks > 0))
      throw new RangeError(
        `budget: expected 0 < median < rare, and a half-life and pseudo-blocks above 0, got ${JSON.stringify(settings)}`,
      )
    this.#settings = settings
    this.#priorTail = priorOf(median, rare)
    this.#capacity = capacity
    this.#counts = new Float16Array(capacity * BINS)
    this.#columns = new Float64Array(capacity * COLUMNS)
    this.#parents = new Int32Array(capacity)
  }

  get size(): number {
    return this.#count
  }

  /** @param parent index of the group above; -1 for one that has none @returns the new group's index */
  add(parent = -1): number {
    if (!(Number.isInteger(parent) && parent >= -1 && parent < this.#count))
      throw new RangeError(`parent: expected -1 or a group that exists, got ${parent}`)
    if (this.#count === this.#capacity) this.#grow()
    this.#parents[this.#count] = parent
    this.reset(this.#count)
    return this.#count++
  }

  /** Forgets a group's blocks; its place in the tree stays. */
  reset(index: number): void {
    this.#counts.fill(0, index * BINS, (index + 1) * BINS)
    this.#columns.fill(0, index * COLUMNS, (index + 1) * COLUMNS)
    this.#held.delete(index)
    this.#learnt[index] = 0
    this.#computedAt[index] = -1
  }

  /**
   * Learns the highest score of one member in one block, here and in every group above.
   *
   * @param timeMs the block's end; blocks of one group may come in any order within a day
   * @param maximum the score, 0 or more
   * @param hasAlerted whether the block gave an alert: then it is learnt `holdMs` later
   * @throws RangeError if maximum is negative or not finite
   */
  learn(index: number, timeMs: number, maximum: number, hasAlerted = false): void {
    if (!(maximum >= 0 && maximum < Infinity))
      throw new RangeError(`maximum: expected a finite number of 0 or more, got ${maximum}`)
    const held = this.#held.get(index)
    if (held)
      while (held.length > 0 && (held[0]!.dueMs <= timeMs || held.length > HELD_AT_MOST))
        this.#learnUpwards(index, timeMs, held.shift()!.maximum)
    if (hasAlerted) {
      const entry = { dueMs: timeMs + this.#settings.holdMs, maximum }
      if (held) held.push(entry)
      else this.#held.set(index, [entry])
    } else this.#learnUpwards(index, timeMs, maximum)
  }

  /**
   * The score at which an alert is due. Computed when the group or one above has learnt since the last call, else remembered.
   *
   * @param perDay alerts a day for each member, above 0
   */
  threshold(index: number, perDay: number): number {
    const at = index * COLUMNS
    if (!(perDay > 0)) throw new RangeError(`perDay: expected a number above 0, got ${perDay}`)
    let learnt = 0
    for (let group = index; group >= 0; group = this.#parents[group]!) learnt += this.#learnt[group]!
    if (this.#computedAt[index] === learnt && this.#columns[at + THETA_BUDGET] === perDay)
      return this.#columns[at + THETA]!
    const { ownBlocks, parentMargin } = this.#settings
    const share = (perDay * BLOCK_MS) / DAY_MS
    let floor = 0
    if (this.blocks(index) < Math.max(ownBlocks, 1 / share)) {
      this.#weigh(this.#parents[index]!)
      floor = parentMargin * quantile(this.#weights, share)
    }
    this.#weigh(index)
    const theta = Math.max(floor, quantile(this.#weights, share))
    this.#columns[at + THETA] = theta
    this.#columns[at + THETA_BUDGET] = perDay
    this.#computedAt[index] = learnt
    return theta
  }

  /** The share of this group's blocks that exceeds a score: how often such is expected. */
  exceedance(index: number, score: number): number {
    this.#weigh(index)
    return exceedanceOf(this.#weights, score)
  }

  /** How many blocks the group still remembers, those forgotten in part counted in part. */
  blocks(index: number): number {
    let sum = 0
    for (let bin = index * BINS; bin < (index + 1) * BINS; bin++) sum += this.#counts[bin]!
    return sum
  }

  /** What a checkpoint needs; groups above have their own. */
  stateOf(index: number): BudgetGroupState {
    return {
      counts: [...this.#counts.subarray(index * BINS, (index + 1) * BINS)],
      columns: [...this.#columns.subarray(index * COLUMNS, (index + 1) * COLUMNS)],
      held: (this.#held.get(index) ?? []).map((entry) => ({ ...entry })),
    }
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, { counts, columns, held }: BudgetGroupState): void {
    if (counts.length !== BINS || columns.length !== COLUMNS)
      throw new RangeError(
        `budget state: expected ${BINS} bins and ${COLUMNS} columns, got ${counts.length} and ${columns.length}`,
      )
    this.#counts.set(counts, index * BINS)
    this.#columns.set(columns, index * COLUMNS)
    this.#computedAt[index] = -1
    this.#held.delete(index)
    if (held.length > 0)
      this.#held.set(
        index,
        held.map((entry) => ({ ...entry })),
      )
  }

  #learnUpwards(index: number, timeMs: number, maximum: number): void {
    for (let group = index; group >= 0; group = this.#parents[group]!) this.#learnOne(group, timeMs, maximum)
  }

  #learnOne(index: number, timeMs: number, maximum: number): void {
    const at = index * BINS
    const day = Math.floor(timeMs / DAY_MS)
    const since = day - this.#columns[index * COLUMNS + DAY]!
    if (since > 0) {
      this.#scale(index, 2 ** (-since / this.#settings.halfLifeDays))
      this.#columns[index * COLUMNS + DAY] = day
    }
    this.#learnt[index]! += 1
    const bin = at + binOf(maximum)
    this.#counts[bin]! += 1
    // Above 2,048 a half-precision number no longer feels a single block: more than that adds nothing but precision.
    if (this.#counts[bin]! >= 1024) this.#scale(index, 0.5)
  }

  #scale(index: number, factor: number): void {
    for (let bin = index * BINS; bin < (index + 1) * BINS; bin++) this.#counts[bin]! *= factor
  }

  /** Fills the scratch with the group's own blocks and its pseudo-blocks; -1 is the prior alone. */
  #weigh(index: number): void {
    const weights = this.#weights
    if (index < 0) {
      weights.set(this.#priorTail)
      return
    }
    this.#weigh(this.#parents[index]!)
    let total = 0
    for (let bin = 0; bin < BINS; bin++) total += weights[bin]!
    const { priorBlocks, pseudoBlocks } = this.#settings
    const share = (this.#parents[index]! < 0 ? priorBlocks : pseudoBlocks) / total
    for (let bin = 0; bin < BINS; bin++) weights[bin] = weights[bin]! * share + this.#counts[index * BINS + bin]!
  }

  #grow(): void {
    this.#capacity = grown(this.#capacity)
    const counts = new Float16Array(this.#capacity * BINS)
    counts.set(this.#counts)
    const columns = new Float64Array(this.#capacity * COLUMNS)
    columns.set(this.#columns)
    const parents = new Int32Array(this.#capacity)
    parents.set(this.#parents)
    this.#counts = counts
    this.#columns = columns
    this.#parents = parents
  }
}
