import { metricsInForce, UNKNOWN, type Metric } from '@kubewise/metrics'

/** What both ways through the API server tell. */
const USED = [
  'pod_cpu_utilization_pct',
  'pod_memory_utilization_pct',
  'container_cpu_request_pct',
  'container_cpu_limit_pct',
  'container_memory_limit_pct',
  'container_memory_request_pct',
  'node_memory_used_pct',
] as const

/** What only a kubelet's summary tells. */
const SUMMARISED = ['node_disk_usage_pct', 'volume_usage_pct', 'volume_inodes_used_pct'] as const

const percent: Metric = {
  ...UNKNOWN,
  name: '',
  query: '',
  intervalMs: 0,
  unit: 'percent',
  bad: 'up',
  floor: 1,
  minEffect: 15,
}
const bytes: Metric = { ...percent, unit: 'per-second', bad: 'both', floor: 10_000, minEffect: 1_000_000 }

/** What the catalogue has no query for, with the seconds between two samples. */
const OWN = {
  node_cpu_used_pct: { ...percent, intervalMs: 30_000 },
  node_inodes_used_pct: { ...percent, intervalMs: 60_000, limit: 100 },
  pod_ephemeral_storage_limit_pct: { ...percent, intervalMs: 60_000, limit: 100 },
  pod_network_received_bytes_per_second: { ...bytes, intervalMs: 30_000 },
  pod_network_sent_bytes_per_second: { ...bytes, intervalMs: 30_000 },
} as const satisfies Record<string, Metric>

export type MeasuredName = (typeof USED)[number] | (typeof SUMMARISED)[number] | keyof typeof OWN

export type MeasuredMetrics = Readonly<Record<MeasuredName, Metric>>

/** How far the API server's two ways reach. */
export type Reach = 'summaries' | 'resource-metrics' | 'nothing'

/** The metrics that are measured without Prometheus, none more often than every `pollIntervalMs`. */
export function measuredMetrics(pollIntervalMs: number): MeasuredMetrics {
  const listed = new Map(metricsInForce(undefined, pollIntervalMs).map((metric) => [metric.name, metric]))
  const named = [...USED, ...SUMMARISED].map((name) => {
    const metric = listed.get(name)
    if (!metric) throw new Error(`the catalogue has no metric ${name}`)
    return [name, metric] as const
  })
  const own = Object.entries(OWN).map(([name, metric]) => {
    return [name, { ...metric, name, intervalMs: Math.max(metric.intervalMs, pollIntervalMs) }] as const
  })
  return Object.fromEntries<Metric>([...named, ...own]) as MeasuredMetrics
}

/** Which of the metrics that Prometheus would give are not there, sorted. */
export function missingOf(wanted: readonly Metric[], reach: Reach): string[] {
  const there: readonly string[] =
    reach === 'summaries' ? [...USED, ...SUMMARISED] : reach === 'resource-metrics' ? USED : []
  return wanted
    .map(({ name }) => name)
    .filter((name) => !there.includes(name))
    .sort()
}
