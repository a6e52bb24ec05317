/**
 * Tier 3: is an entity with many metrics (pod, workload, node) as it usually is? Three views of each vector, none of which sees all:
 *
 * - structure: Mahalanobis length of the metrics and of their distance from their own mean of the last 300 samples. It sees a metric
 *   that leaves the others' company, and a state that lasts.
 * - surprise: what tier 1 has not foreseen, as the mean over metrics of sqrt |z|. It knows the season, and forgets a new level soon.
 * - jump: root mean square of the metrics' last steps, each in its own usual ones.
 *
 * Each is near 1 in ordinary times, by its making and without a scale that would have to be learnt. Their root of squares, smoothed
 * over 5 samples, is the score. Mahalanobis, On the generalised distance in statistics, 1936; the views and their constants were
 * chosen on SMD and ASD, where every one of them has a broad optimum.
 */
import { grown } from './columns.ts'
import { factorInto, solveLower, solveUpper, triangleCells } from './cholesky.ts'
import { gainAt, jumpOf, learnMetric, METRIC_COLUMNS, surpriseOf, usualOf } from './metric-views.ts'

/** Columns of the structure for each metric: its value, and its distance from its slow mean. */
const BLOCKS = 2
/** Above this a square is no number any more. */
const LARGEST = 1e150
const RIDGE = 0.01
/** Vectors before the covariance begins: the first ones have no spread to be measured by. */
const COVARIANCE_FROM = 10
/** Vectors that are added to the covariance at once: its cells are read and written once for all of them. */
const BATCH = 4
const FACTOR_EVERY = 100
const YOUNG_SAMPLES = 2000
const YOUNG_FACTOR_EVERY = 20
/** Vectors for each column of the structure before a score is given, and the least number. */
const WARM_UP_PER_COLUMN = 3
const LEAST_WARM_UP = 60
const JUMP_WEIGHT = 0.25
const SMOOTH_SAMPLES = 5
const TOP = 5

/** Columns of one entity's state. */
const SAMPLES = 0
const SCORE = 1
const HAS_FACTOR = 2
const ENTITY_COLUMNS = 3

/** What one vector looked like before it was learnt. */
export interface EntityScore {
  /** Smoothed root of the views' squares, 1 to 2 in ordinary times; 0 until it is warm. */
  score: number
  structure: number
  surprise: number
  jump: number
  isWarm: boolean
}

/** What one metric has in the last score. */
export interface Contribution {
  metric: number
  /** Of all metrics' contributions, 0 to 1. */
  share: number
  /** Distance from its usual value in standard deviations, signed. */
  z: number
}

/** The state of one entity, for a checkpoint. */
export interface EntityState {
  entity: number[]
  metrics: number[]
  covariance: number[]
  factor: number[]
  recent: number[]
}

export class EntityDetector {
  readonly #metrics: number
  readonly #size: number
  readonly #cells: number
  readonly #warmUp: number
  #capacity: number
  #count = 0
  #entity: Float64Array
  #metric: Float64Array
  #covariance: Float32Array
  #factor: Float32Array
  /** The last BATCH vectors of the structure, standardised. */
  #recent: Float32Array
  readonly #z: Float64Array
  readonly #whitened: Float64Array
  readonly #scratch: Float64Array
  /** Reused for every answer: scoring allocates nothing. */
  readonly #answer: EntityScore = { score: 0, structure: 0, surprise: 0, jump: 0, isWarm: false }

  /**
   * @param metrics of every entity in this detector, at least 1; entities with other metrics have a detector of their own
   * @throws RangeError if metrics is not a positive integer
   */
  constructor(metrics: number, capacity = 16) {
    if (!Number.isInteger(metrics) || metrics < 1)
      throw new RangeError(`metrics: expected a positive integer, got ${metrics}`)
    this.#metrics = metrics
    this.#size = metrics * BLOCKS
    this.#cells = triangleCells(this.#size)
    this.#warmUp = Math.max(LEAST_WARM_UP, WARM_UP_PER_COLUMN * this.#size)
    this.#capacity = capacity
    this.#entity = new Float64Array(capacity * ENTITY_COLUMNS)
    this.#metric = new Float64Array(capacity * metrics * METRIC_COLUMNS)
    this.#covariance = new Float32Array(capacity * this.#cells)
    this.#factor = new Float32Array(capacity * this.#cells)
    this.#recent = new Float32Array(capacity * BATCH * this.#size)
    this.#z = new Float64Array(this.#size)
    this.#whitened = new Float64Array(this.#size)
    this.#scratch = new Float64Array(this.#cells)
  }

  get size(): number {
    return this.#count
  }

  /** Makes room for one more entity and returns its index. */
  add(): number {
    if (this.#count === this.#capacity) this.#grow()
    return this.#count++
  }

  /** Forgets an entity's state, so that its index can serve another. */
  reset(index: number): void {
    for (const { array, width } of this.#parts()) array.fill(0, index * width, (index + 1) * width)
  }

  samples(index: number): number {
    return this.#entity[index * ENTITY_COLUMNS + SAMPLES]!
  }

  /**
   * Scores a vector, then learns it.
   *
   * @param index of the entity, from `add`
   * @param values one for each metric, each in its own unit; finite and at most 1e150 where present
   * @param surprises tier 1's residuals in standard deviations (`Forecast.z`), one for each metric; finite where present
   * @param isPresent 0 where the metric has no sample: its last value is carried for 3 steps, then it is taken as usual. All are
   *   present if it is left out
   * @param floors the spread of each metric is taken as this at least, in its unit: its practical resolution
   * @returns one object, reused by the next call
   * @throws RangeError if a length is not the number of metrics, a present number is not finite, or no metric is present; nothing
   *   is learnt then
   */
  learn(
    index: number,
    values: Float64Array,
    surprises: Float64Array,
    isPresent?: Uint8Array,
    floors?: Float64Array,
  ): EntityScore {
    this.#refuse(values, surprises, isPresent)
    const entity = this.#entity
    const at = index * ENTITY_COLUMNS
    const samples = entity[at + SAMPLES]! + 1
    entity[at + SAMPLES] = samples
    const { jump, surprise } = this.#standardise(index, values, surprises, isPresent, floors)
    const cells = index * this.#cells
    const square =
      entity[at + HAS_FACTOR] === 1 ? solveLower(this.#factor, cells, this.#size, this.#z, this.#whitened) : 0
    this.#learnCovariance(index, samples)

    const answer = this.#answer
    answer.isWarm = samples > this.#warmUp
    answer.structure = Math.sqrt(square / this.#size)
    answer.surprise = surprise
    answer.jump = jump
    if (answer.isWarm) {
      const raw = Math.sqrt(answer.structure ** 2 + surprise ** 2 + JUMP_WEIGHT * jump ** 2)
      const isFirst = samples === this.#warmUp + 1
      entity[at + SCORE]! += (raw - entity[at + SCORE]!) / (isFirst ? 1 : SMOOTH_SAMPLES)
    }
    answer.score = entity[at + SCORE]!
    return answer
  }

  /**
   * What the last vector's metrics had in its score, the largest first, at most 5: c = z (C⁻¹ z) summed over a metric's columns of
   * the structure, and its parts of surprise and jump.
   */
  contributions(index: number): Contribution[] {
    const d = this.#metrics
    const size = this.#size
    const samples = this.samples(index)
    if (samples === 0) return []
    const last = (index * BATCH + ((samples - 1) % BATCH)) * size
    const z = Float64Array.from(this.#recent.subarray(last, last + size))
    const solved = new Float64Array(size)
    if (this.#entity[index * ENTITY_COLUMNS + HAS_FACTOR] === 1) {
      solveLower(this.#factor, index * this.#cells, size, z, solved)
      solveUpper(this.#factor, index * this.#cells, size, solved)
    }
    const roots = Array.from({ length: d }, (_, j) => surpriseOf(this.#metric, (index * d + j) * METRIC_COLUMNS))
    const surprise = roots.reduce((sum, root) => sum + root, 0) / d
    const parts = roots.map((root, j) => {
      const structure = z[j]! * solved[j]! + z[d + j]! * solved[d + j]!
      const jump = jumpOf(this.#metric, (index * d + j) * METRIC_COLUMNS)
      return Math.max(0, structure / size) + (surprise * root) / d + (JUMP_WEIGHT * jump * jump) / d
    })
    const all = parts.reduce((sum, part) => sum + part, 0)
    return parts
      .map((part, metric) => ({ metric, share: all > 0 ? part / all : 0, z: z[metric]! }))
      .toSorted((a, b) => b.share - a.share)
      .slice(0, TOP)
  }

  /** Where a metric of an entity usually is, in its own unit: mean and standard deviation over all its history. */
  usual(index: number, metric: number): { mean: number; sd: number } {
    return usualOf(this.#metric, (index * this.#metrics + metric) * METRIC_COLUMNS)
  }

  /** All that is needed to go on elsewhere with the same scores to the bit. */
  stateOf(index: number): EntityState {
    const [entity, metrics, covariance, factor, recent] = this.#parts().map(({ array, width }) =>
      Array.from(array.subarray(index * width, (index + 1) * width)),
    ) as [number[], number[], number[], number[], number[]]
    return { entity, metrics, covariance, factor, recent }
  }

  /** @throws RangeError if the state is of another form; nothing is restored then */
  restore(index: number, state: EntityState): void {
    const parts = this.#parts()
    const given = [state.entity, state.metrics, state.covariance, state.factor, state.recent]
    const widths = parts.map(({ width }) => width).join(', ')
    const got = given.map((numbers) => numbers.length).join(', ')
    if (got !== widths)
      throw new RangeError(`entity state: expected parts of ${widths} numbers for ${this.#metrics} metrics, got ${got}`)
    for (const [i, { array, width }] of parts.entries()) array.set(given[i]!, index * width)
  }

  #refuse(values: Float64Array, surprises: Float64Array, isPresent: Uint8Array | undefined): void {
    const d = this.#metrics
    if (values.length !== d || surprises.length !== d || (isPresent?.length ?? d) !== d)
      throw new RangeError(
        `vector: expected ${d} metrics, got ${values.length} values, ${surprises.length} surprises${isPresent ? `, ${isPresent.length} flags` : ''}`,
      )
    let present = 0
    for (let j = 0; j < d; j++) {
      if (isPresent && isPresent[j] === 0) continue
      present++
      if (!(Math.abs(values[j]!) <= LARGEST))
        throw new RangeError(`values[${j}]: expected a finite number of at most ${LARGEST}, got ${values[j]}`)
      if (!Number.isFinite(surprises[j]!))
        throw new RangeError(`surprises[${j}]: expected a finite number, got ${surprises[j]}`)
    }
    if (present === 0) throw new RangeError('isPresent: expected at least one metric with a sample, got none')
  }

  /** Fills #z and the recent vectors, learns each metric by itself. */
  #standardise(
    index: number,
    values: Float64Array,
    surprises: Float64Array,
    isPresent: Uint8Array | undefined,
    floors: Float64Array | undefined,
  ): { jump: number; surprise: number } {
    const d = this.#metrics
    const state = this.#metric
    let squares = 0
    let roots = 0
    for (let j = 0; j < d; j++) {
      const c = (index * d + j) * METRIC_COLUMNS
      const value = isPresent?.[j] === 0 ? undefined : values[j]!
      learnMetric(state, c, value, surprises[j]!, this.#z, j, d + j, floors?.[j])
      squares += jumpOf(state, c) ** 2
      roots += surpriseOf(state, c)
    }
    const slot = (index * BATCH + ((this.samples(index) - 1) % BATCH)) * this.#size
    this.#recent.set(this.#z, slot)
    return { jump: Math.sqrt(squares / d), surprise: roots / d }
  }

  /** Adds the recent vectors when there are BATCH of them, and factors anew from time to time. */
  #learnCovariance(index: number, samples: number): void {
    const learnt = samples - COVARIANCE_FROM
    if (samples % BATCH !== 0 || learnt < BATCH) return
    const c = this.#covariance
    const r = this.#recent
    const size = this.#size
    const gain = BATCH * gainAt(learnt)
    const keep = 1 - gain
    const part = gain / BATCH
    const r0 = index * BATCH * size
    const r1 = r0 + size
    const r2 = r1 + size
    const r3 = r2 + size
    let row = index * this.#cells
    for (let i = 0; i < size; i++) {
      const a0 = part * r[r0 + i]!
      const a1 = part * r[r1 + i]!
      const a2 = part * r[r2 + i]!
      const a3 = part * r[r3 + i]!
      for (let k = 0; k <= i; k++)
        c[row + k] = keep * c[row + k]! + a0 * r[r0 + k]! + a1 * r[r1 + k]! + (a2 * r[r2 + k]! + a3 * r[r3 + k]!)
      row += i + 1
    }
    const every = samples < YOUNG_SAMPLES ? YOUNG_FACTOR_EVERY : FACTOR_EVERY
    if (samples < Math.min(this.#warmUp, LEAST_WARM_UP) || samples % every !== 0) return
    // Few vectors know little of how metrics go together: then they are taken as if each went for itself.
    factorInto(c, index * this.#cells, size, RIDGE + size / samples, this.#scratch)
    this.#factor.set(this.#scratch, index * this.#cells)
    this.#entity[index * ENTITY_COLUMNS + HAS_FACTOR] = 1
  }

  #parts(): { array: Float64Array | Float32Array; width: number }[] {
    return [
      { array: this.#entity, width: ENTITY_COLUMNS },
      { array: this.#metric, width: this.#metrics * METRIC_COLUMNS },
      { array: this.#covariance, width: this.#cells },
      { array: this.#factor, width: this.#cells },
      { array: this.#recent, width: BATCH * this.#size },
    ]
  }

  #grow(): void {
    this.#capacity = grown(this.#capacity)
    this.#entity = longer(this.#entity, new Float64Array(this.#capacity * ENTITY_COLUMNS))
    this.#metric = longer(this.#metric, new Float64Array(this.#capacity * this.#metrics * METRIC_COLUMNS))
    this.#covariance = longer(this.#covariance, new Float32Array(this.#capacity * this.#cells))
    this.#factor = longer(this.#factor, new Float32Array(this.#capacity * this.#cells))
    this.#recent = longer(this.#recent, new Float32Array(this.#capacity * BATCH * this.#size))
  }
}

function longer<A extends Float64Array | Float32Array>(old: A, array: A): A {
  array.set(old)
  return array
}
