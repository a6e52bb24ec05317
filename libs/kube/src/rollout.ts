import { conditionOf } from './pod-state.ts'
import type { DaemonSet, Deployment, RolloutWorkload, StatefulSet } from './workload-objects.ts'

/** How a rollout stands. `unobserved`: its controller has not yet seen the last change, so nothing else in the status counts. */
export interface RolloutStatus {
  phase: 'complete' | 'progressing' | 'deadline-exceeded' | 'paused' | 'unobserved'
  say: string
}

function unobserved(workload: RolloutWorkload): RolloutStatus | undefined {
  const generation = workload.metadata?.generation ?? 0
  const observed = workload.status?.observedGeneration ?? 0
  if (observed >= generation) return undefined
  return { phase: 'unobserved', say: `The controller has seen generation ${observed} of ${generation}.` }
}

const progressing = (say: string): RolloutStatus => ({ phase: 'progressing', say })

/** @see kubectl's `rollout status`, whose rules and order these are */
function deploymentStatus({ spec = {}, status = {} }: Deployment): RolloutStatus {
  const wanted = spec.replicas ?? 1
  const { updatedReplicas: updated = 0, replicas = 0, availableReplicas: available = 0 } = status
  const condition = conditionOf({ status }, 'Progressing')
  if (condition?.reason === 'ProgressDeadlineExceeded') {
    return {
      phase: 'deadline-exceeded',
      say: `The rollout exceeded its deadline of ${spec.progressDeadlineSeconds ?? 600} s.`,
    }
  }
  const isDone = updated >= wanted && replicas <= updated && available >= updated
  if (!isDone && spec.paused) return { phase: 'paused', say: 'The rollout is paused.' }
  if (updated < wanted) return progressing(`${updated} of ${wanted} pods are updated.`)
  if (replicas > updated) return progressing(`${replicas - updated} old pods are still there.`)
  if (available < updated) return progressing(`${available} of ${updated} updated pods are available.`)
  return { phase: 'complete', say: `All ${wanted} pods are updated and available.` }
}

function statefulSetStatus({ spec = {}, status = {} }: StatefulSet): RolloutStatus {
  const wanted = spec.replicas ?? 1
  const { readyReplicas: ready = 0, updatedReplicas: updated = 0, currentRevision, updateRevision } = status
  if (ready < wanted) return progressing(`${ready} of ${wanted} pods are ready.`)
  if (spec.updateStrategy?.type === 'OnDelete') {
    return { phase: 'complete', say: `All ${wanted} pods are ready; updates wait for a delete.` }
  }
  const partition = spec.updateStrategy?.rollingUpdate?.partition ?? 0
  const toUpdate = Math.max(0, wanted - partition)
  const isSame = updateRevision === currentRevision
  if (!isSame && updated < toUpdate) return progressing(`${updated} of ${toUpdate} pods are updated.`)
  if (!isSame && partition === 0) return progressing('The last pods are being updated.')
  return { phase: 'complete', say: `All ${toUpdate} pods up to the partition are updated and ready.` }
}

function daemonSetStatus({ spec = {}, status = {} }: DaemonSet): RolloutStatus {
  const {
    desiredNumberScheduled: wanted = 0,
    updatedNumberScheduled: updated = 0,
    numberAvailable: available = 0,
  } = status
  const isOnDelete = spec.updateStrategy?.type === 'OnDelete'
  if (!isOnDelete && updated < wanted) return progressing(`${updated} of ${wanted} pods are updated.`)
  if (available < wanted) return progressing(`${available} of ${wanted} pods are available.`)
  return { phase: 'complete', say: `All ${wanted} pods are updated and available.` }
}

/** Where a rollout stands, by the workload alone. Only a Deployment has a deadline. */
export function rolloutStatus(workload: RolloutWorkload): RolloutStatus {
  const early = unobserved(workload)
  if (early !== undefined) return early
  switch (workload.kind) {
    case 'Deployment':
      return deploymentStatus(workload)
    case 'StatefulSet':
      return statefulSetStatus(workload)
    case 'DaemonSet':
      return daemonSetStatus(workload)
    default:
      return progressing(`A ${workload.kind ?? 'nameless kind'} has no rollouts.`)
  }
}
