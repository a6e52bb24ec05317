import { ofRange, type FunctionSpec } from '../function.ts'
import type { Matrix, RangeSeries } from '../value.ts'

/**
 * Growth within a window, extrapolated to its ends unless the series begins or ends well inside it.
 *
 * @returns undefined with fewer than two samples
 * @see extrapolatedRate in promql/functions.go of Prometheus 2.42
 */
function extrapolated(
  { timesMs, values }: RangeSeries,
  window: Matrix,
  isCounter: boolean,
  isRate: boolean,
): number | undefined {
  if (values.length < 2) return undefined
  const first = values[0]!
  const growth = isCounter ? growthOfCounter(values) : values.at(-1)! - first
  const sampledSeconds = (timesMs.at(-1)! - timesMs[0]!) / 1000
  const stepSeconds = sampledSeconds / (values.length - 1)
  let toStart = (timesMs[0]! - window.fromMs) / 1000
  const toEnd = (window.toMs - timesMs.at(-1)!) / 1000
  // A counter is never below zero, so it cannot have begun before the instant at which this slope leaves zero.
  if (isCounter && growth > 0 && first >= 0) toStart = Math.min(toStart, sampledSeconds * (first / growth))
  const reach = (gap: number) => (gap < stepSeconds * 1.1 ? gap : stepSeconds / 2)
  const factor = (sampledSeconds + reach(toStart) + reach(toEnd)) / sampledSeconds
  return growth * (isRate ? factor / ((window.toMs - window.fromMs) / 1000) : factor)
}

/** A counter that fell was reset, and counts from zero again. */
function growthOfCounter(values: readonly number[]): number {
  let growth = values.at(-1)! - values[0]!
  for (let index = 1; index < values.length; index++) {
    const before = values[index - 1]!
    if (values[index]! < before) growth += before
  }
  return growth
}

/** From the last two samples alone. */
function instant({ timesMs, values }: RangeSeries, isRate: boolean): number | undefined {
  if (values.length < 2) return undefined
  const [before, last] = [values.at(-2)!, values.at(-1)!]
  const seconds = (timesMs.at(-1)! - timesMs.at(-2)!) / 1000
  const growth = isRate && last < before ? last : last - before
  return isRate ? growth / seconds : growth
}

function countSteps(values: readonly number[], isStep: (before: number, after: number) => boolean): number {
  return values.slice(1).filter((value, index) => isStep(values[index]!, value)).length
}

export const COUNTER_FUNCTIONS: Record<string, FunctionSpec> = {
  rate: ofRange((series, window) => extrapolated(series, window, true, true)),
  increase: ofRange((series, window) => extrapolated(series, window, true, false)),
  delta: ofRange((series, window) => extrapolated(series, window, false, false)),
  irate: ofRange((series) => instant(series, true)),
  idelta: ofRange((series) => instant(series, false)),
  resets: ofRange(({ values }) => countSteps(values, (before, after) => after < before)),
  changes: ofRange(({ values }) =>
    countSteps(values, (before, after) => before !== after && !(Number.isNaN(before) && Number.isNaN(after))),
  ),
}
