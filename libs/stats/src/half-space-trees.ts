/**
 * Half-Space Trees: Tan, Ting, Liu: Fast anomaly detection for streaming data, IJCAI 2011; in the form that River gives them
 * (river/anomaly/hst.py), which the original used. Trees are made without looking at data, over features from 0 to 1; each node
 * counts the samples that came by in this window and in the one before, and a sample is strange where few came by.
 *
 * A tree is an array: node i has the children 2i + 1 and 2i + 2.
 */
import { nextRandom } from './random.ts'

export interface HalfSpaceTreesSettings {
  trees: number
  height: number
  /** Samples of a window. */
  window: number
  seed: number
}

/** River's own. */
export const RIVER_DEFAULTS = { trees: 10, height: 8, window: 250 } as const
/** The original's. */
export const ORIGINAL_SETTINGS = { trees: 25, height: 15, window: 500 } as const

/** A split lies this far from either end of its range, as a share of it. */
const PADDING = 0.15
/** A node that fewer samples of the window than this share came by ends the path that is scored. */
const SIZE_LIMIT_SHARE = 0.1

export interface HalfSpaceTreesState {
  seen: number
  isFirstWindow: boolean
  /** Of all trees, one after the other; what came by in this window, and in the one before. */
  now: number[]
  before: number[]
}

export class HalfSpaceTrees {
  readonly #settings: HalfSpaceTreesSettings
  readonly #features: number
  readonly #nodes: number
  readonly #splits: Float64Array
  readonly #feature: Uint16Array
  #now: Uint16Array
  #before: Uint16Array
  #seen = 0
  #isFirstWindow = true

  /** @param features of a sample, at most 65,535, each from 0 to 1 */
  constructor(features: number, settings: HalfSpaceTreesSettings) {
    const { trees, height, seed } = settings
    this.#settings = settings
    this.#features = features
    this.#nodes = 2 ** (height + 1) - 1
    this.#splits = new Float64Array(trees * this.#nodes)
    this.#feature = new Uint16Array(trees * this.#nodes)
    this.#now = new Uint16Array(trees * this.#nodes)
    this.#before = new Uint16Array(trees * this.#nodes)
    const state = Uint32Array.of(seed)
    const random = () => nextRandom(state, 0)
    const ranges = Array.from({ length: features }, (): [number, number] => [0, 1])
    for (let tree = 0; tree < trees; tree++) this.#grow(tree * this.#nodes, 0, height, ranges, random)
  }

  /**
   * Scores a sample, then learns it.
   *
   * @param sample as many features as the trees have; outside 0 … 1 it falls to the outermost leaf
   * @returns 0 … 1, the stranger the higher; 0 while the first window fills
   */
  learn(sample: Float64Array): number {
    const { trees, height, window } = this.#settings
    const limit = SIZE_LIMIT_SHARE * window
    const [splits, feature, now, before, nodes] = [this.#splits, this.#feature, this.#now, this.#before, this.#nodes]
    let mass = 0
    for (let tree = 0, root = 0; tree < trees; tree++, root += nodes) {
      let node = 0
      let weight = 1
      let isScored = true
      for (let depth = 0; ; depth++, weight *= 2) {
        const at = root + node
        now[at] = now[at]! + 1
        if (isScored) {
          const seen = before[at]!
          mass += seen * weight
          isScored = seen >= limit
        }
        if (depth === height) break
        node = 2 * node + (sample[feature[at]!]! < splits[at]! ? 1 : 2)
      }
    }
    const score = this.#isFirstWindow ? 0 : 1 - mass / (trees * window * (2 ** (height + 1) - 1))
    this.#seen += 1
    if (this.#seen === window) this.#turn()
    return score
  }

  stateOf(): HalfSpaceTreesState {
    return { seen: this.#seen, isFirstWindow: this.#isFirstWindow, now: [...this.#now], before: [...this.#before] }
  }

  /** @throws RangeError if the state is of other trees */
  restore({ seen, isFirstWindow, now, before }: HalfSpaceTreesState): void {
    if (now.length !== this.#now.length || before.length !== this.#before.length)
      throw new RangeError(`trees: expected ${this.#now.length} nodes, got ${now.length} and ${before.length}`)
    this.#seen = seen
    this.#isFirstWindow = isFirstWindow
    this.#now.set(now)
    this.#before.set(before)
  }

  #turn(): void {
    ;[this.#now, this.#before] = [this.#before, this.#now]
    this.#now.fill(0)
    this.#seen = 0
    this.#isFirstWindow = false
  }

  #grow(root: number, node: number, height: number, ranges: [number, number][], random: () => number): void {
    if (height === 0) return
    const feature = this.#choose(ranges, random)
    const [from, to] = ranges[feature]!
    const margin = PADDING * (to - from)
    const split = from + margin + random() * (to - from - 2 * margin)
    this.#splits[root + node] = split
    this.#feature[root + node] = feature
    ranges[feature] = [from, split]
    this.#grow(root, 2 * node + 1, height - 1, ranges, random)
    ranges[feature] = [split, to]
    this.#grow(root, 2 * node + 2, height - 1, ranges, random)
    ranges[feature] = [from, to]
  }

  /** A feature, by chance in proportion to what is left of its range. */
  #choose(ranges: readonly [number, number][], random: () => number): number {
    if (this.#features === 1) return 0
    let left = random() * ranges.reduce((sum, [from, to]) => sum + to - from, 0)
    const chosen = ranges.findIndex(([from, to]) => (left -= to - from) < 0)
    return chosen === -1 ? ranges.length - 1 : chosen
  }
}
