import { conditionOf, isPodReady, isTerminating, RESOURCES, timeMs, type Pod, type ReplicaSet } from '@kubewise/kube'
import { ApiStatus } from '../../objects/index.ts'
import { withCondition, withoutCondition } from '../objects/conditions.ts'
import { createPod } from '../objects/create-pod.ts'
import { controlledBy, controllerReference, uncontrolled } from '../objects/owners.ts'
import { deletePod, isActive, isAvailable } from '../objects/pods.ts'
import { isSelected } from '../objects/selectors.ts'
import { writeStatus } from '../objects/write-status.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'
import { createRetries } from './retry-after.ts'

const MANAGER = 'kube-controller-manager'
const COMPONENT = 'replicaset-controller'

/** Keeps as many pods of each ReplicaSet as it asks for. */
export function createReplicaSetController({ objects, events }: WorldPorts): Reconcile {
  const retries = createRetries()

  function createMissing(set: ReplicaSet, count: number, nowMs: number): ApiStatus | undefined {
    for (let index = 0; index < count; index++) {
      try {
        const generateName = `${set.metadata?.name}-`
        const pod = createPod(objects, {
          resource: RESOURCES.ReplicaSet,
          owner: set,
          template: set.spec?.template ?? {},
          generateName,
        })
        say(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata?.name}`, nowMs)
      } catch (error) {
        if (!(error instanceof ApiStatus)) throw error
        say(set, 'Warning', 'FailedCreate', `Error creating: ${error.message}`, nowMs)
        return error
      }
    }
    return undefined
  }

  function deleteSurplus(set: ReplicaSet, pods: Pod[], count: number, nowMs: number): void {
    for (const pod of pods.toSorted(byUselessness).slice(0, count)) {
      deletePod(objects, pod, MANAGER, nowMs)
      say(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata?.name}`, nowMs)
    }
  }

  function say(set: ReplicaSet, type: 'Normal' | 'Warning', reason: string, message: string, nowMs: number): void {
    events.record(nowMs, { about: set, type, reason, message, component: COMPONENT })
  }

  function reconcileSet(set: ReplicaSet, nowMs: number): void {
    const key = set.metadata?.uid ?? ''
    const pods = controlledBy<Pod>(objects, RESOURCES.Pod, set).filter(isActive)
    const missing = (set.spec?.replicas ?? 1) - pods.length
    let failure = failureOf(set)
    if (!isTerminating(set) && missing > 0 && retries.isDue(key, nowMs)) {
      failure = createMissing(set, missing, nowMs)?.message
      if (failure === undefined) retries.succeeded(key)
      else retries.failed(key, nowMs)
    } else if (!isTerminating(set) && missing < 0) deleteSurplus(set, pods, -missing, nowMs)
    else if (missing === 0) failure = undefined
    writeStatus(
      objects,
      RESOURCES.ReplicaSet,
      set,
      MANAGER,
      statusOf(set, controlledBy<Pod>(objects, RESOURCES.Pod, set).filter(isActive), failure, nowMs),
    )
  }

  function adoptOrphans(set: ReplicaSet): void {
    for (const pod of uncontrolled<Pod>(objects, RESOURCES.Pod)) {
      const { namespace, name = '', ownerReferences = [] } = pod.metadata ?? {}
      if (namespace !== set.metadata?.namespace || !isActive(pod) || !isSelected(set.spec?.selector, pod)) continue
      const owner = controllerReference(RESOURCES.ReplicaSet, set)
      objects.update<Pod>(RESOURCES.Pod, namespace, name, MANAGER, (found) => ({
        ...found,
        metadata: { ...found.metadata, ownerReferences: [...ownerReferences, owner] },
      }))
    }
  }

  return (nowMs) => {
    for (const set of objects.list<ReplicaSet>(RESOURCES.ReplicaSet)) {
      if (!isTerminating(set)) adoptOrphans(set)
      reconcileSet(set, nowMs)
    }
  }
}

function failureOf(set: ReplicaSet): string | undefined {
  return conditionOf(set, 'ReplicaFailure')?.message
}

function statusOf(
  set: ReplicaSet,
  pods: Pod[],
  failure: string | undefined,
  nowMs: number,
): NonNullable<ReplicaSet['status']> {
  const labels = Object.entries(set.spec?.template?.metadata?.labels ?? {})
  const conditions =
    failure === undefined
      ? withoutCondition(set.status?.conditions, 'ReplicaFailure')
      : withCondition(
          set.status?.conditions,
          { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: failure },
          nowMs,
        )
  return {
    replicas: pods.length,
    fullyLabeledReplicas: pods.filter((pod) => labels.every(([key, value]) => pod.metadata?.labels?.[key] === value))
      .length,
    readyReplicas: pods.filter(isPodReady).length,
    availableReplicas: pods.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)).length,
    observedGeneration: set.metadata?.generation ?? 1,
    ...(conditions.length > 0 ? { conditions } : {}),
  }
}

/** Which pod is missed least: without a node, not running, not ready, ready for the shortest time, restarted most, youngest. */
function byUselessness(a: Pod, b: Pod): number {
  const rank = (pod: Pod) => [
    pod.spec?.nodeName ? 1 : 0,
    pod.status?.phase === 'Running' ? 1 : 0,
    isPodReady(pod) ? 1 : 0,
    Number(pod.metadata?.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0),
    -(timeMs(conditionOf(pod, 'Ready')?.lastTransitionTime) ?? 0),
    -Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
    -(timeMs(pod.metadata?.creationTimestamp) ?? 0),
  ]
  const [left, right] = [rank(a), rank(b)]
  const index = left.findIndex((value, place) => value !== right[place])
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0)
}
