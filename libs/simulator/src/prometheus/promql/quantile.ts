/**
 * The q-quantile by linear interpolation between ranks, as `quantile` and `quantile_over_time` do.
 *
 * @param q below 0 gives -Inf, above 1 +Inf, NaN gives NaN
 */
export function quantileOf(q: number, values: readonly number[]): number {
  if (values.length === 0 || Number.isNaN(q)) return Number.NaN
  if (q < 0) return Number.NEGATIVE_INFINITY
  if (q > 1) return Number.POSITIVE_INFINITY
  const sorted = values.toSorted((a, b) => Number(Number.isNaN(b)) - Number(Number.isNaN(a)) || a - b)
  const rank = q * (sorted.length - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(sorted.length - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return sorted[lower]! * (1 - weight) + sorted[upper]! * weight
}
