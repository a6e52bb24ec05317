import {
  Cusum,
  NOVELTY_VIEWS,
  NoveltyEnsemble,
  SERVICE_LEVEL_BUDGET,
  type AlertMemberState,
  type NoveltyState,
} from '@kubewise/stats'
import { BudgetedAlerts, type BudgetedAlertsState } from '../alerting/budgeted-alerts.ts'
import { sentenceOf, type Unusual } from '../alerting/explain.ts'
import type { Judge } from '../alerting/judge.ts'
import type { Finding } from '../finding.ts'
import { contributorOf } from './contributor.ts'
import { isBad } from './metric-kind.ts'
import type { Model, Models, Reading } from './models.ts'
import { ruleOfMetric } from './rule-of-metric.ts'
import { factorOf } from './thresholds.ts'

const RULE = { name: 'service-level', version: 1, forMs: 0, clearMs: 5 * 60_000 } as const
/** Successive samples are at most so many intervals apart: what learns shapes must not learn history of another pace. */
const MOST_INTERVALS = 3

interface Watched {
  index: number
  shift: number
  member: number
  lastMs: number
  /** When its level last began to be another, while it is. */
  shiftedSinceMs?: number
}

export interface ServiceLevelsState {
  budget: BudgetedAlertsState
  series: [
    key: string,
    { lastMs: number; shiftedSinceMs?: number; novelty: NoveltyState; shift: number[]; alert: AlertMemberState },
  ][]
}

/** Tier 2, for series that somebody vouches for: they alone may give an alert that a person is told of. */
export class ServiceLevels {
  readonly ruleOf = ruleOfMetric(RULE)
  readonly #alerts = new BudgetedAlerts(SERVICE_LEVEL_BUDGET)
  readonly #novelty = new NoveltyEnsemble(4)
  readonly #cusum = new Cusum(4)
  readonly #watched = new Map<Model, Watched>()
  readonly #free: { index: number; shift: number }[] = []
  readonly #models: Models
  readonly #judge: Judge

  constructor(models: Models, judge: Judge) {
    this.#models = models
    this.#judge = judge
  }

  get size(): number {
    return this.#watched.size
  }

  /** @param threshold of the original's scale, 0 to 1: it moves the budget's as it moves that of other series */
  observe(model: Model, reading: Reading, threshold: number): Finding | undefined {
    const { series, kind, targetKey } = model
    const watched = this.#watched.get(model) ?? this.#watch(model)
    const { timeMs, value } = reading
    const isNext = timeMs - watched.lastMs <= MOST_INTERVALS * series.intervalMs
    watched.lastMs = timeMs
    if (!isNext) return undefined
    const shift = this.#cusum.learn(watched.shift, timeMs, reading.z)
    if (!shift.isAlarm) delete watched.shiftedSinceMs
    else watched.shiftedSinceMs ??= shift.sinceMs
    const { score, isWarm, mean, views } = this.#novelty.learn(watched.index, timeMs, value)
    if (!isWarm) return undefined
    const effect = value - mean
    const unusual = (isDuringRollout: boolean): Unusual => ({
      entity: series.entity,
      target: series.target,
      targetKey,
      timeMs,
      contributors: [contributorOf(model, value, { expected: mean, sd: reading.sd, z: effect / reading.sd }, 1)],
      views: Object.fromEntries(NOVELTY_VIEWS.map((name, i) => [name, Math.round(views[i]! * 100) / 100])),
      usesSeason: false,
      sinceMs: reading.sinceMs,
      isDuringRollout,
      ...(watched.shiftedSinceMs !== undefined && { shiftedSinceMs: watched.shiftedSinceMs }),
    })
    const factor = factorOf(series.metric, threshold)
    const step = this.#judge.learn(this.#alerts, watched.member, score, { targetKey, timeMs, factor }, unusual)
    if (!step.isOpen || !isBad(kind, effect)) return undefined
    const explanation = this.#judge.explain(this.#alerts, watched.member, step.score, unusual(step.isDuringRollout))
    const [first] = explanation.contributors
    return {
      severity: 'warning',
      say: sentenceOf(explanation),
      features: { metric: series.metric, value, usual: mean },
      score: explanation.decades,
      confidence: 0.7,
      metric: {
        name: series.metric,
        value,
        expected: mean,
        low: first!.low,
        high: first!.high,
        intervalMs: series.intervalMs,
      },
      window: this.#models.window(model),
      explanation,
    }
  }

  forget(model: Model): void {
    const watched = this.#watched.get(model)
    if (!watched) return
    this.#watched.delete(model)
    this.#alerts.leave(watched.member)
    this.#novelty.reset(watched.index)
    this.#cusum.reset(watched.shift)
    this.#free.push(watched)
  }

  state(): ServiceLevelsState {
    return {
      budget: this.#alerts.state(),
      series: [...this.#watched].map(([{ series }, { index, shift, member, lastMs, shiftedSinceMs }]) => [
        series.key,
        {
          lastMs,
          ...(shiftedSinceMs !== undefined && { shiftedSinceMs }),
          novelty: this.#novelty.stateOf(index),
          shift: this.#cusum.stateOf(shift),
          alert: this.#alerts.stateOf(member),
        },
      ]),
    }
  }

  /** To be called when the models are there again. */
  restore({ budget, series }: ServiceLevelsState): void {
    this.#alerts.restore(budget)
    for (const [key, { novelty, shift, alert, ...times }] of series) {
      const model = this.#models.get(key)
      if (!model) continue
      const watched = Object.assign(this.#watch(model), times)
      this.#novelty.restore(watched.index, novelty)
      this.#cusum.restore(watched.shift, shift)
      this.#alerts.restoreMember(watched.member, alert)
    }
    this.#alerts.forgetUnused()
  }

  #watch(model: Model): Watched {
    const { index, shift } = this.#free.pop() ?? { index: this.#novelty.add(), shift: this.#cusum.add() }
    const watched = { index, shift, member: this.#alerts.join([model.series.metric, model.targetKey]), lastMs: 0 }
    this.#watched.set(model, watched)
    return watched
  }
}
