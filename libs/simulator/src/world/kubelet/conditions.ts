import { conditionOf, type Condition, type Pod } from '@kubewise/kube'
import { withCondition, withoutCondition } from '../objects/conditions.ts'
import type { PodSync } from './context.ts'
import { isSidecar, type ContainerRuntime } from './runtime.ts'

type Phase = NonNullable<NonNullable<Pod['status']>['phase']>

function ready(type: 'Ready' | 'ContainersReady', phase: Phase, containers: readonly ContainerRuntime[]): Condition {
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' }
  const unready = containers.filter(({ isReady }) => !isReady).map(({ spec }) => spec.name)
  if (unready.length === 0) return { type, status: 'True' }
  return {
    type,
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${unready.join(' ')}]`,
  }
}

function initialized(phase: Phase, containers: readonly ContainerRuntime[]): Condition {
  const type = 'Initialized'
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' }
  const open = containers.filter((one) => one.isInit && !isInitDone(one)).map(({ spec }) => spec.name)
  if (open.length === 0) return { type, status: 'True' }
  return {
    type,
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${open.join(' ')}]`,
  }
}

/** An init container has succeeded, or a sidecar has started. */
export function isInitDone(container: ContainerRuntime): boolean {
  return isSidecar(container) ? container.startedMs > 0 : container.exit?.code === 0
}

/** The kubelet's conditions of a pod; those of others stay. */
export function podConditions(sync: PodSync, phase: Phase): Condition[] {
  const { runtime, pod, nowMs } = sync
  const main = runtime.containers.filter((one) => !one.isInit || isSidecar(one))
  const sandbox: Condition = {
    type: 'PodReadyToStartContainers',
    status: phase === 'Succeeded' || phase === 'Failed' ? 'False' : 'True',
  }
  const scheduled: Condition = conditionOf(pod, 'PodScheduled') ?? { type: 'PodScheduled', status: 'True' }
  const own = [
    sandbox,
    initialized(phase, runtime.containers),
    ready('Ready', phase, main),
    ready('ContainersReady', phase, main),
    scheduled,
  ]
  const conditions = own.reduce(
    (list, condition) => withCondition(list, condition, nowMs),
    pod.status?.conditions ?? [],
  )
  if (!runtime.resize) return withoutCondition(conditions, 'PodResizePending')
  return withCondition(conditions, { type: 'PodResizePending', status: 'True', ...runtime.resize }, nowMs)
}
