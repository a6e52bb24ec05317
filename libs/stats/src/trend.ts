import { median } from './median.ts'

/** A straight line through points that outliers cannot bend, with how far it can be believed. */
export interface Trend {
  /** In the value's unit for each millisecond. */
  slopePerMs: number
  /** The line's value at the last point's time. */
  level: number
  /** Standard deviation about the line, estimated from the median of absolute residuals. */
  noise: number
  /** Kendall's tau, −1 to 1: how much more often a later point is the higher one than the lower one. */
  tau: number
  /** From the first point to the last. */
  spanMs: number
}

/** Turns a median of absolute residuals of a Gaussian into its standard deviation. */
const GAUSSIAN = 1.4826
const FEWEST_POINTS = 3

/**
 * The Theil-Sen line: the median of the slopes of all pairs of points. Up to 29 % of the points may be anything without
 * moving it far. Quadratic in the number of points: meant for some tens.
 *
 * @param timeMs ascending; equal times are taken as no evidence of a slope
 * @returns undefined for fewer than three points, or where all share one time
 * @see P. K. Sen: Estimates of the regression coefficient based on Kendall's tau, 1968
 */
export function trendOf(timeMs: readonly number[], value: readonly number[]): Trend | undefined {
  const count = Math.min(timeMs.length, value.length)
  if (count < FEWEST_POINTS) return undefined
  const slopes: number[] = []
  let order = 0
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++) {
      const rise = value[j]! - value[i]!
      if (timeMs[j] === timeMs[i]) continue
      slopes.push(rise / (timeMs[j]! - timeMs[i]!))
      order += Math.sign(rise)
    }
  if (slopes.length === 0) return undefined
  const slopePerMs = median(slopes)
  const endMs = timeMs[count - 1]!
  // Against the end, so that times of this century do not eat the precision.
  const level = median(value.slice(0, count).map((v, i) => v + slopePerMs * (endMs - timeMs[i]!)))
  const residuals = value.slice(0, count).map((v, i) => Math.abs(v - level + slopePerMs * (endMs - timeMs[i]!)))
  return {
    slopePerMs,
    level,
    noise: GAUSSIAN * median(residuals),
    tau: order / slopes.length,
    spanMs: endMs - timeMs[0]!,
  }
}

/** Milliseconds from the last point until the line meets the limit; 0 where it is there already, undefined where it never will be. */
export function msUntil({ slopePerMs, level }: Trend, limit: number): number | undefined {
  if (level >= limit) return 0
  return slopePerMs > 0 ? (limit - level) / slopePerMs : undefined
}
