import { isPodReady, isTerminating, type StatefulSet } from '@kubewise/kube'
import { isAvailable } from '../../objects/pods.ts'
import { podRevision, type Situation } from './next-step.ts'

type Status = NonNullable<StatefulSet['status']>

/** @see computeReplicaStatus and completeRollingUpdate in pkg/controller/statefulset of Kubernetes */
export function statefulSetStatus({ set, pods, current, update, nowMs }: Situation): Status {
  const [currentRevision, updateRevision] = [current.metadata?.name ?? '', update.metadata?.name ?? '']
  const staying = pods.filter((pod) => !isTerminating(pod))
  const status: Status = {
    observedGeneration: set.metadata?.generation ?? 1,
    replicas: pods.length,
    readyReplicas: pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length,
    availableReplicas: pods.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)).length,
    currentReplicas: staying.filter((pod) => podRevision(pod) === currentRevision).length,
    updatedReplicas: staying.filter((pod) => podRevision(pod) === updateRevision).length,
    currentRevision,
    updateRevision,
    collisionCount: set.status?.collisionCount ?? 0,
  }
  return isUpdateComplete(set, status)
    ? { ...status, currentReplicas: status.updatedReplicas ?? 0, currentRevision: updateRevision }
    : status
}

function isUpdateComplete({ spec }: StatefulSet, status: Status): boolean {
  const wanted = spec?.replicas ?? 1
  const isRolling = spec?.updateStrategy?.type !== 'OnDelete'
  return isRolling && status.updatedReplicas === wanted && status.readyReplicas === wanted && status.replicas === wanted
}
