/**
 * Tier 2: how new a sample is in the eyes of eight views of its series, learnt online, 5.9 KB a series.
 *
 * Views: beyond the range so far; means of the last 12, 36 and 144 samples against the long mean; the same quarter of an hour of
 * other days, the same half hour of other weeks; distance to the nearest shape seen before, on single samples and on means of six.
 * Each view's raw number becomes decades of surprise (`tail.ts`), a little smoothed. Their powers are added, a small exponent, so
 * that views that agree count more than one that is extreme. An alert is the onset; for the next 100
 * samples there is no other, unless the score goes far above the first one's peak.
 */
import { grown } from './columns.ts'
import {
  inUnits,
  isStale,
  keepShingle,
  nearestShingle,
  rescaleShingles,
  SHINGLE,
  SHINGLE_BYTES,
  type ShingleScale,
} from './shingle-memory.ts'
import { halveTail, MOST_UNITS, TAIL_BINS, tailBin, tailSurprise, UNITS_A_SAMPLE } from './tail.ts'

const DAY_MS = 86_400_000
/** Equal shares for the four kinds of view: range, means, seasons (one each), shapes. */
const WEIGHTS = [1, 1 / 3, 1 / 3, 1 / 3, 1, 1, 1 / 4, 1 / 4] as const
export const NOVELTY_VIEWS = ['range', 'mean12', 'mean36', 'mean144', 'day', 'week', 'shape', 'slowShape'] as const
const VIEWS = NOVELTY_VIEWS.length
const EXPONENT = 0.6
const SMOOTHING = 1 / 2
/** What a score has to reach for an alert. */
export const NOVELTY_THRESHOLD = 4.8
/** Samples after an onset without another, unless the score is higher by this much than the peak of the first samples. */
export const REFRACTORY_SAMPLES = 100
const REFIRE = 1.3
const PEAK_SAMPLES = 12
const WARM_UP_SAMPLES = 60

const MEANS = [12, 36, 144] as const
const RING = 144
const LONG_GAIN = 0.001
/** buckets, period, shift in ms (the epoch was a Thursday), visits before use, smallest gain. */
const SEASONS = [
  { buckets: 96, periodMs: DAY_MS, shiftMs: 0, visits: 3, gain: 0.1, at: RING },
  { buckets: 336, periodMs: 7 * DAY_MS, shiftMs: 3 * DAY_MS, visits: 2, gain: 0.25, at: RING + 96 },
] as const
const FLOATS = RING + 96 + 336
const VISITS = 96 + 336
/** Samples a point of the shape, and the share of shapes that are kept once there is no room. */
const SHAPES = [
  { scale: 1, share: 0.1 },
  { scale: 6, share: 0.3 },
] as const

/** Columns of one series. */
const SAMPLES = 0
const ORIGIN = 1
const MEAN = 2
const VARIANCE = 3
const MAX = 4
const MIN = 5
const UNITS = 6
const EPISODE = 7
const SUMS = 9
const SEASON_ERROR = 12
const SEASON_COUNT = 14
const UNIT = 16
const CENTRE = 17
const KEPT = 18
const SMOOTH = 20
const COLUMNS = SMOOTH + VIEWS

export interface Novelty {
  /** Sum over views; the threshold is in the same terms. */
  score: number
  /** The score has reached the threshold, and no other onset was shortly before. */
  isOnset: boolean
  /** Enough was seen for a score that means something. */
  isWarm: boolean
  /** What was usual before this sample: the long mean. */
  mean: number
  /** Decades of surprise of each view, in the order of NOVELTY_VIEWS; reused. */
  views: Float64Array
}

/** The state of one series, for a checkpoint. */
export interface NoveltyState {
  columns: number[]
  floats: number[]
  visits: number[]
  counts: number[]
  shingles: number[]
  random: number
}

/** Where a series stands between two alerts: samples since the last onset and its peak. */
export const NOVELTY_EPISODE_COLUMNS = 2

/**
 * @param episode samples since the last onset, and its peak, at `at`; moved on by the call. Zeros before the first sample
 * @returns whether a score begins an episode, or lifts one far above its peak
 */
export function isNoveltyOnset(episode: Float64Array, at: number, score: number, threshold: number): boolean {
  const since = ++episode[at]!
  if (since > REFRACTORY_SAMPLES) episode[at + 1] = 0
  const peak = episode[at + 1]!
  if (score >= threshold && score > REFIRE * peak) {
    episode[at] = 0
    episode[at + 1] = score
    return true
  }
  if (since <= PEAK_SAMPLES) episode[at + 1] = peak > 0 ? Math.max(peak, score) : 0
  return false
}

export class NoveltyEnsemble {
  readonly #seed: number
  readonly #threshold: number
  #capacity: number
  #count = 0
  #columns: Float64Array
  #floats: Float32Array
  #visits: Uint8Array
  #counts: Uint16Array
  #shingles: Int8Array
  #random: Uint32Array
  /** Reused for every answer: scoring allocates nothing. */
  readonly #novelty: Novelty = { score: 0, isOnset: false, isWarm: false, mean: 0, views: new Float64Array(VIEWS) }
  readonly #raw = new Float64Array(VIEWS)
  readonly #shingle = new Int8Array(SHINGLE)
  readonly #scale: ShingleScale = { unit: 0, centre: 0 }

  /** @param seed of what is kept of the shapes; the same seed gives the same scores */
  constructor(capacity = 64, { seed = 1, threshold = NOVELTY_THRESHOLD } = {}) {
    this.#seed = seed
    this.#threshold = threshold
    this.#capacity = capacity
    this.#columns = new Float64Array(capacity * COLUMNS)
    this.#floats = new Float32Array(capacity * FLOATS)
    this.#visits = new Uint8Array(capacity * VISITS)
    this.#counts = new Uint16Array(capacity * VIEWS * TAIL_BINS)
    this.#shingles = new Int8Array(capacity * SHAPES.length * SHINGLE_BYTES)
    this.#random = new Uint32Array(capacity)
  }

  /** Bytes that each series takes. */
  static get bytesPerSeries(): number {
    return COLUMNS * 8 + FLOATS * 4 + VISITS + VIEWS * TAIL_BINS * 2 + SHAPES.length * SHINGLE_BYTES + 4
  }

  get size(): number {
    return this.#count
  }

  /** Makes room for one more series and returns its index. */
  add(): number {
    if (this.#count === this.#capacity) this.#grow()
    this.#random[this.#count] = this.#seed
    return this.#count++
  }

  /** Forgets a series' state, so that its index can serve another. */
  reset(index: number): void {
    for (const [part, width] of this.#parts()) part.fill(0, index * width, (index + 1) * width)
    this.#random[index] = this.#seed
  }

  /**
   * Scores a sample, then learns it.
   *
   * @param index of the series, from `add`
   * @param timeMs the sample's own time, milliseconds since the epoch
   * @param value in the series' own unit; at most 1e30 either way (the caller drops gaps)
   * @returns one object, reused by the next call; score 0 for the first 144 samples
   * @throws RangeError if value is not finite or beyond 1e30
   */
  learn(index: number, timeMs: number, value: number): Novelty {
    if (!(Math.abs(value) <= 1e30)) throw new RangeError(`value: expected a number within ±1e30, got ${value}`)
    const c = this.#columns
    const at = index * COLUMNS
    const samples = c[at + SAMPLES]!
    if (samples === 0) c[at + ORIGIN] = value
    // Distances from the first value: 32 bits then hold small changes of large numbers.
    const v = value - c[at + ORIGIN]!
    const sd = Math.sqrt(c[at + VARIANCE]!) + 1e-9 * Math.abs(value) + 1e-12
    const raw = this.#raw.fill(0)
    const range = c[at + MAX]! - c[at + MIN]!
    const beyond = Math.max(0, v - c[at + MAX]!, c[at + MIN]! - v)
    if (samples > WARM_UP_SAMPLES) raw[0] = range > 0 ? beyond / range : Number(beyond > 0)
    this.#learnMeans(index, v, samples, sd)
    for (let s = 0; s < SEASONS.length; s++) this.#learnSeason(index, s, timeMs, v, sd)
    this.#learnShapes(index, samples, sd)
    c[at + MAX] = Math.max(c[at + MAX]!, v)
    c[at + MIN] = Math.min(c[at + MIN]!, v)
    this.#novelty.mean = samples === 0 ? value : c[at + ORIGIN]! + c[at + MEAN]!
    const gain = Math.max(LONG_GAIN, 1 / (samples + 1))
    const change = v - c[at + MEAN]!
    c[at + MEAN]! += gain * change
    c[at + VARIANCE] = (1 - gain) * (c[at + VARIANCE]! + gain * change * change)
    c[at + SAMPLES] = samples + 1
    return this.#answer(index, samples)
  }

  /** All that is needed to go on elsewhere with the same scores to the bit. */
  stateOf(index: number): NoveltyState {
    const [columns, floats, visits, counts, shingles, random] = this.#parts().map(([part, width]) => [
      ...part.subarray(index * width, (index + 1) * width),
    ])
    return {
      columns: columns!,
      floats: floats!,
      visits: visits!,
      counts: counts!,
      shingles: shingles!,
      random: random![0]!,
    }
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: NoveltyState): void {
    const given = [state.columns, state.floats, state.visits, state.counts, state.shingles, [state.random]]
    this.#parts().forEach(([, width], p) => {
      if (given[p]!.length !== width)
        throw new RangeError(`novelty state: expected ${width} numbers in part ${p}, got ${given[p]!.length}`)
    })
    this.#parts().forEach(([part, width], p) => part.set(given[p]!, index * width))
  }

  #answer(index: number, samples: number): Novelty {
    const c = this.#columns
    const at = index * COLUMNS
    const novelty = this.#novelty
    const { views } = novelty
    const units = c[at + UNITS]!
    let score = 0
    for (let view = 0; view < VIEWS; view++) {
      const from = (index * VIEWS + view) * TAIL_BINS
      const x = this.#raw[view]!
      const bin = tailBin(x)
      const decades = samples < WARM_UP_SAMPLES ? 0 : tailSurprise(this.#counts, from, units, x, bin)
      this.#counts[from + bin]! += UNITS_A_SAMPLE
      if (units + UNITS_A_SAMPLE >= MOST_UNITS) halveTail(this.#counts, from)
      views[view] = c[at + SMOOTH + view]! += SMOOTHING * (decades - c[at + SMOOTH + view]!)
      score += WEIGHTS[view]! * views[view]! ** EXPONENT
    }
    c[at + UNITS] = units + UNITS_A_SAMPLE >= MOST_UNITS ? (units + UNITS_A_SAMPLE) / 2 : units + UNITS_A_SAMPLE
    // Until the longest mean is there, what is new is the series itself.
    novelty.isWarm = samples >= RING
    novelty.score = novelty.isWarm ? score : 0
    novelty.isOnset = isNoveltyOnset(c, at + EPISODE, novelty.score, this.#threshold)
    return novelty
  }

  #learnMeans(index: number, v: number, samples: number, sd: number): void {
    const c = this.#columns
    const at = index * COLUMNS
    const ring = index * FLOATS
    const place = samples % RING
    const stored = Math.fround(v)
    for (let k = 0; k < MEANS.length; k++) {
      const length = MEANS[k]!
      const leaves = samples >= length ? this.#floats[ring + ((samples - length) % RING)]! : 0
      c[at + SUMS + k]! += stored - leaves
      if (samples >= length) this.#raw[1 + k] = Math.abs(c[at + SUMS + k]! / length - c[at + MEAN]!) / sd
    }
    this.#floats[ring + place] = stored
    // Once a round the sums are made anew, else their rounding would grow for ever.
    if (place === RING - 1)
      for (let k = 0; k < MEANS.length; k++) {
        let sum = 0
        for (let i = RING - MEANS[k]!; i < RING; i++) sum += this.#floats[ring + i]!
        c[at + SUMS + k] = sum
      }
  }

  #learnSeason(index: number, s: number, timeMs: number, v: number, sd: number): void {
    const c = this.#columns
    const at = index * COLUMNS
    const { buckets, periodMs, shiftMs, visits, gain, at: start } = SEASONS[s]!
    const phase = (timeMs + shiftMs) % periodMs
    const bucket = Math.floor(((phase < 0 ? phase + periodMs : phase) / periodMs) * buckets)
    const place = index * FLOATS + start + bucket
    const visit = index * VISITS + start - RING + bucket
    const seen = this.#visits[visit]!
    if (seen >= visits) {
      const error = Math.abs(v - this.#floats[place]!)
      this.#raw[4 + s] = error / (c[at + SEASON_ERROR + s]! + 0.02 * sd)
      const count = (c[at + SEASON_COUNT + s]! += 1)
      c[at + SEASON_ERROR + s]! += Math.max(0.002, 1 / count) * (Math.min(error, 6 * sd) - c[at + SEASON_ERROR + s]!)
    }
    this.#visits[visit] = Math.min(255, seen + 1)
    this.#floats[place]! += Math.max(gain, 1 / (seen + 1)) * (v - this.#floats[place]!)
  }

  #learnShapes(index: number, samples: number, sd: number): void {
    const c = this.#columns
    const at = index * COLUMNS
    const scale = this.#scale
    scale.unit = c[at + UNIT]!
    scale.centre = c[at + CENTRE]!
    const mean = c[at + MEAN]!
    const room = index * SHAPES.length * SHINGLE_BYTES
    if (isStale(scale, mean, sd)) {
      rescaleShingles(this.#shingles, room, SHAPES.length * SHINGLE_BYTES, scale, mean, sd)
      c[at + UNIT] = scale.unit
      c[at + CENTRE] = scale.centre
    }
    for (let k = 0; k < SHAPES.length; k++) {
      const { scale: step, share } = SHAPES[k]!
      const length = SHINGLE * step
      if (samples + 1 < length) continue
      const from = room + k * SHINGLE_BYTES
      const kept = c[at + KEPT + k]!
      this.#readShingle(index, samples, step)
      if (kept > 0) this.#raw[6 + k] = nearestShingle(this.#shingles, from, kept, this.#shingle)
      // One that ended a whole length ago, so that no shape is compared with itself.
      if (samples - length + 1 < length) continue
      this.#readShingle(index, samples - length, step)
      c[at + KEPT + k] = keepShingle(this.#shingles, from, kept, this.#shingle, share, this.#random, index)
    }
  }

  /** Means of `step` samples, the last of which is sample `end`, in units. */
  #readShingle(index: number, end: number, step: number): void {
    const ring = index * FLOATS
    let place = (end - SHINGLE * step + 1) % RING
    for (let j = 0; j < SHINGLE; j++) {
      let sum = 0
      for (let i = 0; i < step; i++) {
        sum += this.#floats[ring + place]!
        if (++place === RING) place = 0
      }
      this.#shingle[j] = inUnits(sum / step, this.#scale)
    }
  }

  #parts(): [Float64Array | Float32Array | Uint8Array | Uint16Array | Int8Array | Uint32Array, number][] {
    return [
      [this.#columns, COLUMNS],
      [this.#floats, FLOATS],
      [this.#visits, VISITS],
      [this.#counts, VIEWS * TAIL_BINS],
      [this.#shingles, SHAPES.length * SHINGLE_BYTES],
      [this.#random, 1],
    ]
  }

  #grow(): void {
    const old = this.#parts()
    this.#capacity = grown(this.#capacity)
    this.#columns = new Float64Array(this.#capacity * COLUMNS)
    this.#floats = new Float32Array(this.#capacity * FLOATS)
    this.#visits = new Uint8Array(this.#capacity * VISITS)
    this.#counts = new Uint16Array(this.#capacity * VIEWS * TAIL_BINS)
    this.#shingles = new Int8Array(this.#capacity * SHAPES.length * SHINGLE_BYTES)
    this.#random = new Uint32Array(this.#capacity)
    this.#parts().forEach(([part], p) => part.set(old[p]![0]))
  }
}
