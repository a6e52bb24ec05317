import type { Facts, PodFacts } from '@kubewise/contracts'
import {
  conditionOf,
  rolloutStartedMs,
  rolloutStatus,
  type Revision,
  type DaemonSetStatus,
  type RolloutWorkload,
  type StatefulSetStatus,
} from '@kubewise/kube'
import { rolloutWorkload, type Context } from './context.ts'
import { isWitnessed, type HealthyRevision } from './last-healthy.ts'
import { changedAreas, templateDiff } from './template-diff.ts'

const NO_ROLLOUT: Facts['rollout'] = {
  current: '',
  revision: 0,
  ageSeconds: 0,
  complete: true,
  deadlineExceeded: false,
  failingPods: 0,
  changed: [],
  lastHealthy: { exists: false, revision: 0, name: '', ageSeconds: 0 },
}

/** What the controller itself says once a rollout has been through, also when a pod falls ill later. */
function wasCompleted(workload: RolloutWorkload, { revisionRecord }: Context, isRecorded: boolean): boolean {
  if (workload.kind === 'Deployment') {
    const progressing = conditionOf(workload, 'Progressing')
    return progressing?.status === 'True' && progressing.reason === 'NewReplicaSetAvailable'
  }
  if (workload.kind === 'DaemonSet') return isRecorded && isEverywhere(workload.status)
  const { currentRevision, updateRevision }: StatefulSetStatus = workload.status ?? {}
  // Of a first rollout the controller says so from its beginning on.
  const isFirst = isWitnessed(workload, revisionRecord) && !isRecorded
  return currentRevision !== undefined && currentRevision === updateRevision && !isFirst
}

/** Not under way any more: through at present, or once, as its controller or our own record says. */
function isComplete(context: Context, workload: RolloutWorkload, current: Revision | undefined): boolean {
  const { phase } = rolloutStatus(workload)
  if (phase === 'complete') return true
  if (phase === 'unobserved' || phase === 'deadline-exceeded') return false
  const isRecorded = context.revisionRecord?.healthy.some(({ template }) => template === current?.hash) === true
  return wasCompleted(workload, context, isRecorded)
}

// A revision that was rolled back to is recorded from before, so its record counts only where no other pods are left.
const isEverywhere = ({ updatedNumberScheduled = 0, desiredNumberScheduled = 0 }: DaemonSetStatus = {}) =>
  updatedNumberScheduled >= desiredNumberScheduled

/** What playbooks see of the newest rollout of a workload. */
export function rolloutFacts(
  context: Context,
  pods: readonly PodFacts[],
  healthy: HealthyRevision | undefined,
): Facts['rollout'] {
  const workload = rolloutWorkload(context)
  if (!workload) return NO_ROLLOUT
  const current = context.revisions.find(({ isCurrent }) => isCurrent)
  const since = (ms: number | undefined) => (ms === undefined ? 0 : Math.max(0, (context.nowMs - ms) / 1000))
  return {
    current: current?.label ?? '',
    revision: current?.number ?? 0,
    ageSeconds: since(rolloutStartedMs(workload, context.revisions)),
    complete: isComplete(context, workload, current),
    deadlineExceeded: rolloutStatus(workload).phase === 'deadline-exceeded',
    failingPods: pods.filter(({ revision, cannotRun }) => cannotRun && revision === current?.label).length,
    changed: current && healthy ? changedAreas(templateDiff(healthy.revision.template, current.template)) : [],
    lastHealthy: healthy
      ? {
          exists: true,
          revision: healthy.revision.number,
          name: healthy.revision.name,
          ageSeconds: since(healthy.healthyMs),
        }
      : NO_ROLLOUT.lastHealthy,
  }
}
