import type { RevisionRecord } from '@kubewise/contracts'
import {
  conditionOf,
  isPodReady,
  isTerminating,
  revisionLabelOf,
  rolloutStartedMs,
  timeMs,
  type KubernetesObject,
  type Pod,
  type Revision,
  type StatefulSet,
} from '@kubewise/kube'
import { rolloutWorkload, type Context } from './context.ts'

const SECOND = 1000
/** How long all wanted pods must have been ready for their revision to be healthy. */
export const HEALTHY_AFTER_MS = 10 * SECOND
/** A record that began this soon after the workload's birth has seen all of its life. */
const WITNESSED_FROM_BIRTH_MS = 30 * SECOND

export interface HealthyRevision {
  revision: Revision
  /** When it was last known to be healthy. */
  healthyMs: number
}

function readySinceMs(pod: Pod): number {
  return timeMs(conditionOf(pod, 'Ready')?.lastTransitionTime) ?? Number.POSITIVE_INFINITY
}

/** Its pods still run, and all of them well: during a rollout the old ones are the best witness. */
function isSeenHealthy({ label, replicas }: Revision, pods: readonly Pod[], nowMs: number): boolean {
  const own = pods.filter((pod) => !isTerminating(pod) && revisionLabelOf(pod) === label)
  const isComplete = own.length > 0 && own.length >= (replicas?.wanted ?? 0)
  return isComplete && own.every((pod) => isPodReady(pod) && nowMs - readySinceMs(pod) >= HEALTHY_AFTER_MS)
}

const recordedMs = (record: RevisionRecord | undefined, { hash }: Pick<Revision, 'hash'>) =>
  record?.healthy.findLast(({ template }) => template === hash)?.healthyMs

/** Have we seen all of a workload's life, so that what is not recorded did not happen? */
export function isWitnessed({ metadata }: KubernetesObject, record: RevisionRecord | undefined): boolean {
  const bornMs = timeMs(metadata?.creationTimestamp) ?? 0
  return record !== undefined && record.watchedSinceMs - bornMs < WITNESSED_FROM_BIRTH_MS
}

/** The controller moves `currentRevision` on only when all pods of a revision are ready; but it begins with the very first, ready or not. */
function isControllersWord(context: Context, { name, hash }: Revision): boolean {
  const { target, revisionRecord } = context
  if (target?.kind !== 'StatefulSet') return false
  const { currentRevision, updateRevision } = (target as StatefulSet).status ?? {}
  if (currentRevision !== name || updateRevision === currentRevision) return false
  return !isWitnessed(target, revisionRecord) || recordedMs(revisionRecord, { hash }) !== undefined
}

function healthyMs(context: Context, revision: Revision): number | undefined {
  if (isSeenHealthy(revision, context.pods, context.nowMs)) return context.nowMs
  const recorded = recordedMs(context.revisionRecord, revision)
  if (recorded !== undefined) return recorded
  const workload = rolloutWorkload(context)
  const startedMs = workload && rolloutStartedMs(workload, context.revisions)
  return isControllersWord(context, revision) ? (startedMs ?? context.nowMs) : undefined
}

/**
 * The revision that was healthy last, the present one left out: what a rollback goes to. By its running pods, by what the
 * planner has recorded, or for a StatefulSet by its controller's word; a revision that nobody saw healthy is none.
 */
export function lastHealthyRevision(context: Context): HealthyRevision | undefined {
  const candidates = context.revisions
    .filter(({ isCurrent }) => !isCurrent)
    .flatMap((revision) => {
      const atMs = healthyMs(context, revision)
      return atMs === undefined ? [] : [{ revision, healthyMs: atMs }]
    })
  return candidates.sort((a, b) => b.healthyMs - a.healthyMs || b.revision.number - a.revision.number)[0]
}
