import type { Metric } from '../metric.ts'
import { NODE_METRICS } from './nodes.ts'
import { POD_METRICS } from './pods.ts'
import { TRAFFIC_METRICS } from './traffic.ts'
import { WORKLOAD_METRICS } from './workloads.ts'

/**
 * Every metric that is collected unless the installation names its own: the original's 20, corrected (own labels, own limits,
 * rates of counters, no filter that hides what is normal and no `or vector(0)` that invents an entity), and those that the
 * failure catalogue and the detector's tiers need. Where nobody exports what a query asks for, it answers with nothing.
 */
export const METRICS: readonly Metric[] = [...POD_METRICS, ...WORKLOAD_METRICS, ...NODE_METRICS, ...TRAFFIC_METRICS]

const BY_NAME: ReadonlyMap<string, Metric> = new Map(METRICS.map((metric) => [metric.name, metric]))

/** What is known of a metric by its name; undefined for one of the installation's own. */
export const metricNamed = (name: string): Metric | undefined => BY_NAME.get(name)
