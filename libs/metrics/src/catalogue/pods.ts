import { metric, type Metric } from '../metric.ts'

const BY_POD = 'by (namespace, pod)'
const BY_CONTAINER = 'by (namespace, pod, container)'
const POD_EXISTS = `0 * max ${BY_POD} (kube_pod_info)`
const CONTAINERS = 'container!="", container!="POD"'

const CPU = `rate(container_cpu_usage_seconds_total{${CONTAINERS}}[1m])`
const WORKING_SET = `container_memory_working_set_bytes{${CONTAINERS}}`
const bound = (what: 'limits' | 'requests', resource: 'cpu' | 'memory') =>
  `kube_pod_container_resource_${what}{resource="${resource}"}`

/**
 * Of pods and their containers. Where a series exists only while something is wrong, the pod's own zero stands in for it. A rate
 * over a minute and a poll every 15 s show a runaway within the minute; a pod without a CPU limit counts against 200m, so that
 * half of it is the 100m below which nobody is a runaway.
 */
export const POD_METRICS: readonly Metric[] = [
  metric(
    'percent',
    'pod_cpu_utilization_pct',
    15,
    `sum ${BY_POD} (${CPU}) / (sum ${BY_POD} (${bound('limits', 'cpu')}) or (0.2 + ${POD_EXISTS})) * 100`,
    { view: 'cpu' },
  ),
  metric(
    'percent',
    'pod_memory_utilization_pct',
    15,
    `sum ${BY_POD} (${WORKING_SET}) / sum ${BY_POD} (${bound('limits', 'memory')}) * 100`,
    { view: 'memory', limit: 100 },
  ),
  metric(
    'percent',
    'container_cpu_request_pct',
    30,
    `sum ${BY_CONTAINER} (${CPU}) / sum ${BY_CONTAINER} (${bound('requests', 'cpu')}) * 100`,
    { view: 'cpu', floor: 5, minEffect: 100 },
  ),
  metric(
    'percent',
    'container_cpu_limit_pct',
    30,
    `sum ${BY_CONTAINER} (${CPU}) / sum ${BY_CONTAINER} (${bound('limits', 'cpu')}) * 100`,
    { view: 'cpu' },
  ),
  metric(
    'percent',
    'container_memory_limit_pct',
    30,
    `sum ${BY_CONTAINER} (${WORKING_SET}) / sum ${BY_CONTAINER} (${bound('limits', 'memory')}) * 100`,
    { view: 'memory', limit: 100 },
  ),
  metric(
    'percent',
    'container_memory_request_pct',
    60,
    `sum ${BY_CONTAINER} (${WORKING_SET}) / sum ${BY_CONTAINER} (${bound('requests', 'memory')}) * 100`,
    { view: 'memory', floor: 5, minEffect: 100 },
  ),
  metric(
    'percent',
    'pod_cpu_throttled_pct',
    30,
    `sum ${BY_POD} (rate(container_cpu_cfs_throttled_periods_total{${CONTAINERS}}[2m])) / sum ${BY_POD} (rate(container_cpu_cfs_periods_total{${CONTAINERS}}[2m])) * 100`,
    { floor: 2, minEffect: 40 },
  ),
  metric(
    'percent',
    'container_file_handles_pct',
    60,
    `max ${BY_CONTAINER} (container_file_descriptors{${CONTAINERS}}) / max ${BY_CONTAINER} (container_ulimits_soft{${CONTAINERS}, ulimit="max_open_files"}) * 100`,
    { limit: 100 },
  ),
  metric('count', 'pod_oom_events', 30, `sum ${BY_POD} (increase(container_oom_events_total{container!=""}[5m]))`),
  metric(
    'flag',
    'pod_oomkilled_state',
    30,
    `max ${BY_POD} (kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}) or ${POD_EXISTS}`,
  ),
  metric(
    'flag',
    'pod_last_terminated_in_error',
    30,
    `max ${BY_POD} (kube_pod_container_status_last_terminated_reason{reason=~"Error|ContainerCannotRun|StartError|DeadlineExceeded"}) or ${POD_EXISTS}`,
  ),
  metric(
    'flag',
    'pod_not_ready',
    15,
    `max ${BY_POD} (kube_pod_status_ready{condition=~"false|unknown"}) unless on (namespace, pod) (kube_pod_status_phase{phase=~"Succeeded|Failed"} == 1)`,
  ),
  metric(
    'flag',
    'pod_container_waiting',
    15,
    `max ${BY_POD} (kube_pod_container_status_waiting_reason{reason!~"ContainerCreating|PodInitializing"}) or ${POD_EXISTS}`,
  ),
  metric(
    'flag',
    'pod_crashloopbackoff',
    15,
    `max ${BY_POD} (max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m])) or ${POD_EXISTS}`,
  ),
  metric(
    'flag',
    'pod_imagepullbackoff',
    15,
    `max ${BY_POD} (max_over_time(kube_pod_container_status_waiting_reason{reason=~"ImagePullBackOff|ErrImagePull|InvalidImageName|ErrImageNeverPull|ImageInspectError"}[5m])) or ${POD_EXISTS}`,
  ),
  metric(
    'count',
    'pod_container_restarts',
    30,
    `sum ${BY_POD} (increase(kube_pod_container_status_restarts_total[5m]))`,
  ),
  metric('flag', 'pod_failed', 30, `max ${BY_POD} (kube_pod_status_phase{phase=~"Failed|Unknown"})`),
]
