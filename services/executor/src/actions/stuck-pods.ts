import { isPodReady, revisionLabelOf, type Pod } from '@kubewise/kube'
import { isStatefulSet, type WorkloadView } from '../context/workload.ts'

/**
 * A StatefulSet's pods of an old revision that are not ready: its controller waits for them for ever, also after the template
 * was put right (its documentation calls the remedy a forced rollback). None before the controller has seen the new template.
 */
export function stuckPods({ workload, pods }: WorkloadView): Pod[] {
  if (!isStatefulSet(workload)) return []
  const { status, metadata } = workload
  const hasSeen = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0)
  if (!hasSeen || status?.updateRevision === undefined) return []
  return pods.filter((pod) => !isPodReady(pod) && revisionLabelOf(pod) !== status.updateRevision)
}
