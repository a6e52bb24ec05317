import { HalfSpaceTrees, MinMaxScaler, NoveltyEnsemble, RIVER_DEFAULTS, SeasonalForecaster } from '@kubewise/stats'

const DAY_MS = 86_400_000

/** Scores one series' values as they come; learns each after scoring it. Undefined while it warms up: nothing may be learnt from that. */
export type SeriesScorer = (timeMs: number, value: number) => number | undefined

/** Tier 2's novelty, as service levels are judged. */
export function byNovelty(): SeriesScorer {
  const ensemble = new NoveltyEnsemble(1)
  ensemble.add()
  return (timeMs, value) => {
    const { score, isWarm } = ensemble.learn(0, timeMs, value)
    return isWarm ? score : undefined
  }
}

/** The root of tier 1's residual, as every other series is judged; from the second day on. */
export function bySurprise(): SeriesScorer {
  const forecaster = new SeasonalForecaster(1)
  forecaster.add()
  let startMs: number | undefined
  return (timeMs, value) => {
    startMs ??= timeMs
    const { smoothZ } = forecaster.learn(0, timeMs, value)
    return timeMs - startMs < DAY_MS ? undefined : Math.min(60, Math.sqrt(Math.abs(smoothZ)))
  }
}

/** The original's trees, where they are chosen: decades that their score lacks to 1. */
export function byTrees(): SeriesScorer {
  const trees = new HalfSpaceTrees(1, { ...RIVER_DEFAULTS, seed: 1 })
  const limits = new MinMaxScaler(1)
  const sample = new Float64Array(1)
  return (_timeMs, value) => {
    sample[0] = value
    limits.learn(sample)
    const score = trees.learn(sample)
    return score > 0 ? -Math.log10(Math.max(1e-12, 1 - score)) : undefined
  }
}
