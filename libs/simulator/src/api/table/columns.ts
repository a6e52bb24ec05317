import type {
  CoreEventObject,
  DaemonSet,
  Deployment,
  Job,
  KubernetesObject,
  Node,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  Resource,
  Service,
  StatefulSet,
} from '@kubewise/kube'
import { resourceKey } from '../../objects/metadata.ts'
import { shortDuration } from './duration.ts'
import { podStatus } from './pod-status.ts'

type Cell = string | number

/** A column of `kubectl get`, between the name and the age. */
export interface Column<T extends KubernetesObject> {
  name: string
  type: 'string' | 'integer'
  cell: (object: T, nowMs: number) => Cell
}

function text<T extends KubernetesObject>(name: string, cell: Column<T>['cell']): Column<T> {
  return { name, type: 'string', cell }
}

function count<T extends KubernetesObject>(name: string, cell: Column<T>['cell']): Column<T> {
  return { name, type: 'integer', cell }
}

const PODS: Column<Pod>[] = [
  text('Ready', ({ spec, status }) => {
    const statuses = status?.containerStatuses ?? []
    return `${statuses.filter(({ ready }) => ready).length}/${(spec?.containers ?? []).length}`
  }),
  text('Status', podStatus),
  text('Restarts', ({ status }) =>
    String((status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0)),
  ),
]

const DEPLOYMENTS: Column<Deployment>[] = [
  text('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 1}`),
  count('Up-to-date', ({ status }) => status?.updatedReplicas ?? 0),
  count('Available', ({ status }) => status?.availableReplicas ?? 0),
]

const REPLICA_SETS: Column<ReplicaSet>[] = [
  count('Desired', ({ spec }) => spec?.replicas ?? 1),
  count('Current', ({ status }) => status?.replicas ?? 0),
  count('Ready', ({ status }) => status?.readyReplicas ?? 0),
]

const STATEFUL_SETS: Column<StatefulSet>[] = [
  text('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 1}`),
]

const DAEMON_SETS: Column<DaemonSet>[] = [
  count('Desired', ({ status }) => status?.desiredNumberScheduled ?? 0),
  count('Current', ({ status }) => status?.currentNumberScheduled ?? 0),
  count('Ready', ({ status }) => status?.numberReady ?? 0),
  count('Up-to-date', ({ status }) => status?.updatedNumberScheduled ?? 0),
  count('Available', ({ status }) => status?.numberAvailable ?? 0),
]

const JOBS: Column<Job>[] = [
  text('Completions', ({ spec, status }) => `${status?.succeeded ?? 0}/${spec?.completions ?? 1}`),
]

const NODES: Column<Node>[] = [
  text('Status', ({ spec, status }) => {
    const ready = (status?.conditions ?? []).find(({ type }) => type === 'Ready')
    const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
    return spec?.unschedulable === true ? `${word},SchedulingDisabled` : word
  }),
  text('Version', ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
]

const SERVICES: Column<Service>[] = [
  text('Type', ({ spec }) => spec?.type ?? 'ClusterIP'),
  text('Cluster-IP', ({ spec }) => spec?.clusterIP ?? '<none>'),
  text(
    'Port(s)',
    ({ spec }) => (spec?.ports ?? []).map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`).join(',') || '<none>',
  ),
]

const BUDGETS: Column<PodDisruptionBudget>[] = [
  text('Min Available', ({ spec }) => String(spec?.minAvailable ?? 'N/A')),
  text('Max Unavailable', ({ spec }) => String(spec?.maxUnavailable ?? 'N/A')),
  count('Allowed Disruptions', ({ status }) => status?.disruptionsAllowed ?? 0),
]

const EVENTS: Column<CoreEventObject>[] = [
  text('Last Seen', ({ lastTimestamp, eventTime, metadata }, nowMs) =>
    shortDuration(nowMs - Date.parse(lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? '')),
  ),
  text('Type', ({ type }) => type ?? ''),
  text('Reason', ({ reason }) => reason ?? ''),
  text('Object', ({ involvedObject }) => `${(involvedObject?.kind ?? '').toLowerCase()}/${involvedObject?.name ?? ''}`),
  text('Message', ({ message }) => (message ?? '').trim()),
]

/** Columns that kubectl shows of a kind besides its name, in the order of the real server; each list knows its own kind. */
const BY_RESOURCE: Record<string, readonly Column<never>[]> = {
  '/pods': PODS,
  '/nodes': NODES,
  '/services': SERVICES,
  '/events': EVENTS,
  'apps/deployments': DEPLOYMENTS,
  'apps/replicasets': REPLICA_SETS,
  'apps/statefulsets': STATEFUL_SETS,
  'apps/daemonsets': DAEMON_SETS,
  'batch/jobs': JOBS,
  'policy/poddisruptionbudgets': BUDGETS,
}

export function columnsOf(resource: Resource): readonly Column<never>[] {
  return BY_RESOURCE[resourceKey(resource)] ?? []
}
