/**
 * One score for an entity of many metrics from tier 1 alone: how far its metrics agree that something is unusual. Needs no history
 * of the entity beyond tier 1's warm-up, so it serves where tier 3 has none yet: pods minutes to hours old.
 *
 * A view is what several metrics tell of the same thing: three percentiles of a latency, a usage in cores and in per cent. Each view
 * counts once, however many metrics it has; the root keeps one wild metric from outvoting all others.
 */
const HIGHEST_Z = 50

/**
 * @param views each metric's view; metrics without one are left out
 * @returns one weight per metric; they sum to 1, or all are 0 where there is no view
 */
export function viewWeights(views: readonly (string | undefined)[]): Float64Array {
  const sizes = new Map<string, number>()
  for (const view of views) if (view !== undefined) sizes.set(view, (sizes.get(view) ?? 0) + 1)
  return Float64Array.from(views, (view) => (view === undefined ? 0 : 1 / (sizes.size * sizes.get(view)!)))
}

/**
 * @param z one per metric, in standard deviations, signed; tier 1's smoothed ones. NaN where the metric has no sample: not unusual
 * @param weights from `viewWeights`, as many
 * @returns 0 to 7.1; hourly maxima of quiet entities are about 0.75, one in a thousand is above 2
 */
export function viewAgreement(z: Float64Array, weights: Float64Array): number {
  let score = 0
  for (let metric = 0; metric < weights.length; metric++) {
    const size = Math.abs(z[metric]!)
    if (size > 0) score += weights[metric]! * Math.sqrt(Math.min(HIGHEST_Z, size))
  }
  return score
}
