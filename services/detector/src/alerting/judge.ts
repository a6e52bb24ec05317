import { AlertGuard, type AlertStep } from '@kubewise/stats'
import type { AnomalyMessage, Explanation } from '@kubewise/contracts'
import type { BudgetedAlerts } from './budgeted-alerts.ts'
import { EventBursts, type EventBurstsState } from './event-bursts.ts'
import { decadesOf, explain, weigh, type Unusual } from './explain.ts'
import { FeedbackMemory, type FeedbackModel, type FeedbackState } from './feedback-memory.ts'
import { Rollouts, type RolloutsState } from './rollouts.ts'

/** An event burst of so many decades doubles a score. */
const DOUBLING_DECADES = 12

export interface JudgeState {
  bursts: EventBurstsState
  rollouts: RolloutsState
  feedback: FeedbackState
  guard: ReturnType<AlertGuard['state']>
  factor: number
  perDay: number
}

/**
 * What every model's scores are judged with in one partition: the bounds of all alerts together, rollouts, Events, what people said.
 * Members and thresholds are each model's own.
 */
export class Judge {
  readonly bursts = new EventBursts()
  readonly rollouts = new Rollouts()
  readonly feedback: FeedbackMemory
  readonly #guard = new AlertGuard()
  #factor = 1
  #perDay = 0

  constructor(model?: FeedbackModel) {
    this.feedback = new FeedbackMemory(model)
  }

  /** What the guard multiplies every threshold by: 1, or more while far too many alerts are given. */
  get guardFactor(): number {
    return this.#factor
  }

  /**
   * @param score 0 or more; what Events say of the workload lends it weight, at most as much again
   * @param about whose it is, and by how much its own threshold is moved
   * @param unusualOf what the score means, during a rollout or not; asked only where it is near its threshold
   */
  learn(
    alerts: BudgetedAlerts,
    member: number,
    score: number,
    about: { targetKey: string; timeMs: number; factor?: number },
    unusualOf: (isDuringRollout: boolean) => Unusual,
  ): AlertStep & { score: number; isDuringRollout: boolean } {
    const { targetKey, timeMs, factor = 1 } = about
    const rollout = this.rollouts.factorOf(targetKey, timeMs)
    const weighted = score * (1 + this.bursts.decadesOf(targetKey, timeMs) / DOUBLING_DECADES)
    const isDuringRollout = rollout > 1
    const shiftOf = () =>
      weigh(unusualOf(isDuringRollout), decadesOf(alerts.daysBetween(member, weighted)), this.bursts, this.feedback)
        .feedbackDecades
    const step = alerts.learn(member, timeMs, weighted, factor * this.#factor * rollout, shiftOf)
    return Object.assign(step, { score: weighted, isDuringRollout })
  }

  explain(alerts: BudgetedAlerts, member: number, score: number, unusual: Unusual): Explanation {
    return explain(unusual, alerts.daysBetween(member, score), this.bursts, this.feedback)
  }

  /** An alert was given: it counts for the guard, and the next one like it can point to it. */
  note(message: AnomalyMessage): void {
    if (message.kind !== 'anomaly' || !message.explanation) return
    this.feedback.note(message.explanation.signature, message.id, message.startedMs)
    this.#guard.open(message.detectedMs, this.#perDay)
  }

  /** @param perDay alerts a day that all budgets together allow */
  tick(nowMs: number, perDay: number): void {
    this.#perDay = perDay
    this.#factor = this.#guard.standing(nowMs, perDay).factor
    this.rollouts.forgetStale(nowMs)
  }

  state(): JudgeState {
    return {
      bursts: this.bursts.state(),
      rollouts: this.rollouts.state(),
      feedback: this.feedback.state(),
      guard: this.#guard.state(),
      factor: this.#factor,
      perDay: this.#perDay,
    }
  }

  restore(state: JudgeState): void {
    this.bursts.restore(state.bursts)
    this.rollouts.restore(state.rollouts)
    this.feedback.restore(state.feedback)
    this.#guard.restore(state.guard)
    this.#factor = state.factor
    this.#perDay = state.perDay
  }
}
