/**
 * Tier 1: a robust level with a daily season for every series, learnt online, in {@link BYTES_PER_SERIES} bytes a series.
 *
 * Two predictors run side by side, one with the season and one without; the one with the smaller running error is used. What
 * is learnt is clipped at four standard deviations, so an outlier cannot drag the level, yet a lasting shift is learnt within
 * some tens of samples. Robust Holt-Winters after Gelper, Fried, Croux: Robust forecasting with exponential and Holt-Winters
 * smoothing, 2010; clipping rather than skipping, since skipping locks a model out after a level shift.
 *
 * A series is one record of an ArrayBuffer, so that a sample touches three or four cache lines: the time of the last sample
 * (float64), the columns (float32), how often each bucket was visited (four bits), the season (int16, in units of a power of
 * two that belongs to the series).
 */
import { grown } from './columns.ts'

const DAY_MS = 86_400_000
const BUCKETS = 96
const BUCKET_MS = DAY_MS / BUCKETS
/** Samples before a score is given at all. */
export const WARM_UP_SAMPLES = 30
/** Greater values are refused: their square must fit. */
export const GREATEST_VALUE = 1e30
const CLIP_SD = 4
/** A season may well be far from the level; beyond this many clips it would only spoil the unit that it is counted in. */
const SEASON_CLIPS = 64
const LEVEL_GAIN = 0.05
const SEASON_GAIN = 0.25
const ERROR_GAIN = 0.002
const VARIANCE_GAIN = 0.001
/** The season's third visit of a bucket is the first one that is used. */
const VISITS_BEFORE_USE = 2
/** From here on the season's gain is the same. */
const MOST_VISITS = 4
/** A standard deviation is at least this share of the level. */
const LEAST_SHARE = 0.005
const LEAST_SD = 1e-12
/** Beyond this many samples no gain changes any more. */
const MOST_SAMPLES = 1_000_000

/** Columns of one series, in float32. */
const LEVEL = 0
const SEASONAL_LEVEL = 1
const SD = 2
const ERROR = 3
const SEASONAL_ERROR = 4
const SAMPLES = 5
const SMOOTH = 6
const STATE = 7
const COLUMNS = 8

/** Places in a record, in bytes. */
const COLUMNS_AT = 8
const EXPONENT_AT = COLUMNS_AT + 4 * COLUMNS
const VISITS_AT = EXPONENT_AT + 4
const SEASON_AT = VISITS_AT + BUCKETS / 2
/** A multiple of eight, for the float64 at its head. */
export const BYTES_PER_SERIES = Math.ceil((SEASON_AT + 2 * BUCKETS) / 8) * 8

const GREATEST_STEP = 32_767
const LEAST_EXPONENT = -120
const GREATEST_EXPONENT = 120

/** What one sample looked like before it was learnt. */
export interface Forecast {
  expected: number
  /** Standard deviation of the residuals, with its floor. */
  sd: number
  /** Residual in standard deviations, signed; 0 during warm-up. */
  z: number
  /** The same, smoothed over about two samples: what an onset is found by. */
  smoothZ: number
  /** The same, smoothed over about five: what tells that it lasts. */
  stateZ: number
  usesSeason: boolean
}

/** The state of one series, for a checkpoint. */
export interface ForecasterState {
  lastMs: number
  /** Each float32 as its bits, since JSON knows no negative zero. */
  columns: number[]
  /** The season is counted in 2 to this power. */
  exponent: number
  season: number[]
  visits: number[]
}

export class SeasonalForecaster {
  #capacity: number
  #count = 0
  #wide!: Float64Array
  #columns!: Float32Array
  #bits!: Uint32Array
  #season!: Int16Array
  #bytes!: Uint8Array
  /** Reused for every answer: scoring allocates nothing. */
  readonly #forecast: Forecast = { expected: 0, sd: 0, z: 0, smoothZ: 0, stateZ: 0, usesSeason: false }

  constructor(capacity = 64) {
    this.#capacity = Math.max(1, capacity)
    this.#view(new ArrayBuffer(this.#capacity * BYTES_PER_SERIES))
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
    this.#bytes.fill(0, index * BYTES_PER_SERIES, (index + 1) * BYTES_PER_SERIES)
  }

  /**
   * Scores a sample, then learns it.
   *
   * @param index of the series, from `add`
   * @param timeMs the sample's own time
   * @param value in the series' own unit; finite and at most {@link GREATEST_VALUE} in size (the caller drops gaps)
   * @param floor smallest standard deviation that matters, in the series' unit: the metric's practical resolution
   * @returns one object, reused by the next call
   * @throws RangeError if value is not finite, or too great
   */
  learn(index: number, timeMs: number, value: number, floor = 0): Forecast {
    if (!(Math.abs(value) <= GREATEST_VALUE))
      throw new RangeError(`value: expected a finite number of at most ${GREATEST_VALUE}, got ${value}`)
    const c = this.#columns
    const record = index * BYTES_PER_SERIES
    const at = (record + COLUMNS_AT) >> 2
    const samples = c[at + SAMPLES]!
    if (samples === 0) {
      c[at + LEVEL] = value
      c[at + SEASONAL_LEVEL] = value
    }
    const bucketOfAll = Math.floor(timeMs / BUCKET_MS)
    const bucket = bucketOfAll - BUCKETS * Math.floor(bucketOfAll / BUCKETS)
    const visitsAt = record + VISITS_AT + (bucket >> 1)
    const shift = (bucket & 1) << 2
    const bothVisits = this.#bytes[visitsAt]!
    const visits = (bothVisits >> shift) & 15
    const seasonAt = ((record + SEASON_AT) >> 1) + bucket
    const unit = 2 ** ((this.#bytes[record + EXPONENT_AT]! << 24) >> 24)
    const season = this.#season[seasonAt]! * unit

    const plain = c[at + LEVEL]!
    const seasonalLevel = c[at + SEASONAL_LEVEL]!
    const seasonal = seasonalLevel + season
    const plainResidual = value - plain
    const seasonalResidual = value - seasonal
    const plainError = c[at + ERROR]!
    const seasonalError = c[at + SEASONAL_ERROR]!
    const usesSeason = visits >= VISITS_BEFORE_USE && seasonalError < plainError
    const residual = usesSeason ? seasonalResidual : plainResidual
    const learntSd = c[at + SD]!
    const sd = Math.max(learntSd, LEAST_SHARE * Math.abs(plain), floor, LEAST_SD)
    const isWarm = samples >= WARM_UP_SAMPLES
    const z = isWarm ? residual / sd : 0
    const smoothZ = (c[at + SMOOTH] = c[at + SMOOTH]! + (z - c[at + SMOOTH]!) / 2)
    const stateZ = (c[at + STATE] = c[at + STATE]! + (z - c[at + STATE]!) / 5)

    const limit = isWarm ? CLIP_SD * sd : GREATEST_VALUE
    const learnt = clip(residual, limit)
    const every = 1 / (samples + 1)
    const varianceGain = Math.max(VARIANCE_GAIN, every)
    c[at + SD] = Math.sqrt((1 - varianceGain) * learntSd * learntSd + varianceGain * learnt * learnt)
    const errorGain = Math.max(ERROR_GAIN, every)
    c[at + ERROR] = plainError + errorGain * (Math.min(Math.abs(plainResidual), 6 * sd) - plainError)
    c[at + SEASONAL_ERROR] = seasonalError + errorGain * (Math.min(Math.abs(seasonalResidual), 6 * sd) - seasonalError)
    c[at + LEVEL] = plain + LEVEL_GAIN * clip(plainResidual, limit)
    const nextLevel = seasonalLevel + LEVEL_GAIN * clip(seasonalResidual, limit)
    c[at + SEASONAL_LEVEL] = nextLevel
    c[at + SAMPLES] = Math.min(MOST_SAMPLES, samples + 1)

    const nextVisits = Math.min(MOST_VISITS, visits + 1)
    if (nextVisits !== visits) this.#bytes[visitsAt] = (bothVisits & (15 << (4 - shift))) | (nextVisits << shift)
    const seasonLimit = SEASON_CLIPS * limit
    const nextSeason = season + Math.max(SEASON_GAIN, 1 / nextVisits) * clip(value - nextLevel - season, seasonLimit)
    const step = Math.round(nextSeason / unit)
    if (step > GREATEST_STEP || step < -GREATEST_STEP || samples === 0) this.#setSeason(index, bucket, nextSeason)
    else this.#season[seasonAt] = step
    this.#wide[record >> 3] = timeMs

    const forecast = this.#forecast
    forecast.expected = usesSeason ? seasonal : plain
    forecast.sd = sd
    forecast.z = z
    forecast.smoothZ = smoothZ
    forecast.stateZ = stateZ
    forecast.usesSeason = usesSeason
    return forecast
  }

  /**
   * Gives a series that is new what another one like it knows of days: the season, and how much it is to be trusted. Its own level
   * begins at its first sample, and it warms up as any other.
   *
   * @param timeMs of the first sample, which is learnt by this
   * @param value as in `learn`
   */
  inherit(index: number, from: number, timeMs: number, value: number): void {
    this.#bytes.copyWithin(index * BYTES_PER_SERIES, from * BYTES_PER_SERIES, (from + 1) * BYTES_PER_SERIES)
    const record = index * BYTES_PER_SERIES
    const at = (record + COLUMNS_AT) >> 2
    const bucketOfAll = Math.floor(timeMs / BUCKET_MS)
    const bucket = bucketOfAll - BUCKETS * Math.floor(bucketOfAll / BUCKETS)
    const season = this.#season[((record + SEASON_AT) >> 1) + bucket]! * 2 ** this.#exponent(record)
    this.#columns[at + LEVEL] = value
    this.#columns[at + SEASONAL_LEVEL] = value - season
    this.#columns[at + SMOOTH] = 0
    this.#columns[at + STATE] = 0
    this.#columns[at + SAMPLES] = 1
    this.#wide[record >> 3] = timeMs
  }

  /** When the series was last learnt, in sample time; 0 before. */
  lastMs(index: number): number {
    return this.#wide[(index * BYTES_PER_SERIES) >> 3]!
  }

  samples(index: number): number {
    return this.#columns[((index * BYTES_PER_SERIES + COLUMNS_AT) >> 2) + SAMPLES]!
  }

  /** All that is needed to go on elsewhere with the same scores to the bit. */
  stateOf(index: number): ForecasterState {
    const record = index * BYTES_PER_SERIES
    const columnsAt = (record + COLUMNS_AT) >> 2
    const seasonAt = (record + SEASON_AT) >> 1
    return {
      lastMs: this.#wide[record >> 3]!,
      columns: [...this.#bits.subarray(columnsAt, columnsAt + COLUMNS)],
      exponent: this.#exponent(record),
      season: [...this.#season.subarray(seasonAt, seasonAt + BUCKETS)],
      visits: [...this.#bytes.subarray(record + VISITS_AT, record + VISITS_AT + BUCKETS / 2)],
    }
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: ForecasterState): void {
    const { lastMs, columns, exponent, season, visits } = state
    if (columns.length !== COLUMNS || season.length !== BUCKETS || visits.length !== BUCKETS / 2)
      throw new RangeError(
        `forecaster state: expected ${COLUMNS} columns and ${BUCKETS} buckets, got ${columns.length} and ${season.length}`,
      )
    const record = index * BYTES_PER_SERIES
    this.#wide[record >> 3] = lastMs
    this.#bits.set(columns, (record + COLUMNS_AT) >> 2)
    this.#bytes[record + EXPONENT_AT] = exponent
    this.#season.set(season, (record + SEASON_AT) >> 1)
    this.#bytes.set(visits, record + VISITS_AT)
  }

  #exponent(record: number): number {
    return (this.#bytes[record + EXPONENT_AT]! << 24) >> 24
  }

  /** Puts down a season that does not fit the unit of its series, which grows with it; the first sample chooses one. */
  #setSeason(index: number, bucket: number, value: number): void {
    const record = index * BYTES_PER_SERIES
    const c = this.#columns
    const isFirst = c[((record + COLUMNS_AT) >> 2) + SAMPLES] === 1
    const before = isFirst ? LEAST_EXPONENT : this.#exponent(record)
    // A first unit that is a millionth of the level leaves room for seasons of some hundredths of it up to 16 bits' worth.
    const level = Math.abs(c[(record + COLUMNS_AT) >> 2]!)
    const wanted =
      isFirst && level > 0 ? Math.ceil(Math.log2(level)) - 20 : Math.ceil(Math.log2(Math.abs(value) / 16_384))
    const exponent = Math.max(
      before,
      Math.min(GREATEST_EXPONENT, Math.max(LEAST_EXPONENT, Number.isFinite(wanted) ? wanted : 0)),
    )
    const at = (record + SEASON_AT) >> 1
    if (!isFirst)
      for (let i = 0; i < BUCKETS; i++)
        this.#season[at + i] = Math.round(this.#season[at + i]! * 2 ** (before - exponent))
    this.#bytes[record + EXPONENT_AT] = exponent
    this.#season[at + bucket] = Math.max(-GREATEST_STEP, Math.min(GREATEST_STEP, Math.round(value / 2 ** exponent)))
  }

  #grow(): void {
    this.#capacity = grown(this.#capacity)
    const before = this.#bytes
    this.#view(new ArrayBuffer(this.#capacity * BYTES_PER_SERIES))
    this.#bytes.set(before)
  }

  #view(buffer: ArrayBuffer): void {
    this.#wide = new Float64Array(buffer)
    this.#columns = new Float32Array(buffer)
    this.#bits = new Uint32Array(buffer)
    this.#season = new Int16Array(buffer)
    this.#bytes = new Uint8Array(buffer)
  }
}

const clip = (value: number, limit: number) => (value > limit ? limit : value < -limit ? -limit : value)
