/** What people said of the alerts of one signature: same kind of workload, metrics, direction. */
export interface Labels {
  useful: number
  noise: number
}

/** A threshold moves by no more than this either way: what is said of some alerts must not silence all. */
const MOST_DECADES = 1
/** Believed of a signature that nobody has said anything of. */
const PRIOR = 0.5

/** Share of alerts that are useful, as far as is known: the mean of Beta(1 + useful, 1 + noise). */
export function precisionOf({ useful, noise }: Labels): number {
  return (1 + useful) / (2 + useful + noise)
}

/**
 * How far a signature's threshold moves for what was said of it.
 *
 * @returns decades, −1 … 1: above 0 for alerts that were mostly noise, 0 where nothing was said
 */
export function thresholdShift(labels: Labels): number {
  const shift = -Math.log10(precisionOf(labels) / PRIOR)
  return Math.max(-MOST_DECADES, Math.min(MOST_DECADES, shift)) + 0
}
