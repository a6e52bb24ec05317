import { seriesOf, type Entity, type MetricBatch, type Target } from '@kubewise/contracts'
import { SERIES_BUDGET, SERVICE_LEVEL_BUDGET } from '@kubewise/stats'
import type { Judge } from '../alerting/judge.ts'
import type { EpisodeRule } from '../episodes.ts'
import type { Finding } from '../finding.ts'
import { isFlag } from './metric-kind.ts'
import { metricRuleFor } from '../rules/metric-rules.ts'
import { ENTITY_RULE, EntityWatch, type EntityWatchState } from './entity-watch.ts'
import { wasFlat } from './flat-use.ts'
import { LevelAlerts, type LevelAlertsState } from './level-alerts.ts'
import type { LevelModel } from './level-score.ts'
import { Models, type ModelsState, type Refusal } from './models.ts'
import { ServiceLevels, type ServiceLevelsState } from './service-levels.ts'
import { SIBLING_RULE, Siblings, type SiblingsState } from './siblings.ts'
import { THROTTLING_RULE, Throttling, type ThrottlingState } from './throttling.ts'
import { Trends, type TrendsState } from './trends.ts'

const MEMORY_METRIC = 'pod_memory_utilization_pct'
const SIBLING_MEMORY_RULE: EpisodeRule = { ...SIBLING_RULE, name: 'sibling-outlier-memory' }
/** A sample so far ahead of the clock of who collected it is not of this world; learnt, it would silence its series until then. */
const MOST_AHEAD_MS = 5 * 60_000

export interface MetricWatchState {
  models: ModelsState
  levels: LevelAlertsState
  serviceLevels: ServiceLevelsState
  entities: EntityWatchState
  siblings: SiblingsState
  trends: TrendsState
  throttling: ThrottlingState
}

/** Why a sample is not learnt: what its model says, it is ahead of all clocks, or nothing that a model looks at. */
export type NotLearnt = Refusal | 'ahead' | 'flag'

/** What one rule sees of one entity. */
export interface Sighting {
  rule: EpisodeRule
  entity: Entity
  target: Target
  finding: Finding | undefined
}

/** Everything that is learnt and found from metrics. */
export class MetricWatch {
  readonly #models: Models
  readonly #levels: LevelAlerts
  readonly #serviceLevels: ServiceLevels
  readonly #entities: EntityWatch
  readonly #siblings = new Siblings()
  readonly #trends = new Trends()
  readonly #throttling = new Throttling()

  constructor(judge: Judge, model: LevelModel) {
    this.#models = new Models((model) => {
      this.#levels.forget(model)
      this.#serviceLevels.forget(model)
      this.#entities.forget(model)
    })
    this.#levels = new LevelAlerts(this.#models, judge, model)
    this.#serviceLevels = new ServiceLevels(this.#models, judge)
    this.#entities = new EntityWatch(this.#models, judge)
  }

  get seriesCount(): number {
    return this.#models.size
  }

  /** Alerts a day that all budgets together allow. */
  get perDay(): number {
    return (
      this.#entities.perDay +
      this.#serviceLevels.size * SERVICE_LEVEL_BUDGET.perDay +
      this.#models.size * SERIES_BUDGET.perDay
    )
  }

  /**
   * @param thresholdOf a metric, on the original's scale of 0 to 1
   * @param tell is called for whatever a live sample says to each rule, findings or none
   * @param onRefused is called for each sample that is not learnt
   * @param nowMs the partition's time: the sender's clock alone is not believed
   */
  observe(
    batch: MetricBatch,
    thresholdOf: (metric: string) => number,
    tell: (sighting: Sighting) => void,
    onRefused: (why: NotLearnt) => void,
    nowMs: number,
  ): void {
    const latestMs = Math.min(batch.collectedMs, nowMs) + MOST_AHEAD_MS
    const { of, startMs, afterMs, value } = batch
    const series = seriesOf(batch)
    for (let i = 0; i < of.length; i++) {
      const one = series[of[i]!]!
      const timeMs = startMs + afterMs[i]!
      if (isFlag(one)) {
        onRefused('flag')
        continue
      }
      const model = this.#models.modelOf(one)
      const refusal = timeMs > latestMs ? 'ahead' : this.#models.refusalOf(model, timeMs, value[i]!)
      if (refusal !== undefined) {
        onRefused(refusal)
        continue
      }
      this.#learn(model, timeMs, value[i]!, batch.isBackfill, thresholdOf(one.metric), tell)
    }
  }

  /** Whether an entity's memory had been flat before it ended at `atMs` after running for `ranMs`. */
  wasMemoryFlat(entityKey: string, atMs: number, ranMs: number): boolean {
    const [window] = this.#models.windowsOf(entityKey, MEMORY_METRIC)
    return window !== undefined && wasFlat(window, atMs, ranMs)
  }

  /** Forgets a pod or a claim that is gone. */
  forget(kind: string, entityKey: string): void {
    if (kind === 'Pod') {
      this.#siblings.forget(entityKey)
      this.#throttling.forget(entityKey)
    }
    if (kind === 'Pod' || kind === 'PersistentVolumeClaim') {
      this.#models.forget(entityKey)
      this.#trends.forget(entityKey)
    }
  }

  forgetStale(nowMs: number): void {
    this.#models.forgetStale(nowMs)
    this.#trends.forgetStale(nowMs)
    this.#siblings.forgetStale(nowMs)
    this.#throttling.forgetStale(nowMs)
  }

  state(): MetricWatchState {
    return {
      models: this.#models.state(),
      levels: this.#levels.state(),
      serviceLevels: this.#serviceLevels.state(),
      entities: this.#entities.state(),
      siblings: this.#siblings.state(),
      trends: this.#trends.state(),
      throttling: this.#throttling.state(),
    }
  }

  restore(state: MetricWatchState): void {
    this.#models.restore(state.models)
    this.#levels.restore(state.levels)
    this.#serviceLevels.restore(state.serviceLevels)
    this.#entities.restore(state.entities)
    this.#siblings.restore(state.siblings)
    this.#trends.restore(state.trends)
    this.#throttling.restore(state.throttling)
  }

  #learn(
    model: ReturnType<Models['modelOf']>,
    timeMs: number,
    value: number,
    isBackfill: boolean,
    threshold: number,
    tell: (sighting: Sighting) => void,
  ): void {
    const { series, kind } = model
    const { metric, entity, target } = series
    // History comes metric by metric: what looks at several at once begins with what is live.
    const closed = isBackfill ? undefined : this.#entities.advance(model, timeMs)
    this.#models.learn(model, timeMs, value)
    const reading = this.#models.readingOf(model)
    const level = kind.isServiceLevel
      ? { rule: this.#serviceLevels.ruleOf(metric), finding: this.#serviceLevels.observe(model, reading, threshold) }
      : { rule: this.#levels.ruleOf(metric), finding: this.#levels.observe(model, reading, threshold) }
    const forecast = this.#trends.observe(series, timeMs, value)
    if (isBackfill) return
    if (closed) tell({ rule: ENTITY_RULE, ...closed })
    tell({ ...level, entity, target })
    const ruled = metricRuleFor(metric, value)
    if (ruled) tell({ ...ruled, entity, target })
    const forecastRule = Trends.ruleOf(series)
    if (forecastRule) tell({ rule: forecastRule, finding: forecast, entity, target })
    const throttled = this.#throttling.observe(series, timeMs, value)
    if (throttled) tell({ rule: THROTTLING_RULE, finding: throttled.finding, entity: target, target })
    if (Siblings.compares(metric))
      tell({
        rule: metric === MEMORY_METRIC ? SIBLING_MEMORY_RULE : SIBLING_RULE,
        finding: this.#siblings.observe(series, timeMs, value),
        entity,
        target,
      })
  }
}
