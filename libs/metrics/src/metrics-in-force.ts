import { METRICS, metricNamed } from './catalogue/catalogue.ts'
import { UNKNOWN, type Direction, type Metric, type OwnerLabels, type Unit } from './metric.ts'

const SECOND = 1000

/** A query as an installation writes it; what it does not say is taken from the catalogue's metric of that name, if there is one. */
export interface OwnQuery {
  name: string
  query: string
  /** Seconds. */
  interval?: number
  unit?: Unit
  direction?: Direction
  floor?: number
  minEffect?: number
  /** A number in the metric's unit, or a query for it: then its share of that limit, in percent, is collected as `NAME_limit_pct`. */
  limit?: number | string
  owners?: readonly OwnerLabels[]
}

/** When the newest sample of anything was scraped, in seconds: tells a Prometheus that answers from one that still scrapes. */
export const NEWEST_SCRAPE = 'max(timestamp(up))'

/**
 * What is collected: the installation's own queries, each at its own interval or the common one; else the catalogue, nothing of it
 * more often than the common interval.
 */
export function metricsInForce(own: readonly OwnQuery[] | undefined, pollIntervalMs: number): readonly Metric[] {
  if (!own) return METRICS.map((metric) => ({ ...metric, intervalMs: Math.max(metric.intervalMs, pollIntervalMs) }))
  return own.flatMap((query) => {
    const intervalMs = query.interval === undefined ? pollIntervalMs : query.interval * SECOND
    const metric = ownMetric(query, intervalMs)
    return typeof query.limit === 'string' ? [metric, shareOfLimit(metric, query.limit)] : [metric]
  })
}

function ownMetric(
  { name, query, unit, direction, floor, minEffect, limit, owners }: OwnQuery,
  intervalMs: number,
): Metric {
  return {
    ...(metricNamed(name) ?? UNKNOWN),
    name,
    query,
    intervalMs,
    ...(unit && { unit }),
    ...(direction && { bad: direction }),
    ...(floor !== undefined && { floor }),
    ...(minEffect !== undefined && { minEffect }),
    ...(typeof limit === 'number' && { limit }),
    ...(owners && { owners }),
  }
}

const shareOfLimit = ({ name, query, intervalMs, owners }: Metric, limit: string): Metric => ({
  name: `${name}_limit_pct`,
  // A line of its own for each bracket that ends one: an expression may end in a comment.
  query: `(${query}\n) / (${limit}\n) * 100`,
  intervalMs,
  unit: 'percent',
  bad: 'up',
  floor: 1,
  minEffect: 15,
  limit: 100,
  ...(owners && { owners }),
})
