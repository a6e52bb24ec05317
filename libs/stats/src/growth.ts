/**
 * When will it reach its limit? A level (memory, a disk, file handles, a queue) is looked at over three hours, half a day and two days
 * at once, each as 36 means in a ring; the scale that is surest of a rise tells.
 */
import { grown } from './columns.ts'
import { trendOf, type Trend } from './trend.ts'

const POINTS = 36
/** One point of each scale is the mean of this long: 3 h, 12 h and 48 h in all. */
const SCALES_MS = [5 * 60_000, 20 * 60_000, 80 * 60_000]
const FEWEST_POINTS = 12
/** A mean this much lower begins anew: a container was restarted, a volume was cleaned. */
const DROP_SHARE = 0.7
const MOST_P = 1e-4
const FEWEST_NOISES = 6

/** Columns of a scale: the mean that is gathered, then how many points the ring holds and where the next goes. */
const START_MS = 0
const SUM = 1
const SAMPLES = 2
const HELD = 3
const NEXT = 4
const COLUMNS = 5

/** A limit that comes nearer. */
export interface GrowthForecast {
  /** Until the limit, from the last point on; 0 where it is reached. */
  leftMs: number
  /** With 95 %: the earliest, and the latest (Infinity where the rise may as well be none). */
  earliestMs: number
  latestMs: number
  trend: Trend
  /** The time over which it was looked at. */
  scaleMs: number
}

/** Everything of one series, for a checkpoint. */
export interface GrowthState {
  columns: number[]
  timeMs: number[]
  value: number[]
}

/** The levels of many series, 1.8 KB each. */
export class Growth {
  #capacity: number
  #count = 0
  #columns: Float64Array
  #timeMs: Float64Array
  #value: Float64Array

  constructor(capacity = 16) {
    this.#capacity = capacity
    this.#columns = new Float64Array(capacity * SCALES_MS.length * COLUMNS)
    this.#timeMs = new Float64Array(capacity * SCALES_MS.length * POINTS)
    this.#value = new Float64Array(capacity * SCALES_MS.length * POINTS)
  }

  /** Makes room for one more series and returns its index. */
  add(): number {
    if (this.#count === this.#capacity) this.#grow()
    return this.#count++
  }

  reset(index: number): void {
    this.#columns.fill(0, index * SCALES_MS.length * COLUMNS, (index + 1) * SCALES_MS.length * COLUMNS)
  }

  /**
   * @param timeMs ascending
   * @param value in the limit's unit
   * @returns whether a point of any scale was completed: only then a forecast can have changed
   * @throws RangeError if value is not finite
   */
  learn(index: number, timeMs: number, value: number): boolean {
    if (!Number.isFinite(value)) throw new RangeError(`value: expected a finite number, got ${value}`)
    let isNew = false
    for (const scale of SCALES_MS.keys()) isNew = this.#gather(index, scale, timeMs, value) || isNew
    return isNew
  }

  /**
   * The forecast of the scale that is surest: a rise that Mann and Kendall's test takes for chance in fewer than one of 10,000 cases, and
   * that stands six times out of the noise. No scale looks further ahead than back.
   *
   * @param limit in the value's unit
   * @param horizonMs how far ahead it is looked
   * @returns undefined where no scale foretells the limit within the horizon
   */
  forecast(index: number, limit: number, horizonMs: number): GrowthForecast | undefined {
    let surest: GrowthForecast | undefined
    for (const scale of SCALES_MS.keys()) {
      const trend = this.#trendOf(index, scale)
      if (!trend || trend.p >= MOST_P) continue
      if (trend.slopePerMs * trend.spanMs < FEWEST_NOISES * trend.noise) continue
      const until = (slopePerMs: number) =>
        trend.level >= limit ? 0 : slopePerMs > 0 ? (limit - trend.level) / slopePerMs : Infinity
      const leftMs = until(trend.slopePerMs)
      // What is seen of a few hours says little of the next day: no scale looks further ahead than back.
      if (leftMs > Math.min(horizonMs, SCALES_MS[scale]! * POINTS) || (surest && surest.trend.p <= trend.p)) continue
      surest = {
        leftMs,
        earliestMs: until(trend.highSlopePerMs),
        latestMs: until(trend.lowSlopePerMs),
        trend,
        scaleMs: SCALES_MS[scale]! * POINTS,
      }
    }
    return surest
  }

  /**
   * The level at a time of the last two days, between the means around it.
   *
   * @returns undefined where there is none on either side
   */
  levelAt(index: number, timeMs: number): number | undefined {
    const scale = SCALES_MS.length - 1
    const at = (index * SCALES_MS.length + scale) * COLUMNS
    const held = this.#columns[at + HELD]!
    const points = (index * SCALES_MS.length + scale) * POINTS
    let before: number | undefined
    for (let i = 0; i < held; i++) {
      const place = points + ((this.#columns[at + NEXT]! + POINTS - held + i) % POINTS)
      // A mean stands for the middle of its time.
      const afterMs = this.#timeMs[place]! + SCALES_MS[scale]! / 2 - timeMs
      if (afterMs >= 0 && before !== undefined) {
        const sinceMs = this.#timeMs[place]! - this.#timeMs[before]!
        const share = (sinceMs - afterMs) / sinceMs
        return this.#value[before]! + share * (this.#value[place]! - this.#value[before]!)
      }
      before = afterMs < 0 ? place : undefined
    }
    return undefined
  }

  stateOf(index: number): GrowthState {
    const [columns, points] = [SCALES_MS.length * COLUMNS, SCALES_MS.length * POINTS]
    return {
      columns: [...this.#columns.subarray(index * columns, (index + 1) * columns)],
      timeMs: [...this.#timeMs.subarray(index * points, (index + 1) * points)],
      value: [...this.#value.subarray(index * points, (index + 1) * points)],
    }
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, { columns, timeMs, value }: GrowthState): void {
    const points = SCALES_MS.length * POINTS
    if (columns.length !== SCALES_MS.length * COLUMNS || timeMs.length !== points || value.length !== points)
      throw new RangeError(
        `growth state: expected ${SCALES_MS.length * COLUMNS} columns and ${points} points, got ${columns.length} and ${value.length}`,
      )
    this.#columns.set(columns, index * SCALES_MS.length * COLUMNS)
    this.#timeMs.set(timeMs, index * points)
    this.#value.set(value, index * points)
  }

  #gather(index: number, scale: number, timeMs: number, value: number): boolean {
    const c = this.#columns
    const at = (index * SCALES_MS.length + scale) * COLUMNS
    const isComplete = c[at + SAMPLES]! > 0 && timeMs - c[at + START_MS]! >= SCALES_MS[scale]!
    if (isComplete) this.#append(index, scale, c[at + START_MS]!, c[at + SUM]! / c[at + SAMPLES]!)
    if (isComplete || c[at + SAMPLES] === 0) {
      c[at + START_MS] = timeMs
      c[at + SUM] = 0
      c[at + SAMPLES] = 0
    }
    c[at + SUM]! += value
    c[at + SAMPLES]! += 1
    return isComplete
  }

  #append(index: number, scale: number, timeMs: number, value: number): void {
    const c = this.#columns
    const at = (index * SCALES_MS.length + scale) * COLUMNS
    const points = (index * SCALES_MS.length + scale) * POINTS
    const last = this.#value[points + ((c[at + NEXT]! + POINTS - 1) % POINTS)]!
    if (c[at + HELD]! > 0 && value < DROP_SHARE * last) c[at + HELD] = c[at + NEXT] = 0
    this.#timeMs[points + c[at + NEXT]!] = timeMs
    this.#value[points + c[at + NEXT]!] = value
    c[at + NEXT] = (c[at + NEXT]! + 1) % POINTS
    c[at + HELD] = Math.min(POINTS, c[at + HELD]! + 1)
  }

  #trendOf(index: number, scale: number): Trend | undefined {
    const c = this.#columns
    const at = (index * SCALES_MS.length + scale) * COLUMNS
    const held = c[at + HELD]!
    if (held < FEWEST_POINTS) return undefined
    const first = c[at + NEXT]! + POINTS - held
    const order = Array.from(
      { length: held },
      (_, i) => (index * SCALES_MS.length + scale) * POINTS + ((first + i) % POINTS),
    )
    return trendOf(
      order.map((i) => this.#timeMs[i]!),
      order.map((i) => this.#value[i]!),
    )
  }

  #grow(): void {
    this.#capacity = grown(this.#capacity)
    const larger = (from: Float64Array, width: number) => {
      const to = new Float64Array(this.#capacity * SCALES_MS.length * width)
      to.set(from)
      return to
    }
    this.#columns = larger(this.#columns, COLUMNS)
    this.#timeMs = larger(this.#timeMs, POINTS)
    this.#value = larger(this.#value, POINTS)
  }
}
