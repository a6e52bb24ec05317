import type { KnownOfMetric, MetricSeries } from '@kubewise/contracts'
import { METRICS, UNKNOWN, type Metric } from '@kubewise/metrics'

/** What is known of a metric beforehand, as far as detection goes by it. */
export interface MetricKind extends Pick<Metric, 'bad' | 'floor' | 'minEffect'> {
  metric: string
  view: string
  isServiceLevel: boolean
}

export function kindOf({ metric, known }: Pick<MetricSeries, 'metric' | 'known'>): MetricKind {
  return known ? kindFrom(metric, known) : (LISTED.get(metric) ?? kindFrom(metric, UNKNOWN))
}

function kindFrom(
  name: string,
  { bad, floor, minEffect, ...more }: KnownOfMetric | Omit<Metric, 'name' | 'query' | 'intervalMs'>,
): MetricKind {
  const view = 'view' in more && more.view !== undefined ? more.view : name
  return {
    metric: name,
    bad,
    floor,
    minEffect,
    view,
    isServiceLevel: more.isServiceLevel === true,
  }
}

const LISTED: ReadonlyMap<string, MetricKind> = new Map(
  METRICS.map((metric) => [metric.name, kindFrom(metric.name, metric)]),
)

/** Whether it is 0 or 1 by its nature: rules over object state say these better, no model looks at them. */
export const isFlag = ({ metric, known }: Pick<MetricSeries, 'metric' | 'known'>): boolean =>
  known ? known.unit === 'flag' : FLAGS.has(metric)

const FLAGS: ReadonlySet<string> = new Set(METRICS.filter(({ unit }) => unit === 'flag').map(({ name }) => name))

/** Whether a deviation goes the way that is bad. */
export const isBadWay = ({ bad }: MetricKind, effect: number): boolean =>
  bad === 'both' || (bad === 'up') === effect > 0

/** Whether a deviation is of practical meaning: large enough, and the way that is bad. */
export const isBad = (kind: MetricKind, effect: number): boolean =>
  Math.abs(effect) >= kind.minEffect && isBadWay(kind, effect)
