import type { PromQuery } from '@kubewise/service'

/** What a number of a series counts. A percentage runs to 100 at its limit, a ratio to 1; a flag is 0 or 1 by its nature. */
export type Unit = NonNullable<PromQuery['unit']>

/** Which way is bad. */
export type Direction = NonNullable<PromQuery['direction']>

/** Labels that name the object a series is about, where a query cannot give it the usual ones (a service mesh's, say). */
export type OwnerLabels = NonNullable<PromQuery['owners']>[number]

/** One metric: the PromQL query that makes it, and all that is known of it beforehand. */
export interface Metric {
  name: string
  /** Without a filter on the value and without `or vector(0)`: a learner must see what is normal, of what there is. */
  query: string
  intervalMs: number
  unit: Unit
  bad: Direction
  /** Standard deviations below this are taken as this, in the metric's unit: its practical resolution. */
  floor: number
  /** A deviation smaller than this is of no practical meaning, in the metric's unit. */
  minEffect: number
  /** The value at which something breaks. That it will be reached is foretold of memory, volumes, disks, handles, quotas and an installation's own. */
  limit?: number
  /** Metrics that tell of the same thing share a view, and count once where an entity's metrics are looked at together; else each is its own. */
  view?: string
  /** What users feel: it alone may give an alert. */
  isServiceLevel?: boolean
  /** Tried in this order before the usual labels (namespace with pod, deployment …; node; instance). */
  owners?: readonly OwnerLabels[]
}

/** What a metric of a kind starts from; a metric's own words win. */
type Kind = Pick<Metric, 'unit' | 'bad' | 'floor' | 'minEffect'>

const KINDS = {
  percent: { unit: 'percent', bad: 'up', floor: 1, minEffect: 15 },
  count: { unit: 'count', bad: 'up', floor: 0.2, minEffect: 2 },
  ratio: { unit: 'ratio', bad: 'down', floor: 0.02, minEffect: 0.25 },
  flag: { unit: 'flag', bad: 'up', floor: 0.1, minEffect: 1 },
  rate: { unit: 'per-second', bad: 'both', floor: 0.1, minEffect: 1 },
  seconds: { unit: 'seconds', bad: 'up', floor: 0.005, minEffect: 0.1 },
  load: { unit: 'load', bad: 'up', floor: 0.1, minEffect: 1 },
} as const satisfies Record<string, Kind>

const SECOND = 1000

/** A metric of a kind. @param everySeconds how often it is asked for */
export const metric = (
  kind: keyof typeof KINDS,
  name: string,
  everySeconds: number,
  query: string,
  own: Partial<Omit<Metric, 'name' | 'query' | 'intervalMs'>> = {},
): Metric => ({ name, query, intervalMs: everySeconds * SECOND, ...KINDS[kind], ...own })

/** Nothing is known of a metric whose owner said nothing: any lasting deviation, either way, may matter. */
export const UNKNOWN: Omit<Metric, 'name' | 'query' | 'intervalMs'> = {
  unit: 'count',
  bad: 'both',
  floor: 0,
  minEffect: 0,
}
