import type {
  AutoscalerState,
  BudgetState,
  ClaimState,
  ContainerState,
  EndpointsState,
  JobState,
  NodeState,
  ObjectCondition,
  PodState,
  QuotaState,
  Termination,
  WebhookState,
  WorkloadState,
} from '@kubewise/contracts'
import {
  quantityToNumber,
  type Condition,
  type ContainerStateTerminated,
  type ContainerStatus,
  type DaemonSet,
  type Deployment,
  type HorizontalPodAutoscaler,
  type Job,
  type Node,
  type PersistentVolumeClaim,
  type Pod,
  type PodDisruptionBudget,
  type QuantityText,
  type ResourceQuota,
  type Service,
  type ServiceRef,
  type StatefulSet,
  type WebhookConfiguration,
} from '@kubewise/kube'

/** A date of the API server in milliseconds; undefined where absent or not a date. */
export function msOf(iso: string | null | undefined): number | undefined {
  const ms = iso == null ? Number.NaN : Date.parse(iso)
  return Number.isNaN(ms) || ms < 0 ? undefined : ms
}

/** Drops undefined members, so that an optional field is absent rather than undefined. */
function present<T extends object>(object: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
}

function conditionsOf(conditions: readonly Condition[] | undefined): ObjectCondition[] {
  return (conditions ?? []).map(({ type, status, reason, lastTransitionTime }) =>
    present<ObjectCondition>({ type, status, reason, sinceMs: msOf(lastTransitionTime) }),
  )
}

function terminationOf(terminated: ContainerStateTerminated | undefined): Termination | undefined {
  return (
    terminated &&
    present<Termination>({
      reason: terminated.reason ?? '',
      exitCode: terminated.exitCode,
      startedMs: msOf(terminated.startedAt),
      finishedMs: msOf(terminated.finishedAt),
    })
  )
}

/** A quantity in its own unit; undefined where absent or not one. */
function amountOf(quantity: QuantityText | undefined): number | undefined {
  try {
    return quantity === undefined ? undefined : quantityToNumber(quantity)
  } catch {
    return undefined
  }
}

function memoryLimitOf(pod: Pod, status: ContainerStatus): number | undefined {
  const container = pod.spec?.containers.find(({ name }) => name === status.name)
  const limit = status.resources?.limits?.['memory'] ?? container?.resources?.limits?.['memory']
  return amountOf(limit)
}

function containerOf(pod: Pod, status: ContainerStatus, isInit: boolean): ContainerState {
  return present<ContainerState>({
    name: status.name,
    isInit,
    isReady: status.ready,
    restarts: status.restartCount,
    image: status.image ?? '',
    waiting: status.state?.waiting?.reason,
    runningSinceMs: msOf(status.state?.running?.startedAt),
    terminated: terminationOf(status.state?.terminated),
    lastTerminated: terminationOf(status.lastState?.terminated),
    memoryLimitBytes: memoryLimitOf(pod, status),
  })
}

export function podState(pod: Pod): PodState {
  const labels = pod.metadata?.labels ?? {}
  const status = pod.status ?? {}
  const owner =
    pod.metadata?.ownerReferences?.find((reference) => reference.controller) ?? pod.metadata?.ownerReferences?.[0]
  return present<PodState>({
    type: 'Pod',
    phase: status.phase ?? 'Unknown',
    reason: status.reason,
    isReady: status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    isTerminating: pod.metadata?.deletionTimestamp !== undefined,
    isBare: owner === undefined,
    createdMs: msOf(pod.metadata?.creationTimestamp) ?? 0,
    node: pod.spec?.nodeName,
    revision: labels['pod-template-hash'] ?? labels['controller-revision-hash'],
    ownerKind: owner?.kind,
    containers: [
      ...(status.initContainerStatuses ?? []).map((container) => containerOf(pod, container, true)),
      ...(status.containerStatuses ?? []).map((container) => containerOf(pod, container, false)),
    ],
    conditions: conditionsOf(status.conditions),
  })
}

export function deploymentState({ metadata, spec, status = {} }: Deployment): WorkloadState {
  return {
    type: 'Workload',
    generation: metadata?.generation ?? 0,
    observedGeneration: status.observedGeneration ?? 0,
    wanted: spec?.replicas ?? 1,
    ready: status.readyReplicas ?? 0,
    available: status.availableReplicas ?? 0,
    updated: status.updatedReplicas ?? 0,
    isPaused: spec?.paused ?? false,
    conditions: conditionsOf(status.conditions),
  }
}

export function statefulSetState({ metadata, spec, status = {} }: StatefulSet): WorkloadState {
  return {
    type: 'Workload',
    generation: metadata?.generation ?? 0,
    observedGeneration: status.observedGeneration ?? 0,
    wanted: spec?.replicas ?? 1,
    ready: status.readyReplicas ?? 0,
    available: status.availableReplicas ?? status.readyReplicas ?? 0,
    updated: status.updatedReplicas ?? 0,
    isPaused: false,
    conditions: conditionsOf(status.conditions),
  }
}

export function daemonSetState({ metadata, status }: DaemonSet): WorkloadState {
  return {
    type: 'Workload',
    generation: metadata?.generation ?? 0,
    observedGeneration: status?.observedGeneration ?? 0,
    wanted: status?.desiredNumberScheduled ?? 0,
    ready: status?.numberReady ?? 0,
    available: status?.numberAvailable ?? 0,
    updated: status?.updatedNumberScheduled ?? 0,
    isPaused: false,
    conditions: conditionsOf(status?.conditions),
  }
}

export function jobState({ status = {} }: Job): JobState {
  return {
    type: 'Job',
    active: status.active ?? 0,
    succeeded: status.succeeded ?? 0,
    failed: status.failed ?? 0,
    conditions: conditionsOf(status.conditions),
  }
}

export function nodeState({ spec, status }: Node): NodeState {
  return { type: 'Node', isUnschedulable: spec?.unschedulable ?? false, conditions: conditionsOf(status?.conditions) }
}

export function autoscalerState({ spec, status }: HorizontalPodAutoscaler): AutoscalerState {
  return {
    type: 'Autoscaler',
    minReplicas: spec?.minReplicas ?? 1,
    maxReplicas: spec?.maxReplicas ?? 0,
    current: status?.currentReplicas ?? 0,
    desired: status?.desiredReplicas ?? 0,
    conditions: conditionsOf(status?.conditions),
  }
}

/** @param waitsForConsumer what its storage class says; undefined where that is not known */
export function claimState(
  { metadata, spec, status }: PersistentVolumeClaim,
  waitsForConsumer: boolean | undefined,
): ClaimState {
  return present<ClaimState>({
    type: 'Claim',
    phase: status?.phase ?? 'Pending',
    isTerminating: metadata?.deletionTimestamp !== undefined,
    createdMs: msOf(metadata?.creationTimestamp) ?? 0,
    storageClass: spec?.storageClassName,
    waitsForConsumer,
    requestedBytes: amountOf(spec?.resources?.requests?.['storage']) ?? 0,
    capacityBytes: amountOf(status?.capacity?.['storage']) ?? 0,
    conditions: conditionsOf(status?.conditions),
  })
}

export function budgetState({ status }: PodDisruptionBudget, cordonedNodes: string[]): BudgetState {
  return {
    type: 'Budget',
    disruptionsAllowed: status?.disruptionsAllowed ?? 0,
    currentHealthy: status?.currentHealthy ?? 0,
    desiredHealthy: status?.desiredHealthy ?? 0,
    expectedPods: status?.expectedPods ?? 0,
    cordonedNodes,
  }
}

export function quotaState({ spec, status }: ResourceQuota, refused: string[]): QuotaState {
  const hard = status?.hard ?? spec?.hard ?? {}
  const resources = Object.entries(hard).flatMap(([name, limit]) => {
    const amount = amountOf(limit)
    return amount === undefined ? [] : [{ name, hard: amount, used: amountOf(status?.used?.[name]) ?? 0 }]
  })
  return { type: 'Quota', resources, refused }
}

/** @param found what its EndpointSlices hold together, and what its selector finds */
export function endpointsState(service: Service, found: Pick<EndpointsState, 'ready' | 'notReady' | 'selects'>) {
  return present<EndpointsState>({ type: 'Endpoints', hasSelector: hasSelector(service), ...found })
}

export const hasSelector = ({ spec }: Service): boolean => Object.keys(spec?.selector ?? {}).length > 0

/** @param isDown whether a Service cannot answer */
export function webhookState({ webhooks = [] }: WebhookConfiguration, isDown: (service: ServiceRef) => boolean) {
  const servicesOf = (some: typeof webhooks): ServiceRef[] => {
    const refs = some.flatMap(({ clientConfig }) => clientConfig?.service ?? [])
    const byName = new Map(refs.map(({ namespace, name }) => [`${namespace}/${name}`, { namespace, name }]))
    return [...byName.values()]
  }
  // An absent policy is Fail.
  const closed = webhooks.filter(({ failurePolicy }) => failurePolicy !== 'Ignore')
  const state: WebhookState = {
    type: 'Webhook',
    failsClosed: closed.length > 0,
    services: servicesOf(webhooks),
    downServices: servicesOf(closed).filter(isDown),
  }
  return state
}
