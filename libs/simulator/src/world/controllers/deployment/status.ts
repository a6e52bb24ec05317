import { conditionOf, type Condition, type Deployment, type ReplicaSet } from '@kubewise/kube'
import { withCondition, withoutCondition } from '../../objects/conditions.ts'
import { dateOf, SECOND_MS } from '../../time.ts'
import type { RolloutBounds } from './bounds.ts'

type Status = NonNullable<Deployment['status']>

const NO_DEADLINE_SECONDS = 2 ** 31 - 1
const sum = (sets: readonly ReplicaSet[], of: (status: NonNullable<ReplicaSet['status']>) => number | undefined) =>
  sets.reduce((total, set) => total + (of(set.status ?? {}) ?? 0), 0)

/** What a Deployment says of itself, computed from its ReplicaSets. @see syncRolloutStatus of the deployment controller */
export function deploymentStatus(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  bounds: RolloutBounds,
  nowMs: number,
): Status {
  const counted = countStatus(deployment, newSet, all)
  const conditions = [
    (list: Condition[]) => dated(withCondition(list, availableCondition(counted, bounds), nowMs), list, nowMs),
    (list: Condition[]) => withProgress(deployment, counted, newSet, list, nowMs),
    (list: Condition[]) => withFailure(all, list, nowMs),
  ].reduce((list, change) => change(list), deployment.status?.conditions ?? [])
  return { ...counted, ...(conditions.length > 0 ? { conditions } : {}) }
}

function countStatus(deployment: Deployment, newSet: ReplicaSet | undefined, all: readonly ReplicaSet[]): Status {
  const replicas = sum(all, (status) => status.replicas)
  const availableReplicas = sum(all, (status) => status.availableReplicas)
  const wanted = all.reduce((total, set) => total + (set.spec?.replicas ?? 0), 0)
  const { collisionCount } = deployment.status ?? {}
  return {
    observedGeneration: deployment.metadata?.generation ?? 1,
    replicas,
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum(all, (status) => status.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, wanted - availableReplicas),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  }
}

function availableCondition(status: Status, { wanted, maxUnavailable }: RolloutBounds): Condition {
  return (status.availableReplicas ?? 0) >= wanted - maxUnavailable
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      }
}

/** A Deployment's conditions say when they were last written, too. */
function dated(next: Condition[], before: readonly Condition[], nowMs: number): Condition[] {
  return next.map((condition) =>
    before.includes(condition) ? condition : { ...condition, lastUpdateTime: dateOf(nowMs) },
  )
}

function hasDeadline(deployment: Deployment): boolean {
  return (deployment.spec?.progressDeadlineSeconds ?? 600) < NO_DEADLINE_SECONDS
}

function isComplete(deployment: Deployment, status: Status): boolean {
  const wanted = deployment.spec?.replicas ?? 1
  return status.updatedReplicas === wanted && status.replicas === wanted && status.availableReplicas === wanted
}

function hasProgressed({ status: before = {} }: Deployment, status: Status): boolean {
  const old = (one: Status) => (one.replicas ?? 0) - (one.updatedReplicas ?? 0)
  return (
    (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(status) < old(before) ||
    (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

function hasTimedOut(deployment: Deployment, condition: Condition | undefined, nowMs: number): boolean {
  if (!condition || condition.reason === 'NewReplicaSetAvailable') return false
  if (condition.reason === 'ProgressDeadlineExceeded') return true
  const fromMs = Date.parse(condition.lastUpdateTime ?? condition.lastTransitionTime ?? '')
  return fromMs + (deployment.spec?.progressDeadlineSeconds ?? 600) * SECOND_MS < nowMs
}

function withProgress(
  deployment: Deployment,
  status: Status,
  newSet: ReplicaSet | undefined,
  conditions: Condition[],
  nowMs: number,
): Condition[] {
  if (!hasDeadline(deployment)) return withoutCondition(conditions, 'Progressing')
  const current = conditionOf({ status: { conditions } }, 'Progressing')
  if (status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable') return conditions
  const subject = newSet ? `ReplicaSet "${newSet.metadata?.name}"` : `Deployment "${deployment.metadata?.name}"`
  if (isComplete(deployment, status))
    return withProgressing(
      conditions,
      'True',
      'NewReplicaSetAvailable',
      `${subject} has successfully progressed.`,
      nowMs,
      false,
    )
  if (hasProgressed(deployment, status))
    return withProgressing(conditions, 'True', 'ReplicaSetUpdated', `${subject} is progressing.`, nowMs, true)
  if (hasTimedOut(deployment, current, nowMs))
    return withProgressing(
      conditions,
      'False',
      'ProgressDeadlineExceeded',
      `${subject} has timed out progressing.`,
      nowMs,
      false,
    )
  return conditions
}

/** @param isRenewed whether the deadline runs anew although the condition says the same */
export function withProgressing(
  conditions: readonly Condition[],
  status: 'True' | 'False',
  reason: string,
  message: string,
  nowMs: number,
  isRenewed: boolean,
): Condition[] {
  const current = conditions.find(({ type }) => type === 'Progressing')
  if (!isRenewed && current?.status === status && current.reason === reason) return [...conditions]
  const lastTransitionTime = current?.status === status ? (current.lastTransitionTime ?? dateOf(nowMs)) : dateOf(nowMs)
  const next: Condition = {
    type: 'Progressing',
    status,
    reason,
    message,
    lastUpdateTime: dateOf(nowMs),
    lastTransitionTime,
  }
  return current ? conditions.map((one) => (one === current ? next : one)) : [...conditions, next]
}

function withFailure(sets: readonly ReplicaSet[], conditions: Condition[], nowMs: number): Condition[] {
  const failure = sets.map((set) => conditionOf(set, 'ReplicaFailure')).find(Boolean)
  if (!failure) return withoutCondition(conditions, 'ReplicaFailure')
  return dated(withCondition(conditions, { ...failure }, nowMs), conditions, nowMs)
}
