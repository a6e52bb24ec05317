import { conditionOf, timeMs, type Container, type ContainerStatus, type Pod } from '@kubewise/kube'
import type { Sample } from '../../../prometheus/series/series-store.ts'
import { amountOf } from '../../objects/amounts.ts'
import { createdSeconds, family } from './metrics.ts'

const PHASES = ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running'] as const
const REASONS = ['Evicted', 'NodeAffinity', 'NodeLost', 'Shutdown', 'UnexpectedAdmissionError']
const UNITS: Record<string, string> = { cpu: 'core', memory: 'byte' }

type Add = ReturnType<typeof family>

/** @see docs/metrics/workload/pod-metrics.md of kube-state-metrics 2.18 */
export function podSamples(pod: Pod): Sample[] {
  const { namespace, name, uid } = pod.metadata ?? {}
  const add = family({ namespace, pod: name, uid })
  return [
    ...identitySamples(add, pod),
    ...conditionSamplesOf(add, pod),
    ...PHASES.flatMap((phase) =>
      pod.status?.phase ? add('kube_pod_status_phase', pod.status.phase === phase, { phase }) : [],
    ),
    ...REASONS.flatMap((reason) => add('kube_pod_status_reason', pod.status?.reason === reason, { reason })),
    ...(pod.spec?.containers ?? []).flatMap((container) => resourceSamples(add, pod, container)),
    ...(pod.status?.containerStatuses ?? []).flatMap((status) =>
      statusSamples(add, 'kube_pod_container', status, pod.spec?.containers),
    ),
    ...(pod.status?.initContainerStatuses ?? []).flatMap((status) =>
      statusSamples(add, 'kube_pod_init_container', status),
    ),
  ]
}

function identitySamples(add: Add, pod: Pod): Sample[] {
  const { spec, status, metadata } = pod
  const owners = metadata?.ownerReferences ?? []
  const owner = owners.find(({ controller }) => controller)
  const info = {
    host_ip: status?.hostIP,
    pod_ip: status?.podIP,
    node: spec?.nodeName,
    created_by_kind: owner?.kind,
    created_by_name: owner?.name,
    priority_class: spec?.priorityClassName,
    host_network: String(spec?.hostNetwork === true),
  }
  const startedMs = timeMs(status?.startTime)
  const deletedMs = timeMs(metadata?.deletionTimestamp)
  return [
    ...add('kube_pod_info', 1, info),
    ...(owners.length === 0 ? add('kube_pod_owner', 1) : []),
    ...owners.flatMap(({ kind, name, controller }) =>
      add('kube_pod_owner', 1, {
        owner_kind: kind,
        owner_name: name,
        owner_is_controller: String(controller === true),
      }),
    ),
    ...add('kube_pod_created', createdSeconds(pod)),
    ...add('kube_pod_start_time', startedMs && startedMs / 1000),
    ...add('kube_pod_deletion_timestamp', deletedMs && deletedMs / 1000),
    ...add('kube_pod_restart_policy', 1, { type: spec?.restartPolicy ?? 'Always' }),
  ]
}

function conditionSamplesOf(add: Add, pod: Pod): Sample[] {
  const families = { Ready: 'kube_pod_status_ready', PodScheduled: 'kube_pod_status_scheduled' }
  const samples = Object.entries(families).flatMap(([type, name]) => {
    const found = conditionOf(pod, type)
    if (!found) return []
    return ['True', 'False', 'Unknown'].flatMap((status) =>
      add(name, found.status === status, { condition: status.toLowerCase() }),
    )
  })
  const isUnschedulable = conditionOf(pod, 'PodScheduled')?.reason === 'Unschedulable'
  return [...samples, ...add('kube_pod_status_unschedulable', isUnschedulable ? 1 : undefined)]
}

function resourceSamples(add: Add, pod: Pod, container: Container): Sample[] {
  return (['requests', 'limits'] as const).flatMap((kind) =>
    Object.entries(container.resources?.[kind] ?? {}).flatMap(([resource, quantity]) =>
      add(`kube_pod_container_resource_${kind}`, amountOf(quantity), {
        container: container.name,
        node: pod.spec?.nodeName,
        resource: resource.replaceAll(/[^a-zA-Z0-9_]/g, '_'),
        unit: UNITS[resource] ?? 'byte',
      }),
    ),
  )
}

function statusSamples(add: Add, prefix: string, status: ContainerStatus, specs: readonly Container[] = []): Sample[] {
  const container = status.name
  const { waiting, running, terminated } = status.state ?? {}
  const last = status.lastState?.terminated
  const lastMs = timeMs(last?.finishedAt)
  return [
    ...add(`${prefix}_info`, 1, {
      container,
      image_spec: specs.find(({ name }) => name === container)?.image,
      image: status.image,
      image_id: status.imageID,
      container_id: status.containerID,
    }),
    ...add(`${prefix}_status_ready`, status.ready, { container }),
    ...add(`${prefix}_status_restarts_total`, status.restartCount, { container }),
    ...add(`${prefix}_status_waiting`, waiting !== undefined, { container }),
    ...add(`${prefix}_status_running`, running !== undefined, { container }),
    ...add(`${prefix}_status_terminated`, terminated !== undefined, { container }),
    ...add(`${prefix}_status_waiting_reason`, waiting && 1, { container, reason: waiting?.reason }),
    ...add(`${prefix}_status_terminated_reason`, terminated && 1, { container, reason: terminated?.reason }),
    ...add(`${prefix}_status_last_terminated_reason`, last && 1, { container, reason: last?.reason }),
    ...add(`${prefix}_status_last_terminated_exitcode`, last?.exitCode, { container }),
    ...add(`${prefix}_status_last_terminated_timestamp`, lastMs && lastMs / 1000, { container }),
  ]
}
