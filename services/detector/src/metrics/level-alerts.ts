import { SERIES_BUDGET, TREES_BUDGET, type AlertMemberState } from '@kubewise/stats'
import { BudgetedAlerts, type BudgetedAlertsState } from '../alerting/budgeted-alerts.ts'
import { sentenceOf, type Unusual } from '../alerting/explain.ts'
import type { Judge } from '../alerting/judge.ts'
import type { Finding } from '../finding.ts'
import { contributorBy } from './contributor.ts'
import { isBad, isBadWay } from './metric-kind.ts'
import { byForecast, byHalfSpaceTrees, type LevelModel, type LevelScore } from './level-score.ts'
import type { Model, Models, Reading } from './models.ts'
import { ruleOfMetric } from './rule-of-metric.ts'
import { DEFAULT_DEVIATIONS } from './thresholds.ts'

const RULE = { name: 'metric-level', version: 2, forMs: 0, clearMs: 120_000 } as const

export interface LevelAlertsState {
  /** What the scores are of: those of one model say nothing of another's. */
  model: LevelModel
  budget: BudgetedAlertsState
  members: [series: string, AlertMemberState][]
  scores: ReturnType<LevelScore['state']>
}

/**
 * A single series far from its level: so many standard deviations as the metric's threshold says, of practical meaning, and rarer
 * than its budget. `info` at most: evidence for whoever looks at its workload.
 */
export class LevelAlerts {
  readonly #alerts: BudgetedAlerts
  /** By the series' index. */
  readonly #memberOf: (number | undefined)[] = []
  readonly #models: Models
  readonly #judge: Judge
  readonly #model: LevelModel
  readonly #score: LevelScore
  readonly ruleOf = ruleOfMetric(RULE)

  constructor(models: Models, judge: Judge, model: LevelModel) {
    this.#models = models
    this.#judge = judge
    this.#model = model
    this.#score = model === 'forecast' ? byForecast : byHalfSpaceTrees()
    this.#alerts = new BudgetedAlerts(model === 'forecast' ? SERIES_BUDGET : TREES_BUDGET)
  }

  /** @param threshold of the original's scale, 0 to 1 @returns a finding, where the sample is one */
  observe(model: Model, reading: Reading, threshold: number): Finding | undefined {
    const learnt = this.#score.learn(model, reading)
    if (learnt === undefined) return undefined
    const { kind, targetKey, series } = model
    const member = (this.#memberOf[model.index] ??= this.#alerts.join([series.metric, targetKey]))
    const effect = reading.value - reading.expected
    // What is good news is learnt as nothing unusual: the threshold is for what is bad.
    const score = isBadWay(kind, effect) ? learnt : 0
    const { timeMs } = reading
    const unusual = (isDuringRollout: boolean) => this.#unusual(model, reading, isDuringRollout)
    const factor = this.#score.factorOf(series.metric, threshold)
    const step = this.#judge.learn(this.#alerts, member, score, { targetKey, timeMs, factor }, unusual)
    if (!step.isOpen || !this.#score.reaches(model, reading, threshold) || !isBad(kind, effect)) return undefined
    return this.#finding(
      model,
      reading,
      this.#judge.explain(this.#alerts, member, step.score, unusual(step.isDuringRollout)),
    )
  }

  forget(model: Model): void {
    this.#score.forget(model)
    const member = this.#memberOf[model.index]
    if (member === undefined) return
    this.#memberOf[model.index] = undefined
    this.#alerts.leave(member)
  }

  state(): LevelAlertsState {
    return {
      model: this.#model,
      budget: this.#alerts.state(),
      scores: this.#score.state(),
      members: [...this.#models.values()].flatMap(({ index, series }) => {
        const member = this.#memberOf[index]
        return member === undefined ? [] : [[series.key, this.#alerts.stateOf(member)]]
      }),
    }
  }

  /** To be called when the models are there again. */
  restore({ model: before, budget, members, scores }: LevelAlertsState): void {
    if (before !== this.#model) return
    this.#score.restore(scores, this.#models)
    this.#alerts.restore(budget)
    for (const [key, state] of members) {
      const model = this.#models.get(key)
      if (!model) continue
      const member = this.#alerts.join([model.series.metric, model.targetKey])
      this.#alerts.restoreMember(member, state)
      this.#memberOf[model.index] = member
    }
    this.#alerts.forgetUnused()
  }

  #unusual(model: Model, reading: Reading, isDuringRollout: boolean): Unusual {
    const { series, targetKey } = model
    const { timeMs, smoothZ, usesSeason } = reading
    return {
      entity: series.entity,
      target: series.target,
      targetKey,
      timeMs,
      contributors: [contributorBy(model, reading, 1)],
      views: { surprise: Math.round(Math.sqrt(Math.abs(smoothZ)) * 100) / 100 },
      usesSeason,
      sinceMs: reading.sinceMs,
      isDuringRollout,
    }
  }

  #finding(model: Model, reading: Reading, explanation: NonNullable<Finding['explanation']>): Finding {
    const { value, expected, sd, smoothZ, usesSeason } = reading
    const { series } = model
    return {
      severity: 'info',
      say: sentenceOf(explanation),
      features: {
        metric: series.metric,
        value,
        expected,
        deviations: Math.round(smoothZ * 10) / 10,
        season: usesSeason,
      },
      score: explanation.decades,
      confidence: 0.6,
      metric: {
        name: series.metric,
        value,
        expected,
        low: expected - DEFAULT_DEVIATIONS * sd,
        high: expected + DEFAULT_DEVIATIONS * sd,
        intervalMs: series.intervalMs,
      },
      window: this.#models.window(model),
      explanation,
    }
  }
}
