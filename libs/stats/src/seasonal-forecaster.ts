/**
 * Tier 1: a robust level with a daily season for every series, learnt online, in typed arrays (604 bytes a series with 96 buckets).
 *
 * Two predictors run side by side, one with the season and one without; the one with the smaller running error is used. What
 * is learnt is clipped at four standard deviations, so an outlier cannot drag the level, yet a lasting shift is learnt within
 * some tens of samples. Robust Holt-Winters after Gelper, Fried, Croux: Robust forecasting with exponential and Holt-Winters
 * smoothing, 2010; clipping rather than skipping, since skipping locks a model out after a level shift.
 */
const DAY_MS = 86_400_000
/** Samples before a score is given at all. */
export const WARM_UP_SAMPLES = 30
const CLIP_SD = 4
const LEVEL_GAIN = 0.05
const SEASON_GAIN = 0.25
const ERROR_GAIN = 0.002
const VARIANCE_GAIN = 0.001
/** The season's third visit of a bucket is the first one that is used. */
const VISITS_BEFORE_USE = 2

/** Columns of one series' state. */
const LEVEL = 0
const SEASONAL_LEVEL = 1
const VARIANCE = 2
const ERROR = 3
const SEASONAL_ERROR = 4
const SAMPLES = 5
const SMOOTH = 6
const LAST_MS = 7
const COLUMNS = 8

/** What one sample looked like before it was learnt. */
export interface Forecast {
  expected: number
  /** Standard deviation of the residuals, with its floor. */
  sd: number
  /** Residual in standard deviations, signed; 0 during warm-up. */
  z: number
  /** The same, smoothed over about two samples: what an alarm looks at. */
  smoothZ: number
  usesSeason: boolean
}

/** The state of one series, for a checkpoint. */
export interface ForecasterState {
  columns: number[]
  season: number[]
  visits: number[]
}

export class SeasonalForecaster {
  readonly #buckets: number
  #capacity: number
  #count = 0
  #columns: Float64Array
  #season: Float32Array
  #visits: Uint8Array
  /** Reused for every answer: scoring allocates nothing. */
  readonly #forecast: Forecast = { expected: 0, sd: 0, z: 0, smoothZ: 0, usesSeason: false }

  /** @param buckets of a day; 96 is one every 15 minutes */
  constructor(capacity = 64, buckets = 96) {
    this.#buckets = buckets
    this.#capacity = capacity
    this.#columns = new Float64Array(capacity * COLUMNS)
    this.#season = new Float32Array(capacity * buckets)
    this.#visits = new Uint8Array(capacity * buckets)
  }

  get size(): number {
    return this.#count
  }

  /** Makes room for one more series and returns its index. */
  add(): number {
    if (this.#count === this.#capacity) this.#grow()
    return this.#count++
  }

  /** Forgets a series' state, so that its index can serve another. */
  reset(index: number): void {
    this.#columns.fill(0, index * COLUMNS, (index + 1) * COLUMNS)
    this.#season.fill(0, index * this.#buckets, (index + 1) * this.#buckets)
    this.#visits.fill(0, index * this.#buckets, (index + 1) * this.#buckets)
  }

  /**
   * Scores a sample, then learns it.
   *
   * @param index of the series, from `add`
   * @param timeMs the sample's own time
   * @param value in the series' own unit; must be finite (the caller drops gaps)
   * @param floor smallest standard deviation that matters, in the series' unit: the metric's practical resolution
   * @returns one object, reused by the next call
   * @throws RangeError if value is not finite
   */
  learn(index: number, timeMs: number, value: number, floor = 0): Forecast {
    if (!Number.isFinite(value)) throw new RangeError(`value: expected a finite number, got ${value}`)
    const c = this.#columns
    const at = index * COLUMNS
    const bucket = index * this.#buckets + Math.floor(((timeMs % DAY_MS) / DAY_MS) * this.#buckets)
    const samples = c[at + SAMPLES]!
    if (samples === 0) {
      c[at + LEVEL] = value
      c[at + SEASONAL_LEVEL] = value
    }
    const plain = c[at + LEVEL]!
    const seasonal = c[at + SEASONAL_LEVEL]! + this.#season[bucket]!
    const plainResidual = value - plain
    const seasonalResidual = value - seasonal
    const usesSeason = this.#visits[bucket]! > VISITS_BEFORE_USE - 1 && c[at + SEASONAL_ERROR]! < c[at + ERROR]!
    const residual = usesSeason ? seasonalResidual : plainResidual
    const sd = Math.max(Math.sqrt(c[at + VARIANCE]!), 0.005 * Math.abs(plain), floor, 1e-12)
    const isWarm = samples >= WARM_UP_SAMPLES
    const z = isWarm ? residual / sd : 0
    c[at + SMOOTH]! += (z - c[at + SMOOTH]!) / 2

    const limit = CLIP_SD * sd
    const clip = (r: number) => (isWarm ? Math.max(-limit, Math.min(limit, r)) : r)
    const learnt = clip(residual)
    const variance = Math.max(VARIANCE_GAIN, 1 / (samples + 1))
    c[at + VARIANCE] = (1 - variance) * c[at + VARIANCE]! + variance * learnt * learnt
    const error = Math.max(ERROR_GAIN, 1 / (samples + 1))
    c[at + ERROR]! += error * (Math.min(Math.abs(plainResidual), 6 * sd) - c[at + ERROR]!)
    c[at + SEASONAL_ERROR]! += error * (Math.min(Math.abs(seasonalResidual), 6 * sd) - c[at + SEASONAL_ERROR]!)
    c[at + LEVEL]! += LEVEL_GAIN * clip(plainResidual)
    c[at + SEASONAL_LEVEL]! += LEVEL_GAIN * clip(seasonalResidual)
    const visits = Math.min(255, this.#visits[bucket]! + 1)
    this.#visits[bucket] = visits
    this.#season[bucket]! +=
      Math.max(SEASON_GAIN, 1 / visits) * (value - c[at + SEASONAL_LEVEL]! - this.#season[bucket]!)
    c[at + SAMPLES] = samples + 1
    c[at + LAST_MS] = timeMs

    const forecast = this.#forecast
    forecast.expected = usesSeason ? seasonal : plain
    forecast.sd = sd
    forecast.z = z
    forecast.smoothZ = c[at + SMOOTH]!
    forecast.usesSeason = usesSeason
    return forecast
  }

  /** When the series was last learnt, in sample time; 0 before. */
  lastMs(index: number): number {
    return this.#columns[index * COLUMNS + LAST_MS]!
  }

  samples(index: number): number {
    return this.#columns[index * COLUMNS + SAMPLES]!
  }

  /** All that is needed to go on elsewhere with the same scores to the bit. */
  stateOf(index: number): ForecasterState {
    return {
      columns: [...this.#columns.subarray(index * COLUMNS, (index + 1) * COLUMNS)],
      season: [...this.#season.subarray(index * this.#buckets, (index + 1) * this.#buckets)],
      visits: [...this.#visits.subarray(index * this.#buckets, (index + 1) * this.#buckets)],
    }
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: ForecasterState): void {
    if (
      state.columns.length !== COLUMNS ||
      state.season.length !== this.#buckets ||
      state.visits.length !== this.#buckets
    )
      throw new RangeError(
        `forecaster state: expected ${COLUMNS} columns and ${this.#buckets} buckets, got ${state.columns.length} and ${state.season.length}`,
      )
    this.#columns.set(state.columns, index * COLUMNS)
    this.#season.set(state.season, index * this.#buckets)
    this.#visits.set(state.visits, index * this.#buckets)
  }

  #grow(): void {
    this.#capacity *= 2
    const columns = new Float64Array(this.#capacity * COLUMNS)
    columns.set(this.#columns)
    const season = new Float32Array(this.#capacity * this.#buckets)
    season.set(this.#season)
    const visits = new Uint8Array(this.#capacity * this.#buckets)
    visits.set(this.#visits)
    this.#columns = columns
    this.#season = season
    this.#visits = visits
  }
}
