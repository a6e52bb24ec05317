import { keyOf, type Entity, type MetricSeries, type Target } from '@kubewise/contracts'
import {
  Columns,
  FlatSeries,
  GREATEST_VALUE,
  SeasonalForecaster,
  Sampling,
  type Forecast,
  type ForecasterState,
} from '@kubewise/stats'
import { kindOf, type MetricKind } from './metric-kind.ts'
import { Rings } from './ring.ts'
import { isSameSeries } from './same-series.ts'

/** A series that has been silent for this long is forgotten; sooner where hardly anything is known of it, as of pods that are gone. */
const FORGOTTEN_MS = 7 * 24 * 3_600_000
const HARDLY_KNOWN_FORGOTTEN_MS = 6 * 3_600_000
/** A level is judged only after an hour at one sample in 15 s. */
const JUDGED_AFTER_SAMPLES = 240
/** Before this a deviation is worth nothing, not even beside others. */
const COUNTS_AFTER_SAMPLES = 60
/** Of a series that hardly ever changes and of which nothing is known, a change is as strange as this at most: three decades. */
const FLAT_Z = 3.7

interface Owner {
  entity: Entity
  entityKey: string
  target: Target
  targetKey: string
  models: Set<Model>
}

const NO_LABELS = {}

/** A series with its place in all columns. */
export interface Model {
  readonly series: MetricSeries
  readonly kind: MetricKind
  readonly index: number
  readonly entityKey: string
  readonly targetKey: string
}

/** What the last sample of a series looked like. */
export interface Reading {
  timeMs: number
  /** Of its first sample. */
  sinceMs: number
  value: number
  expected: number
  sd: number
  /** Standard deviations; 0 where the series is not judged. */
  z: number
  smoothZ: number
  usesSeason: boolean
  /** Shortly after a hole: nothing is judged by it. */
  isSuppressed: boolean
  /** Its deviations count beside others'. */
  counts: boolean
  /** It has been known long enough to be judged by itself. */
  isJudged: boolean
}

export type Refusal = 'late' | 'beyond-measure'

export type ModelsState = {
  series: MetricSeries
  forecast: ForecasterState
  sampling: number[]
  flat: number[]
  reading: number[]
  window: { timeMs: number[]; value: number[] }
}[]

const VALUE = 0
const EXPECTED = 1
const SD = 2
const Z = 3
const SMOOTH_Z = 4
/** The sum of what is true of the reading. */
const FLAGS = 5
/** When it was first heard of. */
const SINCE_MS = 6
const COLUMNS = 7
const USES_SEASON = 1
const COUNTS = 2
const IS_JUDGED = 4
const IS_SUPPRESSED = 8

/** Tier 1 for every series of a partition: forecaster, gaps, last points, last reading. */
export class Models {
  readonly #forecaster = new SeasonalForecaster()
  readonly #sampling = new Sampling()
  readonly #flat = new FlatSeries()
  readonly #readings = new Columns('reading', COLUMNS, 64)
  readonly #rings = new Rings()
  readonly #models = new Map<string, Model>()
  /** Of each workload and metric, the series in the order of their age: new pods inherit the season of the first. */
  readonly #groups = new Map<string, Set<Model>>()
  /** Names are many and come anew with every batch: each is kept once for all series that it is about. */
  readonly #owners = new Map<string, Owner>()
  readonly #free: number[] = []
  readonly #onDrop: (model: Model) => void

  /** @param onDrop is told of a series that is forgotten, before its place serves another */
  constructor(onDrop: (model: Model) => void = () => undefined) {
    this.#onDrop = onDrop
  }

  /** The model of a series; made anew where there is none, or where its interval, its owner or what is known of it is another now. */
  modelOf(series: MetricSeries): Model {
    const model = this.#models.get(series.key)
    if (model && isSameSeries(model.series, series)) return model
    if (model) this.#drop(model)
    return this.#add(series)
  }

  values(): Iterable<Model> {
    return this.#models.values()
  }

  get(key: string): Model | undefined {
    return this.#models.get(key)
  }

  /** Why a sample is not learnt: it is not newer than the last one, a repeat or a straggler, or beyond all measure. */
  refusalOf(model: Model, timeMs: number, value: number): Refusal | undefined {
    if (timeMs <= this.#sampling.lastMs(model.index)) return 'late'
    return Math.abs(value) <= GREATEST_VALUE ? undefined : 'beyond-measure'
  }

  /** Scores, then learns a sample that was not refused; `readingOf` then tells of it. */
  learn(model: Model, timeMs: number, value: number): void {
    const { index, series, kind } = model
    const { kind: gap, isSuppressed } = this.#sampling.learn(index, timeMs, series.intervalMs)
    this.#rings.push(index, timeMs, value)
    const { isFlat, surprise } = this.#flat.learn(index, value, kind.floor)
    const c = this.#readings.values
    const at = index * COLUMNS
    c[at + VALUE] = value
    if (gap === 'first') c[at + SINCE_MS] = timeMs
    // Who was away for days begins again, with the season that it knows.
    const elder = gap === 'first' ? this.#elderOf(model) : gap === 'away' ? model : undefined
    if (elder) {
      this.#forecaster.inherit(index, elder.index, timeMs, value)
      c[at + EXPECTED] = value
      c[at + Z] = 0
      c[at + SMOOTH_Z] = 0
      c[at + FLAGS] = isSuppressed ? IS_SUPPRESSED : 0
      return
    }
    const forecast = this.#forecaster.learn(index, timeMs, value, kind.floor)
    // Nothing is known of what a change means, and it hardly ever changes: then deviations measure nothing.
    const cap = isFlat && kind.floor === 0 ? (surprise > 0 ? FLAT_Z : 0) : GREATEST_VALUE
    this.#read(at, forecast, cap, isSuppressed, this.#forecaster.samples(index))
  }

  readingOf({ index }: Model): Reading {
    const c = this.#readings.values
    const at = index * COLUMNS
    const flags = c[at + FLAGS]!
    return {
      timeMs: this.#sampling.lastMs(index),
      sinceMs: c[at + SINCE_MS]!,
      value: c[at + VALUE]!,
      expected: c[at + EXPECTED]!,
      sd: c[at + SD]!,
      z: c[at + Z]!,
      smoothZ: c[at + SMOOTH_Z]!,
      usesSeason: (flags & USES_SEASON) !== 0,
      isSuppressed: (flags & IS_SUPPRESSED) !== 0,
      counts: (flags & COUNTS) !== 0,
      isJudged: (flags & IS_JUDGED) !== 0,
    }
  }

  window({ index }: Model): { timeMs: number[]; value: number[] } {
    return this.#rings.window(index)
  }

  /** The windows of an entity's series of one metric. */
  windowsOf(entityKey: string, metric: string): { timeMs: number[]; value: number[] }[] {
    return [...(this.#owners.get(entityKey)?.models ?? [])]
      .filter((model) => model.series.metric === metric)
      .map((model) => this.window(model))
  }

  /** Forgets what belongs to an entity that is gone. */
  forget(entityKey: string): void {
    for (const model of this.#owners.get(entityKey)?.models ?? []) this.#drop(model)
  }

  /** Forgets series that nobody sends any more. */
  forgetStale(nowMs: number): void {
    for (const model of this.#models.values()) {
      const isKnown = this.#forecaster.samples(model.index) > COUNTS_AFTER_SAMPLES
      const patienceMs = isKnown ? FORGOTTEN_MS : HARDLY_KNOWN_FORGOTTEN_MS
      if (nowMs - this.#sampling.lastMs(model.index) > patienceMs) this.#drop(model)
    }
  }

  get size(): number {
    return this.#models.size
  }

  state(): ModelsState {
    return [...this.#models.values()].map((model) => ({
      series: model.series,
      forecast: this.#forecaster.stateOf(model.index),
      sampling: this.#sampling.stateOf(model.index),
      flat: this.#flat.stateOf(model.index),
      reading: this.#readings.stateOf(model.index),
      window: this.window(model),
    }))
  }

  restore(state: ModelsState): void {
    for (const { series, forecast, sampling, flat, reading, window } of state) {
      const model = this.#add(series)
      this.#forecaster.restore(model.index, forecast)
      this.#sampling.restore(model.index, sampling)
      this.#flat.restore(model.index, flat)
      this.#readings.restore(model.index, reading)
      for (const [i, timeMs] of window.timeMs.entries()) this.#rings.push(model.index, timeMs, window.value[i]!)
    }
  }

  #read(at: number, forecast: Forecast, cap: number, isSuppressed: boolean, samples: number): void {
    const c = this.#readings.values
    c[at + EXPECTED] = forecast.expected
    c[at + SD] = forecast.sd
    c[at + Z] = isSuppressed ? 0 : within(forecast.z, cap)
    c[at + SMOOTH_Z] = isSuppressed ? 0 : within(forecast.smoothZ, cap)
    c[at + FLAGS] =
      (forecast.usesSeason ? USES_SEASON : 0) +
      (isSuppressed ? IS_SUPPRESSED : 0) +
      (!isSuppressed && samples > COUNTS_AFTER_SAMPLES ? COUNTS : 0) +
      (!isSuppressed && samples >= JUDGED_AFTER_SAMPLES ? IS_JUDGED : 0)
  }

  #add(series: MetricSeries): Model {
    const spare = this.#free.pop()
    const index = spare ?? this.#forecaster.add()
    if (spare === undefined) {
      this.#sampling.add()
      this.#flat.add()
      this.#readings.add()
    }
    const kind = kindOf(series)
    const { entity, entityKey, target, targetKey, models } = this.#ownerOf(series)
    const labels = isEmpty(series.labels) ? NO_LABELS : series.labels
    const model = {
      series: { ...series, metric: kind.metric, entity, target, labels },
      kind,
      index,
      entityKey,
      targetKey,
    }
    this.#models.set(series.key, model)
    models.add(model)
    const group = groupOf(model)
    if (group !== undefined) this.#groups.set(group, (this.#groups.get(group) ?? new Set()).add(model))
    return model
  }

  #ownerOf({ entity, target }: MetricSeries): Owner {
    const entityKey = keyOf(entity)
    const targetKey = keyOf(target)
    let owner = this.#owners.get(entityKey)
    if (owner?.targetKey !== targetKey) {
      owner = { entity, entityKey, target, targetKey, models: owner?.models ?? new Set() }
      this.#owners.set(entityKey, owner)
    }
    return owner
  }

  #elderOf(model: Model): Model | undefined {
    const group = groupOf(model)
    const [elder] = group === undefined ? [] : (this.#groups.get(group) ?? [])
    return elder === model ? undefined : elder
  }

  #drop(model: Model): void {
    this.#onDrop(model)
    const { index, series, entityKey } = model
    const models = this.#owners.get(entityKey)?.models
    models?.delete(model)
    if (models?.size === 0) this.#owners.delete(entityKey)
    this.#models.delete(series.key)
    const group = groupOf(model)
    const alike = group === undefined ? undefined : this.#groups.get(group)
    alike?.delete(model)
    if (group !== undefined && alike?.size === 0) this.#groups.delete(group)
    this.#forecaster.reset(index)
    this.#sampling.reset(index)
    this.#flat.reset(index)
    this.#readings.reset(index)
    this.#rings.reset(index)
    this.#free.push(index)
  }
}

/** Pods of one workload are alike, metric by metric and container by container. */
function groupOf({ series, targetKey }: Model): string | undefined {
  if (series.entity.kind !== 'Pod') return undefined
  return `${targetKey}\n${series.metric}\n${series.labels['container'] ?? ''}`
}

function isEmpty(labels: object): boolean {
  for (const _ in labels) return false
  return true
}

const within = (z: number, limit: number) => Math.max(-limit, Math.min(limit, z))
