import type { ContainerState, ObjectCondition, Termination } from '@kubewise/contracts'
import type { Condition, KubernetesObject } from './objects.ts'
import type { ContainerStateTerminated, ContainerStatus, Pod, ResourceRequirements } from './pod-objects.ts'
import { quantityToNumber } from './quantity.ts'

/** Milliseconds since 1970 of a timestamp of the API; undefined where it is absent, null or no date. */
export function timeMs(timestamp: string | null | undefined): number | undefined {
  const ms = timestamp ? Date.parse(timestamp) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

export function conditionOf(object: { status?: { conditions?: Condition[] } }, type: string): Condition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type)
}

/** Conditions as the contracts have them, without their messages. */
export function conditionStates(conditions: readonly Condition[] = []): ObjectCondition[] {
  return conditions.map(({ type, status, reason, lastTransitionTime }) => {
    const sinceMs = timeMs(lastTransitionTime)
    return { type, status, ...(reason ? { reason } : {}), ...(sinceMs === undefined ? {} : { sinceMs }) }
  })
}

export function isTerminating(object: KubernetesObject): boolean {
  return object.metadata?.deletionTimestamp !== undefined
}

/** Ready by its condition and not being deleted: a pod that is going away counts neither as ready nor as ill. */
export function isPodReady(pod: Pod): boolean {
  return !isTerminating(pod) && conditionOf(pod, 'Ready')?.status === 'True'
}

/** Ran to its end, well or not, and will not start again. */
export function isPodFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

/** The label that says which revision of its workload a pod is of; undefined for pods of Jobs and bare pods. */
export function revisionLabelOf(object: KubernetesObject): string | undefined {
  const labels = object.metadata?.labels ?? {}
  return labels['pod-template-hash'] ?? labels['controller-revision-hash']
}

function terminationOf(terminated: ContainerStateTerminated | undefined): Termination | undefined {
  if (terminated === undefined) return undefined
  const startedMs = timeMs(terminated.startedAt)
  const finishedMs = timeMs(terminated.finishedAt)
  return {
    reason: terminated.reason ?? '',
    exitCode: terminated.exitCode,
    ...(startedMs === undefined ? {} : { startedMs }),
    ...(finishedMs === undefined ? {} : { finishedMs }),
  }
}

/** Bytes of a container's memory limit; undefined where there is none or it is no quantity. */
export function memoryLimitBytes(resources: ResourceRequirements | undefined): number | undefined {
  const limit = resources?.limits?.['memory']
  if (limit === undefined) return undefined
  try {
    return quantityToNumber(limit)
  } catch {
    return undefined
  }
}

function containerState(pod: Pod, status: ContainerStatus, isInit: boolean): ContainerState {
  const specs = isInit ? pod.spec?.initContainers : pod.spec?.containers
  const spec = specs?.find(({ name }) => name === status.name)
  const runningSinceMs = timeMs(status.state?.running?.startedAt)
  const terminated = terminationOf(status.state?.terminated)
  const lastTerminated = terminationOf(status.lastState?.terminated)
  // What the kubelet has given it, which an in-place resize changes before or after the spec.
  const limitBytes = memoryLimitBytes(status.resources) ?? memoryLimitBytes(spec?.resources)
  return {
    name: status.name,
    isInit,
    isReady: status.ready,
    restarts: status.restartCount,
    image: spec?.image ?? status.image ?? '',
    ...(status.state?.waiting === undefined ? {} : { waiting: status.state.waiting.reason ?? 'Waiting' }),
    ...(runningSinceMs === undefined ? {} : { runningSinceMs }),
    ...(terminated === undefined ? {} : { terminated }),
    ...(lastTerminated === undefined ? {} : { lastTerminated }),
    ...(limitBytes === undefined ? {} : { memoryLimitBytes: limitBytes }),
  }
}

/** What decides of each container, init containers first. Messages are left out: they are text from the cluster. */
export function containerStates(pod: Pod): ContainerState[] {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  return [
    ...initContainerStatuses.map((status) => containerState(pod, status, true)),
    ...containerStatuses.map((status) => containerState(pod, status, false)),
  ]
}

/** Waiting reason of the first container that waits for something else than its turn. */
export function waitingReasonOf(pod: Pod): string | undefined {
  return containerStates(pod).find(({ waiting }) => waiting !== undefined && !ORDINARY_WAITS.has(waiting))?.waiting
}

/** What every container goes through on its way up. */
const ORDINARY_WAITS: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing', 'Waiting'])

/** Restarts of all containers together. */
export function restartsOf(pod: Pod): number {
  return containerStates(pod).reduce((sum, { restarts }) => sum + restarts, 0)
}

/** The termination that ended last in the pod, with its container. */
export function lastTerminationOf(pod: Pod): (Termination & { container: string }) | undefined {
  const terminations = containerStates(pod).flatMap(({ name, terminated, lastTerminated }) =>
    [terminated, lastTerminated].flatMap((one) => (one === undefined ? [] : [{ ...one, container: name }])),
  )
  return terminations.reduce<(Termination & { container: string }) | undefined>(
    (latest, one) => (latest === undefined || (one.finishedMs ?? 0) > (latest.finishedMs ?? 0) ? one : latest),
    undefined,
  )
}

/** Terminations for memory that the status still shows: the current and the last of each container. */
export function memoryKillsOf(pod: Pod): (Termination & { container: string })[] {
  return containerStates(pod).flatMap(({ name, terminated, lastTerminated }) =>
    [terminated, lastTerminated].flatMap((one) => (one?.reason === 'OOMKilled' ? [{ ...one, container: name }] : [])),
  )
}
