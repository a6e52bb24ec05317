import type { Node } from '@kubewise/kube'
import type { Sample } from '../../../prometheus/series/series-store.ts'
import { amountOf } from '../../objects/amounts.ts'
import { conditionSamples, createdSeconds, family } from './metrics.ts'

const UNITS: Record<string, string> = { cpu: 'core', pods: 'integer' }

/** @see docs/metrics/cluster/node-metrics.md of kube-state-metrics 2.18 */
export function nodeSamples(node: Node): Sample[] {
  const { metadata, spec = {}, status = {} } = node
  const add = family({ node: metadata?.name })
  const { nodeInfo } = status
  const info = {
    os_image: nodeInfo?.osImage,
    container_runtime_version: nodeInfo?.containerRuntimeVersion,
    kubelet_version: nodeInfo?.kubeletVersion,
    kubeproxy_version: 'deprecated',
    pod_cidr: spec.podCIDR,
    internal_ip: status.addresses?.find(({ type }) => type === 'InternalIP')?.address,
  }
  return [
    ...add('kube_node_info', 1, info),
    ...add('kube_node_created', createdSeconds(node)),
    ...add('kube_node_spec_unschedulable', spec.unschedulable === true),
    ...(spec.taints ?? []).flatMap(({ key, value, effect }) => add('kube_node_spec_taint', 1, { key, value, effect })),
    ...conditionSamples(add, 'kube_node_status_condition', status.conditions),
    ...(['capacity', 'allocatable'] as const).flatMap((kind) =>
      Object.entries(status[kind] ?? {}).flatMap(([name, amount]) =>
        add(`kube_node_status_${kind}`, amountOf(amount), {
          resource: name.replaceAll(/[^a-zA-Z0-9_]/g, '_'),
          unit: UNITS[name] ?? 'byte',
        }),
      ),
    ),
  ]
}
