import type { Entity } from '@kubewise/contracts'
import { ENTITY_BUDGET, viewAgreement, viewWeights, YOUNG_ENTITY_BUDGET, type AlertMemberState } from '@kubewise/stats'
import { BudgetedAlerts, type BudgetedAlertsState } from '../alerting/budgeted-alerts.ts'
import { sentenceOf, type Unusual } from '../alerting/explain.ts'
import type { Judge } from '../alerting/judge.ts'
import type { Finding } from '../finding.ts'
import { byShare, contributorsOf, isOfMeaning, rounded } from './entity-contributors.ts'
import { EntityPool, packed, unpacked, type PackedEntityState, type Slot } from './entity-pool.ts'
import type { Model, Models, Reading } from './models.ts'

export const ENTITY_RULE = { name: 'entity-unusual', version: 1, forMs: 0, clearMs: 5 * 60_000 } as const

/** Tier 3's matrices are no larger; metrics beyond have a say in the agreement of views alone. */
const MOST_COLUMNS = 40
/** An entity of more series is none: what a query says of everything belongs to the cluster as a whole. */
const MOST_SERIES = 200
/** An entity's metrics must have been the same for so many vectors before their company is learnt. */
const SETTLED_VECTORS = 8
const UNSCORED_VECTORS = 60
/** With a day of its own an entity is judged by its own structure; before by the agreement of its views. */
const GROWN_MS = 24 * 3_600_000
/** One view alone is a series, not an entity. */
const LEAST_VIEWS = 2

interface Watched {
  entity: Entity
  target: Entity
  targetKey: string
  models: Model[]
  weights: Float64Array
  views: number
  stepMs: number
  /** The step that is gathered; 0 before the first. */
  startMs: number
  vectors: number
  settled: number
  slot?: Slot
  sinceMs: number
  young?: number
  grown?: number
}

interface WatchedState {
  models: string[]
  startMs: number
  vectors: number
  settled: number
  sinceMs: number
  structure?: PackedEntityState
  young?: AlertMemberState
  grown?: AlertMemberState
}

export interface EntityWatchState {
  young: BudgetedAlertsState
  grown: BudgetedAlertsState
  entities: WatchedState[]
}

/** Tier 3: each entity's metrics looked at together, one vector for each step of its fastest metric. This is where alerts are born. */
export class EntityWatch {
  readonly #young = new BudgetedAlerts(YOUNG_ENTITY_BUDGET)
  readonly #grown = new BudgetedAlerts(ENTITY_BUDGET)
  readonly #pool = new EntityPool()
  readonly #watched = new Map<string, Watched>()
  readonly #models: Models
  readonly #judge: Judge

  constructor(models: Models, judge: Judge) {
    this.#models = models
    this.#judge = judge
  }

  get size(): number {
    return this.#watched.size
  }

  get perDay(): number {
    return this.size * ENTITY_BUDGET.perDay
  }

  /**
   * To be called before a live sample is learnt: it may be the first of a new step, then the one before is complete.
   *
   * @returns `undefined` while the step goes on; else what the vector says
   */
  advance(model: Model, timeMs: number): { entity: Entity; target: Entity; finding: Finding | undefined } | undefined {
    const watched = this.#watched.get(model.entityKey) ?? this.#watch(model, timeMs)
    if (!watched.models.includes(model)) {
      if (watched.models.length >= MOST_SERIES) return undefined
      this.#join(watched, model)
    }
    if (watched.startMs === 0) watched.startMs = timeMs
    if (timeMs < watched.startMs + watched.stepMs) return undefined
    const finding = this.#close(watched)
    watched.startMs = timeMs
    return { entity: watched.entity, target: watched.target, finding }
  }

  /** A series that is gone takes its column with it. */
  forget(model: Model): void {
    const watched = this.#watched.get(model.entityKey)
    if (!watched?.models.includes(model)) return
    watched.models = watched.models.filter((other) => other !== model)
    this.#settleAnew(watched)
    if (watched.models.length > 0) return
    this.#watched.delete(model.entityKey)
    if (watched.young !== undefined) this.#young.leave(watched.young)
    if (watched.grown !== undefined) this.#grown.leave(watched.grown)
  }

  state(): EntityWatchState {
    return {
      young: this.#young.state(),
      grown: this.#grown.state(),
      entities: [...this.#watched.values()].map(({ models, startMs, vectors, settled, sinceMs, ...watched }) => ({
        models: models.map(({ series }) => series.key),
        startMs,
        vectors,
        settled,
        sinceMs,
        ...(watched.slot && { structure: packed(watched.slot.detector.stateOf(watched.slot.index)) }),
        ...(watched.young !== undefined && { young: this.#young.stateOf(watched.young) }),
        ...(watched.grown !== undefined && { grown: this.#grown.stateOf(watched.grown) }),
      })),
    }
  }

  /** To be called when the models are there again. */
  restore({ young, grown, entities }: EntityWatchState): void {
    this.#young.restore(young)
    this.#grown.restore(grown)
    for (const { models: keys, structure, young: youngState, grown: grownState, ...rest } of entities) {
      const models = keys.flatMap((key) => this.#models.get(key) ?? [])
      const [first] = models
      if (!first || models.length < keys.length) continue
      const watched = this.#watch(first, rest.sinceMs)
      for (const model of models) this.#join(watched, model)
      Object.assign(watched, rest)
      if (structure) {
        watched.slot = this.#pool.take(columnsOf(watched).length)
        watched.slot.detector.restore(watched.slot.index, unpacked(structure))
      }
      if (youngState) this.#young.restoreMember(this.#youngOf(watched), youngState)
      if (grownState) this.#grown.restoreMember(this.#grownOf(watched), grownState)
    }
    this.#young.forgetUnused()
    this.#grown.forgetUnused()
  }

  #watch({ series, entityKey, targetKey }: Model, timeMs: number): Watched {
    const watched: Watched = {
      entity: series.entity,
      target: series.target,
      targetKey,
      models: [],
      weights: new Float64Array(0),
      views: 0,
      stepMs: Infinity,
      startMs: 0,
      vectors: 0,
      settled: 0,
      sinceMs: timeMs,
    }
    this.#watched.set(entityKey, watched)
    return watched
  }

  #join(watched: Watched, model: Model): void {
    watched.models.push(model)
    this.#settleAnew(watched)
  }

  #settleAnew(watched: Watched): void {
    const views = watched.models.map(({ kind }) => kind.view)
    watched.weights = viewWeights(views)
    watched.views = new Set(views).size
    watched.stepMs = Math.min(...watched.models.map(({ series }) => series.intervalMs))
    watched.settled = 0
    if (watched.slot) this.#pool.give(watched.slot)
    delete watched.slot
  }

  /** Scores the step that is complete. */
  #close(watched: Watched): Finding | undefined {
    const { startMs, stepMs } = watched
    watched.vectors += 1
    watched.settled += 1
    if (watched.views < LEAST_VIEWS) return undefined
    const readings = watched.models.map((model) => this.#models.readingOf(model))
    const isGrown = this.#learnStructure(watched, readings)
    const z = Float64Array.from(readings, ({ counts, timeMs, smoothZ }, i) =>
      counts && startMs - timeMs <= 1.5 * watched.models[i]!.series.intervalMs + stepMs ? smoothZ : Number.NaN,
    )
    if (watched.vectors <= UNSCORED_VECTORS || z.every(Number.isNaN)) return isGrown?.()
    const score = viewAgreement(z, watched.weights)
    const shares = Float64Array.from(z, (each, i) =>
      score > 0 && !Number.isNaN(each) ? (watched.weights[i]! * Math.sqrt(Math.min(50, Math.abs(each)))) / score : 0,
    )
    const young = this.#judged(watched, this.#young, this.#youngOf(watched), score, () => ({
      contributors: byShare(watched.models, readings, shares),
      views: { agreement: Math.round(score * 100) / 100 },
      isOfMeaning: readings.some((reading, i) => !Number.isNaN(z[i]) && isOfMeaning(watched.models[i]!, reading)),
      usesSeason: readings.some(({ usesSeason }) => usesSeason),
    }))
    return isGrown ? isGrown() : young
  }

  /** @returns how to judge by tier 3, for an entity that is known for long enough; it is learnt in any case */
  #learnStructure(watched: Watched, readings: readonly Reading[]): (() => Finding | undefined) | undefined {
    const { startMs, stepMs } = watched
    if (!watched.slot) {
      if (watched.settled < SETTLED_VECTORS) return undefined
      watched.slot = this.#pool.take(columnsOf(watched).length)
    }
    const { detector, index, metrics } = watched.slot
    const columns = readings.slice(0, metrics)
    const isPresent = Uint8Array.from(columns, ({ timeMs }) => (timeMs >= startMs ? 1 : 0))
    if (!isPresent.includes(1)) return undefined
    const answer = detector.learn(
      index,
      Float64Array.from(columns, ({ value }) => value),
      Float64Array.from(columns, ({ z }) => z),
      isPresent,
      Float64Array.from(columnsOf(watched), ({ kind }) => kind.floor),
    )
    if (!answer.isWarm) return undefined
    // After a hole all of them begin somewhere else: that is learnt, and not judged.
    if (columns.some(({ isSuppressed }) => isSuppressed)) return () => undefined
    const { score, structure, surprise, jump } = answer
    const finding = this.#judged(watched, this.#grown, this.#grownOf(watched), Math.min(60, score), () => {
      const contributors = contributorsOf(detector, index, watched.models, readings)
      return {
        contributors: contributors.map(({ contributor }) => contributor),
        views: rounded({ structure, surprise, jump }),
        isOfMeaning: contributors.some(({ isOfMeaning: is }) => is),
        usesSeason: readings.some(({ usesSeason }) => usesSeason),
      }
    })
    return detector.samples(index) * stepMs >= GROWN_MS ? () => finding : undefined
  }

  #judged(
    watched: Watched,
    alerts: BudgetedAlerts,
    member: number,
    score: number,
    seen: () => Pick<Unusual, 'contributors' | 'views' | 'usesSeason'> & { isOfMeaning: boolean },
  ): Finding | undefined {
    const { entity, target, targetKey, sinceMs, startMs: timeMs } = watched
    let once: ReturnType<typeof seen> | undefined
    const what = () => (once ??= seen())
    const unusual = (isDuringRollout: boolean): Unusual => {
      const { contributors, views, usesSeason } = what()
      return { entity, target, targetKey, timeMs, sinceMs, isDuringRollout, contributors, views, usesSeason }
    }
    const step = this.#judge.learn(alerts, member, score, { targetKey, timeMs }, unusual)
    if (!step.isOpen || !what().isOfMeaning) return undefined
    const explanation = this.#judge.explain(alerts, member, step.score, unusual(step.isDuringRollout))
    const leading = watched.models.find(({ series }) => series.metric === explanation.contributors[0]?.name)
    return {
      severity: 'info',
      say: sentenceOf(explanation),
      features: { metrics: watched.models.length, views: watched.views, ...explanation.views },
      score: explanation.decades,
      confidence: 0.6,
      ...(leading && { window: this.#models.window(leading) }),
      explanation,
    }
  }

  #youngOf(watched: Watched): number {
    return (watched.young ??= this.#young.join([watched.entity.kind, watched.targetKey]))
  }

  #grownOf(watched: Watched): number {
    return (watched.grown ??= this.#grown.join([watched.entity.kind, watched.targetKey]))
  }
}

const columnsOf = ({ models }: Watched): readonly Model[] => models.slice(0, MOST_COLUMNS)
