import { isTerminating, type DaemonSet, type Pod } from '@kubewise/kube'
import { resolveAmount } from '../../objects/amounts.ts'
import { isAvailable } from '../../objects/pods.ts'

/**
 * Old pods that may be replaced now: all that are unavailable anyway, and as many others as the bound on unavailable pods
 * leaves.
 *
 * @param byNode the pods of each node that should have one
 * @param label what pods of the present revision carry
 * @see rollingUpdate in pkg/controller/daemon/update.go of Kubernetes (without surge)
 */
export function outdatedPods(
  set: DaemonSet,
  byNode: ReadonlyMap<string, readonly Pod[]>,
  label: string,
  nowMs: number,
): Pod[] {
  const most = Math.max(
    1,
    resolveAmount(set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, byNode.size, 'up'),
  )
  const isThere = (pod: Pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)
  const broken: Pod[] = []
  const healthy: Pod[] = []
  let unavailable = 0
  for (const pods of byNode.values()) {
    const [pod, other] = pods.filter((one) => !isTerminating(one))
    const isCurrent = pod?.metadata?.labels?.['controller-revision-hash'] === label
    if (!pod || other) unavailable++
    else if (!isThere(pod)) {
      unavailable++
      if (!isCurrent) broken.push(pod)
    } else if (!isCurrent) healthy.push(pod)
  }
  return [...broken, ...healthy.slice(0, Math.max(0, most - unavailable))]
}
