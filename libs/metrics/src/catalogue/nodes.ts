import { metric, type Metric } from '../metric.ts'

const DISKS = 'fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|nsfs|autofs"'

const condition = (type: string, status = 'true') =>
  `max by (node) (kube_node_status_condition{condition="${type}", status=~"${status}"})`

/** Of nodes, and of what all of them share. A node that nobody hears from is `unknown`, which is not ready either. */
export const NODE_METRICS: readonly Metric[] = [
  metric('flag', 'node_not_ready', 15, condition('Ready', 'false|unknown')),
  metric('flag', 'node_memory_pressure', 15, condition('MemoryPressure')),
  metric('flag', 'node_disk_pressure', 15, condition('DiskPressure')),
  metric('flag', 'node_pid_pressure', 15, condition('PIDPressure')),
  metric('flag', 'node_network_unavailable', 30, condition('NetworkUnavailable')),
  metric(
    'load',
    'node_load_high',
    30,
    'sum by (instance) (node_load5) / on (instance) count by (instance) (node_cpu_seconds_total{mode="idle"})',
  ),
  metric(
    'percent',
    'node_memory_used_pct',
    30,
    'max by (node, instance) ((1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes) * 100)',
    { limit: 100 },
  ),
  metric(
    'percent',
    'node_disk_usage_pct',
    60,
    `max by (node, instance) ((1 - node_filesystem_avail_bytes{${DISKS}} / node_filesystem_size_bytes{${DISKS}}) * 100)`,
    { limit: 100 },
  ),
  metric(
    'percent',
    'node_file_handles_pct',
    60,
    'max by (node, instance) (node_filefd_allocated / node_filefd_maximum) * 100',
    { limit: 100 },
  ),
  metric(
    'rate',
    'pod_tcp_retransmits_per_second',
    30,
    'sum by (node, instance) (rate(node_netstat_Tcp_RetransSegs[5m]))',
    { bad: 'up', floor: 0.5, minEffect: 20 },
  ),
  metric('seconds', 'node_clock_offset_seconds', 60, 'max by (node, instance) (abs(node_timex_offset_seconds))', {
    floor: 0.01,
    minEffect: 0.25,
  }),
  metric(
    'rate',
    'pod_dns_request_failures',
    30,
    'sum(rate(coredns_dns_responses_total{rcode=~"SERVFAIL|REFUSED"}[5m]))',
    { bad: 'up', floor: 0.05 },
  ),
  metric(
    'percent',
    'dns_servfail_pct',
    30,
    'sum(rate(coredns_dns_responses_total{rcode="SERVFAIL"}[5m])) / sum(rate(coredns_dns_responses_total[5m])) * 100',
    { floor: 0.5, minEffect: 5 },
  ),
]
