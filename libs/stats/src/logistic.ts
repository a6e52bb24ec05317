/**
 * Logistic regression learnt one label at a time, each feature at a pace of its own (AdaGrad: Duchi, Hazan, Singer, 2011). The
 * rarer class weighs more, so that a model that always says the commoner one gains nothing.
 */
const PACE = 0.5
const LEAST = 1e-8
/** Keeps weights of features that are always there together from running away. */
const RIDGE = 1e-4
/** Greater features are taken as this, so that one sample cannot decide all. */
const GREATEST_FEATURE = 100

export interface LogisticState {
  weights: number[]
  squares: number[]
  /** Labels of each class: false, true. */
  labels: [number, number]
}

export class Logistic {
  readonly #features: number
  /** One for each feature; the last one is the bias. */
  readonly #weights: Float64Array
  readonly #squares: Float64Array
  readonly #labels: [number, number] = [0, 0]

  /** @param features of every sample, best of a size near 1 */
  constructor(features: number) {
    this.#features = features
    this.#weights = new Float64Array(features + 1)
    this.#squares = new Float64Array(features + 1)
  }

  /** Labels learnt so far. */
  get labels(): number {
    return this.#labels[0] + this.#labels[1]
  }

  /**
   * @param sample as many features as the model has
   * @returns 0 … 1, as if both classes were equally common; 0.5 before anything was learnt
   * @throws RangeError if the sample has another number of features, or one is no number
   */
  probability(sample: ArrayLike<number>): number {
    this.#check(sample)
    let sum = this.#weights[this.#features]!
    for (let i = 0; i < this.#features; i++) sum += this.#weights[i]! * bounded(sample[i]!)
    return 1 / (1 + Math.exp(-sum))
  }

  /** @throws RangeError as `probability` */
  learn(sample: ArrayLike<number>, label: boolean): void {
    const miss = this.probability(sample) - (label ? 1 : 0)
    const own = (this.#labels[label ? 1 : 0] += 1)
    const weight = (this.labels + 1) / (2 * (own + 0.5))
    for (let i = 0; i <= this.#features; i++) {
      const feature = i === this.#features ? 1 : bounded(sample[i]!)
      const slope = weight * miss * feature + RIDGE * this.#weights[i]!
      const squares = (this.#squares[i] = this.#squares[i]! + slope * slope)
      this.#weights[i] = this.#weights[i]! - (PACE * slope) / (Math.sqrt(squares) + LEAST)
    }
  }

  stateOf(): LogisticState {
    return { weights: [...this.#weights], squares: [...this.#squares], labels: [...this.#labels] }
  }

  /** @throws RangeError if the state is of a model with other features */
  restore({ weights, squares, labels }: LogisticState): void {
    if (weights.length !== this.#features + 1 || squares.length !== weights.length)
      throw new RangeError(
        `logistic state: expected ${this.#features + 1} weights, got ${weights.length} and ${squares.length}`,
      )
    this.#weights.set(weights)
    this.#squares.set(squares)
    this.#labels[0] = labels[0]
    this.#labels[1] = labels[1]
  }

  #check(sample: ArrayLike<number>): void {
    if (sample.length !== this.#features)
      throw new RangeError(`sample: expected ${this.#features} features, got ${sample.length}`)
    for (let i = 0; i < sample.length; i++)
      if (!Number.isFinite(sample[i])) throw new RangeError(`feature ${i}: expected a finite number, got ${sample[i]}`)
  }
}

const bounded = (feature: number) => Math.max(-GREATEST_FEATURE, Math.min(GREATEST_FEATURE, feature))
