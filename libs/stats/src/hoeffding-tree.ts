/**
 * A decision tree learnt one label at a time: a leaf splits once its best split is better than the next by more than chance allows
 * (Hoeffding's bound). Domingos, Hulten: Mining high-speed data streams, 2000; in the form that River's forest gives it: numbers
 * as a Gaussian for each class, leaves that answer by the majority or by naive Bayes, whichever was right more often, and each leaf
 * looks at some features only. Other than there, a leaf that finds no split tries again later: River's gives up for ever, and
 * where one label in a hundred is rare that is every leaf.
 */
import {
  classGaussians,
  learnGaussian,
  logDensity,
  placesOf,
  weightsBelow,
  type ClassGaussians,
} from './class-gaussians.ts'
import { nextRandom } from './random.ts'

/** Weight a leaf takes between two attempts to split. */
const GRACE = 50
const DELTA = 0.01
/** Below this bound, equal splits are as good as each other. */
const TIE = 0.05
const PLACES = 10
/** A side with less than this share of the weight is none. */
const LEAST_SIDE = 0.01
/** A leaf in which one class has more than this share is not split. */
const MOST_SHARE = 0.99

interface Leaf {
  /** Weight of each class. */
  counts: number[]
  /** Features it looks at; none before its first label. */
  features: number[]
  /** Of those, in their order. */
  gaussians: ClassGaussians[]
  triedAt: number
  majorityRight: number
  bayesRight: number
}

interface Split {
  feature: number
  /** At most this: left. */
  at: number
  left: TreeNode
  right: TreeNode
}

type TreeNode = Leaf | Split

/** Plain numbers, for a checkpoint. */
export type HoeffdingTreeState = TreeNode

export class HoeffdingTree {
  readonly #features: number
  readonly #classes: number
  readonly #looksAt: number
  readonly #random: Uint32Array
  #root: TreeNode

  /**
   * @param features of a sample
   * @param classes a label is 0 … classes − 1
   * @param looksAt how many features each leaf looks at
   * @param random state of a seeded generator, in its first place; moved on
   */
  constructor(features: number, classes: number, looksAt: number, random: Uint32Array) {
    this.#features = features
    this.#classes = classes
    this.#looksAt = Math.max(1, Math.min(features, looksAt))
    this.#random = random
    this.#root = this.#leaf(Array.from({ length: classes }, () => 0))
  }

  /** @returns the probability of each class; all 0 before anything was learnt */
  probabilities(sample: ArrayLike<number>): number[] {
    const leaf = this.#find(sample).leaf
    return leaf.bayesRight >= leaf.majorityRight ? byBayes(leaf, sample) : shares(leaf.counts)
  }

  /** @param weight how many times the label counts */
  learn(sample: ArrayLike<number>, label: number, weight: number): void {
    const { leaf, parent } = this.#find(sample)
    const weightBefore = sum(leaf.counts)
    if (weightBefore === 0 || greatest(leaf.counts) === label) leaf.majorityRight += weight
    if (weightBefore > 0 && greatest(byBayes(leaf, sample)) === label) leaf.bayesRight += weight
    if (leaf.features.length === 0) this.#chooseFeatures(leaf)
    leaf.counts[label] = leaf.counts[label]! + weight
    for (const [i, feature] of leaf.features.entries())
      learnGaussian(leaf.gaussians[i]!, label, sample[feature]!, weight)
    if (weightBefore + weight - leaf.triedAt < GRACE) return
    leaf.triedAt = weightBefore + weight
    const split = this.#split(leaf)
    if (split === undefined) return
    if (parent === undefined) this.#root = split
    else if (parent.left === leaf) parent.left = split
    else parent.right = split
  }

  stateOf(): HoeffdingTreeState {
    return structuredClone(this.#root)
  }

  restore(state: HoeffdingTreeState): void {
    this.#root = structuredClone(state)
  }

  #find(sample: ArrayLike<number>): { leaf: Leaf; parent: Split | undefined } {
    let parent: Split | undefined
    let node = this.#root
    while ('at' in node) {
      parent = node
      node = sample[node.feature]! <= node.at ? node.left : node.right
    }
    return { leaf: node, parent }
  }

  #split(leaf: Leaf): Split | undefined {
    const total = sum(leaf.counts)
    if (Math.max(...leaf.counts) > MOST_SHARE * total) return undefined
    const before = entropy(leaf.counts)
    const found = leaf.gaussians.map((gaussians, i) => ({
      feature: leaf.features[i]!,
      ...bestPlace(gaussians, before),
    }))
    found.sort((a, b) => b.gain - a.gain)
    const [best, second] = found
    if (best?.below === undefined || best.above === undefined) return undefined
    const range = Math.log2(Math.max(2, leaf.counts.filter((count) => count > 0).length))
    const bound = Math.sqrt((range * range * Math.log(1 / DELTA)) / (2 * total))
    if (best.gain - (second?.gain ?? -Infinity) <= bound && bound >= TIE) return undefined
    return { feature: best.feature, at: best.at, left: this.#leaf(best.below), right: this.#leaf(best.above) }
  }

  #leaf(counts: number[]): Leaf {
    return { counts, features: [], gaussians: [], triedAt: sum(counts), majorityRight: 0, bayesRight: 0 }
  }

  #chooseFeatures(leaf: Leaf): void {
    const all = Array.from({ length: this.#features }, (_, i) => i)
    leaf.features = Array.from(
      { length: this.#looksAt },
      () => all.splice(Math.floor(nextRandom(this.#random, 0) * all.length), 1)[0]!,
    )
    leaf.gaussians = leaf.features.map(() => classGaussians(this.#classes))
  }
}

interface Place {
  gain: number
  at: number
  below?: number[]
  above?: number[]
}

/** Where a feature tells the classes apart best. */
function bestPlace(gaussians: ClassGaussians, entropyBefore: number): Place {
  let best: Place = { gain: -Infinity, at: 0 }
  for (const at of placesOf(gaussians, PLACES)) {
    const below = weightsBelow(gaussians, at)
    const above = gaussians.weight.map((weight, label) => weight - below[label]!)
    const [left, right] = [sum(below), sum(above)]
    if (Math.min(left, right) <= LEAST_SIDE * (left + right)) continue
    const gain = entropyBefore - (left * entropy(below) + right * entropy(above)) / (left + right)
    if (gain > best.gain) best = { gain, at, below, above }
  }
  return best
}

function byBayes(leaf: Leaf, sample: ArrayLike<number>): number[] {
  const total = sum(leaf.counts)
  if (total === 0) return leaf.counts.map(() => 0)
  const logs = leaf.counts.map((count, label) =>
    count === 0
      ? -Infinity
      : leaf.gaussians.reduce(
          (log, gaussians, i) => log + logDensity(gaussians, label, sample[leaf.features[i]!]!),
          Math.log(count / total),
        ),
  )
  const most = Math.max(...logs)
  // A sample so far out that no class can be told from another.
  return most === -Infinity ? shares(leaf.counts) : shares(logs.map((log) => Math.exp(log - most)))
}

function shares(weights: readonly number[]): number[] {
  const total = sum(weights)
  return weights.map((weight) => (total === 0 ? 0 : weight / total))
}

function entropy(weights: readonly number[]): number {
  return shares(weights).reduce((bits, share) => (share > 0 ? bits - share * Math.log2(share) : bits), 0)
}

const sum = (weights: readonly number[]) => weights.reduce((total, weight) => total + weight, 0)
const greatest = (weights: readonly number[]) => weights.indexOf(Math.max(...weights))
