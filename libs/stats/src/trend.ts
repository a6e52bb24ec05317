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
  /** Mann and Kendall's probability of so steady a rise where there is none; 1 for a fall. */
  p: number
  /** The slope lies within with 95 %, after Sen; the points taken as independent of each other. */
  lowSlopePerMs: number
  highSlopePerMs: number
  /** From the first point to the last. */
  spanMs: number
}

/** Turns a median of absolute residuals of a Gaussian into its standard deviation. */
const GAUSSIAN = 1.4826
const FEWEST_POINTS = 3
const Z_95 = 1.96

/** The probability that a standard Gaussian exceeds z, for z of 0 or more; relative error below 1e-6 (W. H. Press et al., Numerical Recipes, erfc). */
function gaussianTail(z: number): number {
  const x = z / Math.SQRT2
  const t = 1 / (1 + x / 2)
  const poly = ERFC.reduceRight((sum, coefficient) => sum * t + coefficient, 0)
  return 0.5 * t * Math.exp(-x * x + poly)
}

const ERFC = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
]

/**
 * The Theil-Sen line: the median of the slopes of all pairs of points. Up to 29 % of the points may be anything without
 * moving it far. Quadratic in the number of points: meant for some tens.
 *
 * @param timeMs ascending; equal times are taken as no evidence of a slope
 * @returns undefined for fewer than three points, or where all share one time
 * @see P. K. Sen: Estimates of the regression coefficient based on Kendall's tau, 1968
 * @see H. B. Mann: Nonparametric tests against trend, 1945
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
  slopes.sort((a, b) => a - b)
  const slopePerMs = median(slopes)
  const orderSd = Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18)
  const margin = (Z_95 * orderSd) / 2
  const middle = (slopes.length - 1) / 2
  const endMs = timeMs[count - 1]!
  // Against the end, so that times of this century do not eat the precision.
  const level = median(value.slice(0, count).map((v, i) => v + slopePerMs * (endMs - timeMs[i]!)))
  const residuals = value.slice(0, count).map((v, i) => Math.abs(v - level + slopePerMs * (endMs - timeMs[i]!)))
  return {
    slopePerMs,
    level,
    noise: GAUSSIAN * median(residuals),
    tau: order / slopes.length,
    p: order > 0 ? gaussianTail((order - 1) / orderSd) : 1,
    lowSlopePerMs: slopes[Math.max(0, Math.floor(middle - margin))]!,
    highSlopePerMs: slopes[Math.min(slopes.length - 1, Math.ceil(middle + margin))]!,
    spanMs: endMs - timeMs[0]!,
  }
}

/** Milliseconds from the last point until the line meets the limit; 0 where it is there already, undefined where it never will be. */
export function msUntil({ slopePerMs, level }: Trend, limit: number): number | undefined {
  if (level >= limit) return 0
  return slopePerMs > 0 ? (limit - level) / slopePerMs : undefined
}
