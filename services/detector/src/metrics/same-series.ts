import type { KnownOfMetric, MetricSeries } from '@kubewise/contracts'

/** Whether a series is still what its model was made for. */
export function isSameSeries(known: MetricSeries, now: MetricSeries): boolean {
  return (
    known.intervalMs === now.intervalMs &&
    known.target.name === now.target.name &&
    known.target.kind === now.target.kind &&
    known.target.namespace === now.target.namespace &&
    isSameKnown(known.known, now.known)
  )
}

/** What travels with a series comes as another object with every batch. */
function isSameKnown(a: KnownOfMetric | undefined, b: KnownOfMetric | undefined): boolean {
  if (a === b || !a || !b) return a === b
  return (
    a.unit === b.unit &&
    a.bad === b.bad &&
    a.floor === b.floor &&
    a.minEffect === b.minEffect &&
    a.limit === b.limit &&
    (a.isServiceLevel ?? false) === (b.isServiceLevel ?? false)
  )
}
