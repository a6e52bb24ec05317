import { ofRange, scalarAt, type FunctionSpec } from '../function.ts'
import type { RangeSeries } from '../value.ts'

/**
 * Least squares over the samples of a series.
 *
 * @param originMs where the intercept is taken
 * @returns slope per second, and the value at the origin; undefined with fewer than two samples
 */
function regress({ timesMs, values }: RangeSeries, originMs: number): { slope: number; intercept: number } | undefined {
  const count = values.length
  if (count < 2) return undefined
  const first = values[0]!
  if (values.every((value) => value === first)) return Number.isFinite(first) ? { slope: 0, intercept: first } : NOWHERE
  // Centred sums lose nothing to cancellation, where Prometheus compensates by Kahan's method.
  const seconds = timesMs.map((timeMs) => (timeMs - originMs) / 1000)
  const meanX = seconds.reduce((sum, x) => sum + x, 0) / count
  const meanY = values.reduce((sum, y) => sum + y, 0) / count
  let covariance = 0
  let variance = 0
  for (let index = 0; index < count; index++) {
    const dx = seconds[index]! - meanX
    covariance += dx * (values[index]! - meanY)
    variance += dx * dx
  }
  const slope = covariance / variance
  return { slope, intercept: meanY - slope * meanX }
}

const NOWHERE = { slope: Number.NaN, intercept: Number.NaN }

export const REGRESSION_FUNCTIONS: Record<string, FunctionSpec> = {
  deriv: ofRange((series) => regress(series, series.timesMs[0]!)?.slope),
  predict_linear: ofRange(
    (series, _, { values, atMs }) => {
      const line = regress(series, atMs)
      return line && line.slope * scalarAt(values, 1) + line.intercept
    },
    { arguments: ['range vector', 'scalar'] },
  ),
}
