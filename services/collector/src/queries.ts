/** One PromQL query that is polled. */
export interface MetricQuery {
  /** Name of the metric it makes. */
  name: string
  query: string
  intervalMs: number
}

const SECOND = 1000
const BY_POD = 'by (namespace, pod)'
const POD_EXISTS = `0 * max ${BY_POD} (kube_pod_info)`
const CONTAINERS = 'container!="", container!="POD"'
const DISKS = 'fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|nsfs|autofs"'

const pressure = (condition: string) =>
  `max by (node) (kube_node_status_condition{condition="${condition}", status="true"})`

/**
 * The original's 20 default queries and four that the failure catalogue needs, corrected: own labels, own limits, rates of counters, no filter that hides what is normal
 * and no `or vector(0)` that invents an entity. Where a series exists only while something is wrong, the pod's own zero stands
 * in for it. A rate over a minute and a poll every 15 s show a runaway within the minute; a pod without a CPU limit counts
 * against 200m, so that half of it is the 100m below which nobody is a runaway.
 */
export const DEFAULT_QUERIES: readonly MetricQuery[] = [
  {
    name: 'pod_cpu_utilization_pct',
    query: `sum ${BY_POD} (rate(container_cpu_usage_seconds_total{${CONTAINERS}}[1m])) / (sum ${BY_POD} (kube_pod_container_resource_limits{resource="cpu"}) or (0.2 + ${POD_EXISTS})) * 100`,
    intervalMs: 15 * SECOND,
  },
  {
    name: 'pod_memory_utilization_pct',
    query: `sum ${BY_POD} (container_memory_working_set_bytes{${CONTAINERS}}) / sum ${BY_POD} (kube_pod_container_resource_limits{resource="memory"}) * 100`,
    intervalMs: 15 * SECOND,
  },
  {
    name: 'pod_oom_events',
    query: `sum ${BY_POD} (increase(container_oom_events_total{container!=""}[5m]))`,
    intervalMs: 30 * SECOND,
  },
  {
    name: 'pod_oomkilled_state',
    query: `max ${BY_POD} (kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}) or ${POD_EXISTS}`,
    intervalMs: 30 * SECOND,
  },
  {
    name: 'pod_not_ready',
    query: `max ${BY_POD} (kube_pod_status_ready{condition=~"false|unknown"}) unless on (namespace, pod) (kube_pod_status_phase{phase=~"Succeeded|Failed"} == 1)`,
    intervalMs: 15 * SECOND,
  },
  {
    name: 'pod_container_waiting',
    query: `max ${BY_POD} (kube_pod_container_status_waiting_reason{reason!~"ContainerCreating|PodInitializing"}) or ${POD_EXISTS}`,
    intervalMs: 15 * SECOND,
  },
  {
    name: 'deployment_replicas_available_ratio',
    query:
      'max by (namespace, deployment) (kube_deployment_status_replicas_available) / (max by (namespace, deployment) (kube_deployment_spec_replicas) > 0)',
    intervalMs: 15 * SECOND,
  },
  {
    name: 'statefulset_replicas_available_ratio',
    query:
      'max by (namespace, statefulset) (kube_statefulset_status_replicas_ready) / (max by (namespace, statefulset) (kube_statefulset_replicas) > 0)',
    intervalMs: 15 * SECOND,
  },
  {
    name: 'pod_crashloopbackoff',
    query: `max ${BY_POD} (max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m])) or ${POD_EXISTS}`,
    intervalMs: 15 * SECOND,
  },
  {
    name: 'pod_imagepullbackoff',
    query: `max ${BY_POD} (max_over_time(kube_pod_container_status_waiting_reason{reason=~"ImagePullBackOff|ErrImagePull|InvalidImageName|ErrImageNeverPull|ImageInspectError"}[5m])) or ${POD_EXISTS}`,
    intervalMs: 15 * SECOND,
  },
  {
    name: 'pod_container_restarts',
    query: `sum ${BY_POD} (increase(kube_pod_container_status_restarts_total[5m]))`,
    intervalMs: 30 * SECOND,
  },
  {
    name: 'pod_failed',
    query: `max ${BY_POD} (kube_pod_status_phase{phase=~"Failed|Unknown"})`,
    intervalMs: 30 * SECOND,
  },
  {
    name: 'pod_tcp_retransmits_per_second',
    query: 'sum by (node, instance) (rate(node_netstat_Tcp_RetransSegs[5m]))',
    intervalMs: 30 * SECOND,
  },
  {
    name: 'pod_dns_request_failures',
    query: 'sum(rate(coredns_dns_responses_total{rcode=~"SERVFAIL|REFUSED"}[5m]))',
    intervalMs: 30 * SECOND,
  },
  {
    name: 'node_not_ready',
    query: 'max by (node) (kube_node_status_condition{condition="Ready", status=~"false|unknown"})',
    intervalMs: 15 * SECOND,
  },
  { name: 'node_memory_pressure', query: pressure('MemoryPressure'), intervalMs: 15 * SECOND },
  { name: 'node_disk_pressure', query: pressure('DiskPressure'), intervalMs: 15 * SECOND },
  { name: 'node_pid_pressure', query: pressure('PIDPressure'), intervalMs: 15 * SECOND },
  {
    name: 'node_load_high',
    query: 'sum by (instance) (node_load5) / on (instance) count by (instance) (node_cpu_seconds_total{mode="idle"})',
    intervalMs: 30 * SECOND,
  },
  {
    name: 'node_disk_usage_pct',
    query: `max by (node, instance) ((1 - node_filesystem_avail_bytes{${DISKS}} / node_filesystem_size_bytes{${DISKS}}) * 100)`,
    intervalMs: 60 * SECOND,
  },
  {
    name: 'pod_cpu_throttled_pct',
    query: `sum ${BY_POD} (rate(container_cpu_cfs_throttled_periods_total{${CONTAINERS}}[2m])) / sum ${BY_POD} (rate(container_cpu_cfs_periods_total{${CONTAINERS}}[2m])) * 100`,
    intervalMs: 30 * SECOND,
  },
  {
    name: 'volume_usage_pct',
    query:
      'max by (namespace, persistentvolumeclaim) ((1 - kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes) * 100)',
    intervalMs: 60 * SECOND,
  },
  {
    name: 'node_clock_offset_seconds',
    query: 'max by (node, instance) (abs(node_timex_offset_seconds))',
    intervalMs: 60 * SECOND,
  },
  {
    name: 'dns_servfail_pct',
    query:
      'sum(rate(coredns_dns_responses_total{rcode="SERVFAIL"}[5m])) / sum(rate(coredns_dns_responses_total[5m])) * 100',
    intervalMs: 30 * SECOND,
  },
]

/** When the newest sample of anything was scraped, in seconds: tells a Prometheus that answers from one that still scrapes. */
export const NEWEST_SCRAPE = 'max(timestamp(up))'

interface ConfiguredQuery {
  name: string
  query: string
  /** Seconds. */
  interval?: number
}

/** The queries in force: the user's, each with its own interval or the common one; else the defaults. */
export function queriesOf(
  configured: readonly ConfiguredQuery[] | undefined,
  pollIntervalMs: number,
): readonly MetricQuery[] {
  if (!configured)
    return DEFAULT_QUERIES.map((query) => ({ ...query, intervalMs: Math.max(query.intervalMs, pollIntervalMs) }))
  return configured.map(({ name, query, interval }) => ({
    name,
    query,
    intervalMs: interval === undefined ? pollIntervalMs : interval * SECOND,
  }))
}
