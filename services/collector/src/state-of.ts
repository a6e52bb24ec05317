import type {
  ContainerState,
  JobState,
  NodeState,
  ObjectCondition,
  PodState,
  Termination,
  WorkloadState,
} from '@kubewise/contracts'
import {
  quantityToNumber,
  type Condition,
  type ContainerStateTerminated,
  type ContainerStatus,
  type DaemonSet,
  type Deployment,
  type Job,
  type Node,
  type Pod,
  type StatefulSet,
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

function memoryLimitOf(pod: Pod, status: ContainerStatus): number | undefined {
  const container = pod.spec?.containers.find(({ name }) => name === status.name)
  const limit = status.resources?.limits?.['memory'] ?? container?.resources?.limits?.['memory']
  try {
    return limit === undefined ? undefined : quantityToNumber(limit)
  } catch {
    return undefined
  }
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
