import { keyOf, type MetricSeries } from '@kubewise/contracts'
import { metricNamed, UNKNOWN, type Metric } from '@kubewise/metrics'
import { GREATEST_VALUE, median, SeasonalForecaster, type Forecast, type ForecasterState } from '@kubewise/stats'
import type { Finding } from '../finding.ts'
import { Rings } from './ring.ts'

export const LEVEL_RULE = { name: 'metric-level', version: 1, forMs: 0, clearMs: 120_000 } as const

/** A series that has not been heard of for this long is forgotten. */
const FORGOTTEN_MS = 2 * 3_600_000
/** The original's threshold of 0.85 (a score from 0 to 1) stands for this many standard deviations; see `deviationsOf`. */
const DEFAULT_THRESHOLD = 0.85
const DEFAULT_DEVIATIONS = 8
/** Deviations a hundredth of the original's threshold adds or takes. */
const DEVIATIONS_PER_HUNDREDTH = 0.4
const FEWEST_DEVIATIONS = 4
/** What is looked at for a flat use. */
const LOOKED_BACK_MS = 300_000
const START_UP_MS = 60_000
const FEWEST_POINTS = 4
/** Growth below this share of the level is noise. */
const NOISE_SHARE = 0.02
/** A level is judged only after an hour at one sample in 15 s. */
const JUDGED_AFTER_SAMPLES = 240

export type ModelsState = {
  series: MetricSeries
  lastMs: number
  state: ForecasterState
  window: { timeMs: number[]; value: number[] }
}[]

/** What is known of a metric beforehand, as far as its level is judged by it. */
type MetricKind = Pick<Metric, 'bad' | 'floor' | 'minEffect'>

interface Model {
  series: MetricSeries
  kind: MetricKind
  index: number
  lastMs: number
}

/** How many standard deviations the threshold of the original's scale, 0 to 1, means here. */
export function deviationsOf(threshold: number): number {
  return Math.max(
    FEWEST_DEVIATIONS,
    DEFAULT_DEVIATIONS + (threshold - DEFAULT_THRESHOLD) * 100 * DEVIATIONS_PER_HUNDREDTH,
  )
}

/** One forecaster for every series of a partition. */
export class Models {
  readonly #forecaster = new SeasonalForecaster()
  readonly #rings = new Rings()
  readonly #models = new Map<string, Model>()
  readonly #free: number[] = []

  /**
   * Learns one sample. Samples that are not newer than the last one are dropped, repeats and stragglers, and values beyond all
   * measure.
   *
   * @param threshold of the original's scale, 0 to 1
   * @returns a finding, or undefined where the sample is ordinary; `false` where it was dropped
   */
  observe(series: MetricSeries, timeMs: number, value: number, threshold: number): Finding | undefined | false {
    const model = this.#models.get(series.key) ?? this.#add(series)
    if (timeMs <= model.lastMs || !(Math.abs(value) <= GREATEST_VALUE)) return false
    model.lastMs = timeMs
    const forecast = this.#forecaster.learn(model.index, timeMs, value, model.kind.floor)
    this.#rings.push(model.index, timeMs, value)
    if (this.#forecaster.samples(model.index) < JUDGED_AFTER_SAMPLES) return undefined
    return this.#isBad(model.kind, forecast, value, deviationsOf(threshold))
      ? this.#finding(model, forecast, value)
      : undefined
  }

  /**
   * Whether an entity's use had been flat before it ended at `atMs` after running for `ranMs`. Its start is left out, the last
   * five minutes count; use that would have grown by half over the whole run at the pace seen there is a leak, however slow.
   */
  wasFlat(entityKey: string, metric: string, atMs: number, ranMs: number): boolean {
    for (const { series, index } of this.#models.values()) {
      if (series.metric !== metric || keyOf(series.entity) !== entityKey) continue
      const fromMs = Math.max(atMs - LOOKED_BACK_MS, atMs - ranMs + START_UP_MS)
      const { timeMs, value } = this.#rings.window(index)
      const points = timeMs.flatMap((ms, i) => (ms >= fromMs && ms <= atMs ? { ms, value: value[i]! } : []))
      if (points.length < FEWEST_POINTS) return false
      const [first, second] = [points.slice(0, points.length >> 1), points.slice(points.length >> 1)]
      const level = (half: typeof points) => median(half.map((point) => point.value))
      const growth = level(second) - level(first)
      const overMs = median(second.map((point) => point.ms)) - median(first.map((point) => point.ms))
      const highest = Math.max(level(first), level(second))
      const isDrift = growth > NOISE_SHARE * highest && (growth / overMs) * ranMs > 0.5 * highest
      return growth <= 0.2 * highest && !isDrift
    }
    return false
  }

  /** Forgets what belongs to an entity that is gone. */
  forget(entityKey: string): void {
    for (const [key, model] of this.#models) if (keyOf(model.series.entity) === entityKey) this.#drop(key, model)
  }

  /** Forgets series that nobody sends any more. */
  forgetStale(nowMs: number): void {
    for (const [key, model] of this.#models) if (nowMs - model.lastMs > FORGOTTEN_MS) this.#drop(key, model)
  }

  get size(): number {
    return this.#models.size
  }

  state(): ModelsState {
    return [...this.#models.values()].map(({ series, lastMs, index }) => ({
      series,
      lastMs,
      state: this.#forecaster.stateOf(index),
      window: this.#rings.window(index),
    }))
  }

  restore(state: ModelsState): void {
    for (const { series, lastMs, state: forecast, window } of state) {
      const model = this.#add(series)
      model.lastMs = lastMs
      this.#forecaster.restore(model.index, forecast)
      for (const [i, timeMs] of window.timeMs.entries()) this.#rings.push(model.index, timeMs, window.value[i]!)
    }
  }

  #isBad({ bad, minEffect }: MetricKind, forecast: Forecast, value: number, deviations: number): boolean {
    const effect = value - forecast.expected
    if (Math.abs(forecast.smoothZ) < deviations || Math.abs(effect) < minEffect) return false
    return bad === 'both' || (bad === 'up') === effect > 0
  }

  #finding(model: Model, forecast: Forecast, value: number): Finding {
    const { expected, sd, smoothZ } = forecast
    const { series } = model
    const deviations = deviationsOf(DEFAULT_THRESHOLD)
    return {
      severity: 'info',
      say: `${series.metric} is ${value.toPrecision(3)}, expected about ${expected.toPrecision(3)} (${Math.abs(smoothZ).toFixed(0)} standard deviations).`,
      features: {
        metric: series.metric,
        value,
        expected,
        deviations: Math.round(smoothZ * 10) / 10,
        season: forecast.usesSeason,
      },
      // Gaussian tail in decades; an order of magnitude is all that is claimed.
      score: Math.min(12, (smoothZ * smoothZ) / 2 / Math.LN10),
      confidence: 0.6,
      metric: {
        name: series.metric,
        value,
        expected,
        low: expected - deviations * sd,
        high: expected + deviations * sd,
        intervalMs: series.intervalMs,
      },
      window: this.#rings.window(model.index),
    }
  }

  #add(series: MetricSeries): Model {
    const index = this.#free.pop() ?? this.#forecaster.add()
    const model = { series, kind: series.known ?? metricNamed(series.metric) ?? UNKNOWN, index, lastMs: 0 }
    this.#models.set(series.key, model)
    return model
  }

  #drop(key: string, model: Model): void {
    this.#models.delete(key)
    this.#forecaster.reset(model.index)
    this.#rings.reset(model.index)
    this.#free.push(model.index)
  }
}
