import { SeasonalForecaster, viewAgreement, viewWeights } from '@kubewise/stats'

/** Samples of an entity before its score counts: tier 1's warm-up, and as long again until its deviations are worth something. */
const UNSCORED_SAMPLES = 60

/** Scores one entity's vectors as they come; learns each after scoring it. Undefined while it warms up: nothing may be learnt from that. */
export type YoungEntityScorer = (timeMs: number, values: ArrayLike<number>) => number | undefined

/**
 * The score that ships for entities with hours of history: the agreement of their views, from tier 1 alone.
 *
 * @param views one per metric: metrics of the same view count once; undefined leaves a metric out
 * @returns a scorer; undefined for the first 60 samples. NaN among the values is a gap
 */
export function youngEntityScorer(views: readonly (string | undefined)[]): YoungEntityScorer {
  const forecaster = new SeasonalForecaster(views.length)
  const weights = viewWeights(views)
  const z = new Float64Array(views.length)
  for (const _ of views) forecaster.add()
  let samples = 0
  return (timeMs, values) => {
    for (const metric of views.keys()) {
      const value = values[metric]!
      z[metric] = Number.isFinite(value) ? forecaster.learn(metric, timeMs, value).smoothZ : Number.NaN
    }
    return samples++ < UNSCORED_SAMPLES ? undefined : viewAgreement(z, weights)
  }
}
