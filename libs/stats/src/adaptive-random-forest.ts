/**
 * Adaptive random forest: Hoeffding trees that each learn a label a random number of times and look at random features; a tree
 * whose errors grow is replaced by one that has been learning in the background since the first sign. Gomes and others: Adaptive
 * random forests for evolving data stream classification, 2017; with River's defaults, as the original used it.
 *
 * With few labels, or few of one class, it says the commoner class; how it does beside `Logistic` is measured by `bench -- feedback`.
 */
import { Adwin, type AdwinState } from './adwin.ts'
import { HoeffdingTree, type HoeffdingTreeState } from './hoeffding-tree.ts'
import { nextRandom } from './random.ts'

const TREES = 10
/** Mean number of times that a tree learns a label. */
const TIMES = 6
const WARNING_DELTA = 0.01
const DRIFT_DELTA = 0.001

interface Member {
  tree: HoeffdingTree
  background: HoeffdingTree | undefined
  warning: Adwin
  drift: Adwin
  labels: number
  right: number
}

export interface ForestState {
  random: number
  drifts: number
  members: {
    tree: HoeffdingTreeState
    background?: HoeffdingTreeState
    warning: AdwinState
    drift: AdwinState
    labels: number
    right: number
  }[]
}

export class AdaptiveRandomForest {
  readonly #features: number
  readonly #classes: number
  readonly #random: Uint32Array
  #members: Member[]
  #drifts = 0

  /**
   * @param features of a sample
   * @param classes a label is 0 … classes − 1
   */
  constructor(features: number, classes: number, seed: number) {
    this.#features = features
    this.#classes = classes
    this.#random = Uint32Array.of(seed)
    this.#members = Array.from({ length: TREES }, () => this.#member(this.#tree()))
  }

  /** How many trees were replaced. */
  get drifts(): number {
    return this.#drifts
  }

  /**
   * @param sample as many features as the forest has
   * @returns the probability of each class, by trees that weigh by how often they were right; all 0 before anything was learnt
   * @throws RangeError if the sample has another number of features, or one is no number
   */
  probabilities(sample: ArrayLike<number>): number[] {
    this.#check(sample)
    const votes = Array.from({ length: this.#classes }, () => 0)
    for (const { tree, labels, right } of this.#members) {
      const weight = right > 0 ? right / labels : 1
      for (const [label, probability] of tree.probabilities(sample).entries())
        votes[label] = votes[label]! + weight * probability
    }
    const total = votes.reduce((all, vote) => all + vote, 0)
    return total === 0 ? votes : votes.map((vote) => vote / total)
  }

  /** @throws RangeError as `probabilities`, or if there is no such class */
  learn(sample: ArrayLike<number>, label: number): void {
    this.#check(sample)
    if (!Number.isInteger(label) || label < 0 || label >= this.#classes)
      throw new RangeError(`label: expected 0 to ${this.#classes - 1}, got ${label}`)
    for (const [i, member] of this.#members.entries()) {
      const told = member.tree.probabilities(sample)
      const isRight = told.indexOf(Math.max(...told)) === label
      member.labels += 1
      member.right += isRight ? 1 : 0
      const times = this.#poisson()
      if (times === 0) continue
      member.background?.learn(sample, label, times)
      member.tree.learn(sample, label, times)
      const miss = isRight ? 0 : 1
      if (member.warning.learn(miss)) {
        member.background = this.#tree()
        member.warning = new Adwin(WARNING_DELTA)
      }
      if (!member.drift.learn(miss)) continue
      this.#members[i] = this.#member(member.background ?? this.#tree())
      this.#drifts += 1
    }
  }

  stateOf(): ForestState {
    return {
      random: this.#random[0]!,
      drifts: this.#drifts,
      members: this.#members.map(({ tree, background, warning, drift, labels, right }) => ({
        tree: tree.stateOf(),
        ...(background && { background: background.stateOf() }),
        warning: warning.stateOf(),
        drift: drift.stateOf(),
        labels,
        right,
      })),
    }
  }

  restore({ random, drifts, members }: ForestState): void {
    this.#random[0] = random
    this.#drifts = drifts
    this.#members = members.map((state) => {
      const member = this.#member(this.#tree(state.tree))
      if (state.background) member.background = this.#tree(state.background)
      member.warning.restore(state.warning)
      member.drift.restore(state.drift)
      return Object.assign(member, { labels: state.labels, right: state.right })
    })
  }

  #member(tree: HoeffdingTree): Member {
    const [warning, drift] = [new Adwin(WARNING_DELTA), new Adwin(DRIFT_DELTA)]
    return { tree, background: undefined, warning, drift, labels: 0, right: 0 }
  }

  #tree(state?: HoeffdingTreeState): HoeffdingTree {
    const looksAt = Math.round(Math.sqrt(this.#features))
    const tree = new HoeffdingTree(this.#features, this.#classes, looksAt, this.#random)
    if (state) tree.restore(state)
    return tree
  }

  /** Knuth's. */
  #poisson(): number {
    const limit = Math.exp(-TIMES)
    let times = 0
    for (let product = nextRandom(this.#random, 0); product > limit; product *= nextRandom(this.#random, 0)) times += 1
    return times
  }

  #check(sample: ArrayLike<number>): void {
    if (sample.length !== this.#features)
      throw new RangeError(`sample: expected ${this.#features} features, got ${sample.length}`)
    for (let i = 0; i < sample.length; i++)
      if (!Number.isFinite(sample[i])) throw new RangeError(`feature ${i}: expected a finite number, got ${sample[i]}`)
  }
}
