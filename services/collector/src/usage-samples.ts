import { quantityToNumber, type Container, type Node, type Pod, type QuantityText } from '@kubewise/kube'
import type { LabelSet } from '@kubewise/metrics'
import type { MeasuredName } from './measured-metrics.ts'
import type { ClaimUsage, ContainerUsage, NodeUsage, PodUsage, Reading, Usage } from './usage.ts'

/** A value of a metric, before it is known which series it is. */
export interface Sample extends Reading {
  metric: MeasuredName
  labels: LabelSet
  /** Its value is a counter's; the metric is its rate. */
  isCounter?: true
}

/** The watched objects, which say what the usage is measured against. */
export interface Bounds {
  podNamed(namespace: string, name: string): Pod | undefined
  nodeNamed(name: string): Node | undefined
}

/** Cores that a pod without a limit counts against, as in the catalogue. */
const UNLIMITED_CORES = 0.2

/** What is used, against what it may use, under the catalogue's names. What has no bound has no share of it. */
export function samplesOf({ nodes, pods, claims }: Usage, bounds: Bounds): Sample[] {
  return [
    ...nodes.flatMap((node) => samplesOfNode(node, bounds.nodeNamed(node.name))),
    ...pods.flatMap((pod) => samplesOfPod(pod, bounds.podNamed(pod.namespace, pod.name))),
    ...claims.flatMap(samplesOfClaim),
  ]
}

function samplesOfNode({ name, cpu, memory, diskPct, inodesPct }: NodeUsage, node: Node | undefined): Sample[] {
  const labels = { node: name }
  const { allocatable, capacity } = node?.status ?? {}
  return [
    ...sample('node_cpu_used_pct', labels, shareOf(cpu, amountIn(allocatable, 'cpu'))),
    // Against all there is, as node-exporter's; the working set leaves out what the kernel can take back.
    ...sample('node_memory_used_pct', labels, shareOf(memory, amountIn(capacity, 'memory'))),
    ...sample('node_disk_usage_pct', labels, diskPct),
    ...sample('node_inodes_used_pct', labels, inodesPct),
  ]
}

function samplesOfPod(usage: PodUsage, pod: Pod | undefined): Sample[] {
  if (!pod) return []
  const { namespace, name, containers, ephemeralStorage, received, sent } = usage
  const labels = { namespace, pod: name }
  const specs = pod.spec?.containers ?? []
  const limit = (resource: string) => sumOf(specs, 'limits', resource)
  const cpu = total(containers, 'cpu')
  return [
    ...sample('pod_cpu_utilization_pct', labels, shareOf(cpu, limit('cpu') ?? UNLIMITED_CORES)),
    ...sample('pod_memory_utilization_pct', labels, shareOf(total(containers, 'memory'), limit('memory'))),
    ...sample('pod_ephemeral_storage_limit_pct', labels, shareOf(ephemeralStorage, limit('ephemeral-storage'))),
    ...containers.flatMap((container) => samplesOfContainer(container, labels, specs)),
    // Such a pod's counters are its node's.
    ...(pod.spec?.hostNetwork
      ? []
      : [
          ...counter('pod_network_received_bytes_per_second', labels, received),
          ...counter('pod_network_sent_bytes_per_second', labels, sent),
        ]),
  ]
}

function samplesOfContainer(
  { name, cpu, memory }: ContainerUsage,
  pod: LabelSet,
  specs: readonly Container[],
): Sample[] {
  const { limits, requests } = specs.find((spec) => spec.name === name)?.resources ?? {}
  const labels = { ...pod, container: name }
  return [
    ...sample('container_cpu_request_pct', labels, shareOf(cpu, amountIn(requests, 'cpu'))),
    ...sample('container_cpu_limit_pct', labels, shareOf(cpu, amountIn(limits, 'cpu'))),
    ...sample('container_memory_limit_pct', labels, shareOf(memory, amountIn(limits, 'memory'))),
    ...sample('container_memory_request_pct', labels, shareOf(memory, amountIn(requests, 'memory'))),
  ]
}

function samplesOfClaim({ namespace, claim, usedPct, inodesPct }: ClaimUsage): Sample[] {
  const labels = { namespace, persistentvolumeclaim: claim }
  return [...sample('volume_usage_pct', labels, usedPct), ...sample('volume_inodes_used_pct', labels, inodesPct)]
}

const sample = (metric: MeasuredName, labels: LabelSet, reading: Reading | undefined): Sample[] =>
  reading ? [{ metric, labels, ...reading }] : []

const counter = (metric: MeasuredName, labels: LabelSet, reading: Reading | undefined): Sample[] =>
  sample(metric, labels, reading).map((one) => ({ ...one, isCounter: true }))

/** In percent. */
const shareOf = (used: Reading | undefined, bound: number | undefined): Reading | undefined =>
  used && bound !== undefined ? { value: (used.value / bound) * 100, timeMs: used.timeMs } : undefined

/** Over those containers of which it is known, dated by the newest; a part that is missing is an answer of less, as in Prometheus. */
function total(containers: readonly ContainerUsage[], what: 'cpu' | 'memory'): Reading | undefined {
  const known = containers.flatMap((container) => container[what] ?? [])
  if (known.length === 0) return undefined
  return {
    value: known.reduce((sum, { value }) => sum + value, 0),
    timeMs: Math.max(...known.map(({ timeMs }) => timeMs)),
  }
}

/** Of those containers that have one; undefined where none has. */
function sumOf(specs: readonly Container[], what: 'limits' | 'requests', resource: string): number | undefined {
  const known = specs.flatMap(({ resources }) => amountIn(resources?.[what], resource) ?? [])
  return known.length === 0 ? undefined : known.reduce((sum, amount) => sum + amount, 0)
}

/** More than 0, else nothing can be a share of it. */
function amountIn(quantities: Record<string, QuantityText> | undefined, resource: string): number | undefined {
  const text = quantities?.[resource]
  if (text === undefined) return undefined
  try {
    const amount = quantityToNumber(text)
    return amount > 0 && amount < Infinity ? amount : undefined
  } catch {
    return undefined
  }
}
