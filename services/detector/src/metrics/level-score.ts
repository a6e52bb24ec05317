import { HalfSpaceTrees, MinMaxScaler, RIVER_DEFAULTS, type HalfSpaceTreesState } from '@kubewise/stats'
import type { Model, Models, Reading } from './models.ts'
import { deviationsOf, factorOf } from './thresholds.ts'

/** What a single series is judged by. */
export type LevelModel = 'forecast' | 'half-space-trees'

/** Scores end here: what is more is not known to be worse. */
const GREATEST_SCORE = 60
const SEED = 1
/** Twelve decades, and no infinity. */
const LEAST_LACK = 1e-12

/** How strange a series' last sample is: 0 or more, learnt as it is told. */
export interface LevelScore {
  /** @returns undefined while it warms up */
  learn(model: Model, reading: Reading): number | undefined
  /** Whether what was learnt last reaches a threshold of the original's scale, 0 to 1. */
  reaches(model: Model, reading: Reading, threshold: number): boolean
  /** What the budget's threshold is multiplied by for one of that scale. */
  factorOf(metric: string, threshold: number): number
  forget(model: Model): void
  state(): [series: string, TreesState][]
  restore(state: [series: string, TreesState][], models: Models): void
}

interface TreesState {
  trees: HalfSpaceTreesState
  limits: ReturnType<MinMaxScaler['stateOf']>
  last: number
}

/** By tier 1: the root of its surprise. It has no state beyond tier 1's. */
export const byForecast: LevelScore = {
  learn: (_model, { smoothZ, isJudged }) =>
    isJudged ? Math.min(GREATEST_SCORE, Math.sqrt(Math.abs(smoothZ))) : undefined,
  reaches: (_model, { smoothZ }, threshold) => Math.abs(smoothZ) >= deviationsOf(threshold),
  factorOf,
  forget: () => undefined,
  state: () => [],
  restore: () => undefined,
}

/**
 * By Half-Space Trees over the value between the least and the greatest so far, as the original had them, one for each series rather
 * than one for all of a metric. Their score, near 1 for most samples, is told in decades of what it lacks to 1, and judged by what is usual for the like
 * of it: a fixed threshold on the score itself would flag more than half of all samples. 87 KB a series.
 */
export function byHalfSpaceTrees(): LevelScore {
  const known = new Map<Model, { trees: HalfSpaceTrees; limits: MinMaxScaler; last: number }>()
  const make = () => ({
    trees: new HalfSpaceTrees(1, { ...RIVER_DEFAULTS, seed: SEED }),
    limits: new MinMaxScaler(1),
    last: 0,
  })
  const sample = new Float64Array(1)
  return {
    learn(model, { value, isJudged }) {
      let own = known.get(model)
      if (!own) known.set(model, (own = make()))
      sample[0] = value
      own.limits.learn(sample)
      own.last = own.trees.learn(sample)
      // It is 0 while the first window fills, and never again.
      return isJudged && own.last > 0 ? -Math.log10(Math.max(LEAST_LACK, 1 - own.last)) : undefined
    },
    reaches: (model, _reading, threshold) => (known.get(model)?.last ?? 0) >= threshold,
    factorOf: () => 1,
    forget: (model) => void known.delete(model),
    state: () =>
      [...known].map(([{ series }, { trees, limits, last }]) => [
        series.key,
        { trees: trees.stateOf(), limits: limits.stateOf(), last },
      ]),
    restore(state, models) {
      for (const [key, { trees, limits, last }] of state) {
        const model = models.get(key)
        if (!model) continue
        const own = make()
        own.trees.restore(trees)
        own.limits.restore(limits)
        own.last = last
        known.set(model, own)
      }
    },
  }
}
