import type { Facts } from '@kubewise/contracts'
import { rolloutStartedMs, timeMs, type KubernetesObject } from '@kubewise/kube'
import { autoscalerOf } from './autoscaler-facts.ts'
import { rolloutWorkload, type Context } from './context.ts'
import { plainName } from './plain-name.ts'
import { writersOf } from './written-by.ts'

/** A change this long before the first signal may have to do with it. */
const BEFORE_MS = 3_600_000
const MOST_CHANGES = 30

type Change = Facts['changes'][number]

/** Fields whose change is telling, by kind. */
const FIELDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  Deployment: [
    ['spec', 'template'],
    ['spec', 'replicas'],
    ['spec', 'strategy'],
    ['spec', 'paused'],
  ],
  StatefulSet: [
    ['spec', 'template'],
    ['spec', 'replicas'],
    ['spec', 'updateStrategy'],
  ],
  DaemonSet: [
    ['spec', 'template'],
    ['spec', 'updateStrategy'],
  ],
  ReplicaSet: [['spec', 'replicas']],
  CronJob: [
    ['spec', 'jobTemplate'],
    ['spec', 'suspend'],
    ['spec', 'schedule'],
  ],
  Service: [
    ['spec', 'selector'],
    ['spec', 'ports'],
  ],
  HorizontalPodAutoscaler: [
    ['spec', 'maxReplicas'],
    ['spec', 'minReplicas'],
    ['spec', 'metrics'],
  ],
  PodDisruptionBudget: [['spec']],
  ResourceQuota: [['spec', 'hard']],
  LimitRange: [['spec', 'limits']],
  NetworkPolicy: [['spec']],
  PersistentVolumeClaim: [['spec', 'resources']],
  Node: [
    ['spec', 'unschedulable'],
    ['spec', 'taints'],
  ],
  Namespace: [
    ['metadata', 'labels', 'pod-security.kubernetes.io/enforce'],
    ['metadata', 'labels', 'pod-security.kubernetes.io/enforce-version'],
  ],
  ValidatingWebhookConfiguration: [['webhooks']],
  MutatingWebhookConfiguration: [['webhooks']],
}

/** Controllers of the cluster's own that write these fields by themselves. */
const CONTROLLERS: ReadonlySet<string> = new Set(['kube-controller-manager', 'kubelet', 'kube-scheduler'])

interface Seen {
  atMs: number
  what: string
  by: string
}

/**
 * An object's birth, and the last writes of its telling fields. Managed fields give the time of a manager's last write of
 * anything, so a field may have changed before.
 */
function seenOf(object: KubernetesObject, kind: string): Seen[] {
  const bornMs = timeMs(object.metadata?.creationTimestamp)
  const by = plainName(object.metadata?.managedFields?.[0]?.manager ?? '')
  const birth = bornMs === undefined ? [] : [{ atMs: bornMs, what: 'created', by }]
  const writes = (FIELDS[kind] ?? []).flatMap((path) =>
    writersOf(object, path)
      .filter(({ manager }) => !CONTROLLERS.has(manager) || kind === 'Node')
      .flatMap(({ manager, atMs }) =>
        // What its birth wrote is its birth.
        atMs === undefined || atMs === bornMs ? [] : [{ atMs, what: path.join('.'), by: manager }],
      ),
  )
  return [...birth, ...writes]
}

/** The newest rollout began at a time of its own, which no field tells exactly. */
function rolloutSeen(context: Context): Seen[] {
  const workload = rolloutWorkload(context)
  const atMs = workload && rolloutStartedMs(workload, context.revisions)
  if (!workload || atMs === undefined || context.revisions.length < 2) return []
  const by = writersOf(workload, ['spec', 'template'])[0]?.manager ?? ''
  return [{ atMs, what: 'spec.template', by }]
}

function isNear(node: KubernetesObject, { pods, incident }: Context): boolean {
  const name = node.metadata?.name
  return incident.target.kind === 'Node'
    ? incident.target.name === name
    : pods.some(({ spec }) => spec?.nodeName === name)
}

/** The objects around a target whose changes may have to do with it. */
function around(context: Context): [string, KubernetesObject][] {
  const { incident, services, quotas, limitRanges, networkPolicies, webhooks, namespace, nodes, budgets, claims } =
    context
  const kinds = (kind: string, objects: readonly (KubernetesObject | undefined)[]): [string, KubernetesObject][] =>
    objects.flatMap((object) => (object ? [[object.kind ?? kind, object] as [string, KubernetesObject]] : []))
  return [
    ...kinds('Namespace', [namespace]),
    ...kinds(
      'Service',
      services.filter(({ metadata }) => metadata?.namespace === incident.target.namespace),
    ),
    ...kinds('HorizontalPodAutoscaler', [autoscalerOf(context)]),
    ...kinds('PodDisruptionBudget', budgets),
    ...kinds('ResourceQuota', quotas),
    ...kinds('LimitRange', limitRanges),
    ...kinds('NetworkPolicy', networkPolicies),
    ...kinds('PersistentVolumeClaim', claims),
    ...kinds(
      'Node',
      nodes.filter((node) => isNear(node, context)),
    ),
    ...kinds('ValidatingWebhookConfiguration', webhooks),
  ]
}

/** Changes on the target and near it from an hour before the first signal until now, the nearest to it first. */
export function changeFacts(context: Context): Facts['changes'] {
  const { incident, target, nowMs } = context
  const firstMs = Math.min(incident.openedMs, ...incident.signals.map(({ startedMs }) => startedMs))
  const toFact = (kind: string, object: KubernetesObject, { atMs, what, by }: Seen, onTarget: boolean): Change => ({
    kind,
    namespace: object.metadata?.namespace ?? '',
    name: object.metadata?.name ?? '',
    what,
    by,
    ageSeconds: (nowMs - atMs) / 1000,
    leadSeconds: (firstMs - atMs) / 1000,
    onTarget,
  })
  const isTarget = (object: KubernetesObject) => target !== undefined && object.metadata?.uid === target.metadata?.uid
  const rollout = rolloutSeen(context)
  const own = target
    ? [
        ...seenOf(target, incident.target.kind).filter(({ what }) => rollout.length === 0 || what !== 'spec.template'),
        ...rollout,
      ]
    : []
  const others = around(context).filter(([, object]) => !isTarget(object))
  return [
    ...(target ? own.map((seen) => toFact(incident.target.kind, target, seen, true)) : []),
    ...others.flatMap(([kind, object]) => seenOf(object, kind).map((seen) => toFact(kind, object, seen, false))),
  ]
    .filter(({ leadSeconds, ageSeconds }) => leadSeconds * 1000 <= BEFORE_MS && ageSeconds >= 0)
    .sort((a, b) => Math.abs(a.leadSeconds) - Math.abs(b.leadSeconds) || (a.name < b.name ? -1 : 1))
    .slice(0, MOST_CHANGES)
}
