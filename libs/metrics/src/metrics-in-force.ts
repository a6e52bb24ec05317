import type { PromQuery } from '@kubewise/service'
import { METRICS, metricNamed } from './catalogue/catalogue.ts'
import { UNKNOWN, type Metric } from './metric.ts'

const SECOND = 1000

/** When the newest sample of anything was scraped, in seconds: tells a Prometheus that answers from one that still scrapes. */
export const NEWEST_SCRAPE = 'max(timestamp(up))'

/**
 * What is collected: the installation's own queries, each at its own interval or the common one; else the catalogue, nothing of it
 * more often than the common interval. What an own query does not say is taken from the catalogue's metric of that name, if there is
 * one. A limit that is a query has the share of it collected too, in percent, as `NAME_limit_pct`.
 */
export function metricsInForce(own: readonly PromQuery[] | undefined, pollIntervalMs: number): readonly Metric[] {
  if (!own) return METRICS.map((metric) => ({ ...metric, intervalMs: Math.max(metric.intervalMs, pollIntervalMs) }))
  return own.flatMap((query) => {
    const intervalMs = query.interval === undefined ? pollIntervalMs : query.interval * SECOND
    const metric = ownMetric(query, intervalMs)
    return typeof query.limit === 'string' ? [metric, shareOfLimit(metric, query.limit)] : [metric]
  })
}

function ownMetric(
  { name, query, unit, direction, floor, minEffect, limit, owners, serviceLevel }: PromQuery,
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
    ...(serviceLevel !== undefined && { isServiceLevel: serviceLevel }),
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
