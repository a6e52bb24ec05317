import { metric, type Metric } from '../metric.ts'

const ready = (kind: string, have: string, want: string) =>
  `max by (namespace, ${kind}) (${have}) / (max by (namespace, ${kind}) (${want}) > 0)`

/** Of what runs pods, and of what bounds a namespace. A workload scaled to nothing has no share of ready pods. */
export const WORKLOAD_METRICS: readonly Metric[] = [
  metric(
    'ratio',
    'deployment_replicas_available_ratio',
    15,
    ready('deployment', 'kube_deployment_status_replicas_available', 'kube_deployment_spec_replicas'),
  ),
  metric(
    'ratio',
    'statefulset_replicas_available_ratio',
    15,
    ready('statefulset', 'kube_statefulset_status_replicas_ready', 'kube_statefulset_replicas'),
  ),
  metric(
    'ratio',
    'daemonset_ready_ratio',
    30,
    ready('daemonset', 'kube_daemonset_status_number_ready', 'kube_daemonset_status_desired_number_scheduled'),
  ),
  metric(
    'ratio',
    'autoscaler_used_ratio',
    30,
    ready(
      'horizontalpodautoscaler',
      'kube_horizontalpodautoscaler_status_current_replicas',
      'kube_horizontalpodautoscaler_spec_max_replicas',
    ),
    { bad: 'up', limit: 1 },
  ),
  metric(
    'percent',
    'quota_used_pct',
    60,
    'max by (namespace, resourcequota, resource) (kube_resourcequota{type="used"}) / (max by (namespace, resourcequota, resource) (kube_resourcequota{type="hard"}) > 0) * 100',
    { limit: 100 },
  ),
  metric(
    'percent',
    'volume_usage_pct',
    60,
    'max by (namespace, persistentvolumeclaim) ((1 - kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes) * 100)',
    { limit: 100 },
  ),
  metric(
    'percent',
    'volume_inodes_used_pct',
    60,
    'max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_inodes_used / (kubelet_volume_stats_inodes > 0)) * 100',
    { limit: 100 },
  ),
]
