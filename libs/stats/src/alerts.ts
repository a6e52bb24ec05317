/** Scores in, alerts out: a budget's thresholds, the blocks it learns from, and the episodes above them, for many members. */
import { AlertBudget, type BudgetGroupState } from './alert-budget.ts'
import { BlockMaxima } from './block-maxima.ts'
import { Episodes, type EpisodeStep } from './episode.ts'
import type { ShippedBudget } from './shipped-budgets.ts'

/** Feedback lowers a threshold to this share of it at most. */
const NEAR = 0.7

/** What one score meant. */
export interface AlertStep extends EpisodeStep {
  theta: number
  /** The score is at or above theta now. */
  isAbove: boolean
}

/** What a checkpoint needs of one member; its groups have their own. */
export interface AlertMemberState {
  block: number[]
  episode: number[]
}

export class Alerts {
  readonly #perDay: number
  readonly #budget: AlertBudget
  readonly #blocks = new BlockMaxima()
  readonly #episodes = new Episodes()
  #groupOf: number[] = []
  readonly #step: AlertStep = {
    isOnset: false,
    isWorse: false,
    isOpen: false,
    isClosed: false,
    peak: 0,
    theta: 0,
    isAbove: false,
  }

  constructor(budget: ShippedBudget) {
    this.#perDay = budget.perDay
    this.#budget = new AlertBudget(budget)
  }

  /** A group of members that are alike, under another or under none. @returns its index */
  addGroup(parent = -1): number {
    return this.#budget.add(parent)
  }

  /** Forgets what a group's members taught it, so that its index can serve others under the same parent. */
  resetGroup(group: number): void {
    this.#budget.reset(group)
  }

  /** A member of a group, say a pod of a workload. @returns its index */
  add(group: number): number {
    this.#blocks.add()
    this.#groupOf.push(group)
    return this.#episodes.add()
  }

  /** Lets a member's index serve another one, of this group. What the old one taught its group stays. */
  reset(member: number, group: number): void {
    this.#blocks.reset(member)
    this.#episodes.reset(member)
    this.#groupOf[member] = group
  }

  /**
   * @param timeMs ascending for each member
   * @param score 0 or more
   * @param factor of theta: the guard's, a rollout's
   * @param shiftOf decades by which feedback moves the budget of such alerts, from -1 (more of them) to 1; asked only for scores near theta
   * @returns one object, reused by the next call
   * @throws RangeError if score is negative or not finite
   */
  learn(member: number, timeMs: number, score: number, factor = 1, shiftOf?: () => number): AlertStep {
    if (!(score >= 0)) throw new RangeError(`score: expected a finite number of 0 or more, got ${score}`)
    const group = this.#groupOf[member]!
    let theta = factor * this.#budget.threshold(group, this.#perDay)
    if (shiftOf && score >= NEAR * theta) theta = Math.max(NEAR * theta, factor * this.#shifted(group, shiftOf()))
    const step = Object.assign(this.#step, this.#episodes.learn(member, timeMs, score, theta))
    step.theta = theta
    step.isAbove = score >= theta
    const block = this.#blocks.learn(member, timeMs, score, step.isAbove)
    if (block) this.#budget.learn(group, block.endMs, block.maximum, block.hasAlerted)
    return step
  }

  /** What the group's theta is at a budget that feedback has moved. */
  #shifted(group: number, decades: number): number {
    return this.#budget.threshold(group, this.#perDay * 10 ** -decades)
  }

  /** How many days pass between hours in which a member of the group reaches such a score. */
  daysBetween(group: number, score: number): number {
    return 1 / (24 * this.#budget.exceedance(group, score))
  }

  stateOf(member: number): AlertMemberState {
    return { block: this.#blocks.stateOf(member), episode: this.#episodes.stateOf(member) }
  }

  restore(member: number, { block, episode }: AlertMemberState): void {
    this.#blocks.restore(member, block)
    this.#episodes.restore(member, episode)
  }

  stateOfGroup(group: number): BudgetGroupState {
    return this.#budget.stateOf(group)
  }

  restoreGroup(group: number, state: BudgetGroupState): void {
    this.#budget.restore(group, state)
  }
}
