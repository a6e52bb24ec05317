import { conditionOf, isPodFinished, isPodReady, isTerminating, RESOURCES, timeMs, type Pod } from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'
import { dateOf, SECOND_MS } from '../time.ts'

const DEFAULT_GRACE_SECONDS = 30

/** Counts towards its controller's replicas. */
export function isActive(pod: Pod): boolean {
  return !isPodFinished(pod) && !isTerminating(pod)
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  if (!isPodReady(pod)) return false
  const sinceMs = timeMs(conditionOf(pod, 'Ready')?.lastTransitionTime) ?? nowMs
  return minReadySeconds === 0 || sinceMs + minReadySeconds * SECOND_MS <= nowMs
}

/** As DELETE does it: a pod that has a node gets its grace period, one that has none goes at once. */
export function deletePod(objects: ObjectStore, pod: Pod, manager: string, nowMs: number): void {
  const { namespace, name = '' } = pod.metadata ?? {}
  const current = objects.get<Pod>(RESOURCES.Pod, namespace, name)
  if (!current || current.metadata?.uid !== pod.metadata?.uid || isTerminating(current)) return
  const grace =
    current.spec?.nodeName && !isPodFinished(current)
      ? (current.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS)
      : 0
  objects.update<Pod>(RESOURCES.Pod, namespace, name, manager, (found) => ({
    ...found,
    metadata: {
      ...found.metadata,
      deletionTimestamp: dateOf(nowMs + grace * SECOND_MS),
      deletionGracePeriodSeconds: grace,
    },
  }))
}
