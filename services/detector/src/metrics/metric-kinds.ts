/** What is known of a metric beforehand: its practical resolution, and which way is bad. Unknown metrics take the default. */
export interface MetricKind {
  /** Standard deviations below this are taken as this, in the metric's unit. */
  floor: number
  /** A deviation smaller than this is of no practical meaning, in the metric's unit. */
  minEffect: number
  bad: 'up' | 'down' | 'both'
}

const percent: MetricKind = { floor: 1, minEffect: 15, bad: 'up' }
const count: MetricKind = { floor: 0.2, minEffect: 2, bad: 'up' }
const ratio: MetricKind = { floor: 0.02, minEffect: 0.25, bad: 'down' }
const flag: MetricKind = { floor: 0.1, minEffect: 1, bad: 'up' }

const KINDS: Readonly<Record<string, MetricKind>> = {
  pod_cpu_utilization_pct: percent,
  pod_memory_utilization_pct: percent,
  pod_oom_events: count,
  pod_container_restarts: count,
  deployment_replicas_available_ratio: ratio,
  statefulset_replicas_available_ratio: ratio,
  pod_tcp_retransmits_per_second: { floor: 0.5, minEffect: 20, bad: 'up' },
  pod_dns_request_failures: { floor: 0.05, minEffect: 1, bad: 'up' },
  node_load_high: { floor: 0.1, minEffect: 1, bad: 'up' },
  node_disk_usage_pct: percent,
  pod_cpu_throttled_pct: { floor: 5, minEffect: 40, bad: 'up' },
  volume_usage_pct: percent,
  node_clock_offset_seconds: { floor: 0.01, minEffect: 0.25, bad: 'up' },
  dns_servfail_pct: { floor: 0.5, minEffect: 5, bad: 'up' },
}

const DEFAULT: MetricKind = { floor: 0, minEffect: 0, bad: 'both' }

/** Metrics that are 0 or 1 by their nature: rules over object state say these better, no model looks at them. */
const FLAGS = new Set([
  'pod_oomkilled_state',
  'pod_not_ready',
  'pod_container_waiting',
  'pod_crashloopbackoff',
  'pod_imagepullbackoff',
  'pod_failed',
  'node_not_ready',
  'node_memory_pressure',
  'node_disk_pressure',
  'node_pid_pressure',
])

export const isFlag = (metric: string): boolean => FLAGS.has(metric)

export function kindOf(metric: string): MetricKind {
  return KINDS[metric] ?? (FLAGS.has(metric) ? flag : DEFAULT)
}
