import { QUIET, type Facts } from '@kubewise/contracts'
import { conditionOf, isTerminating, timeMs, type Condition, type KubernetesObject } from '@kubewise/kube'
import type { Context } from './context.ts'
import { eventFirstMs, eventsAbout, eventTimeMs, noteOf } from './events.ts'
import { creationRefusalOf, type CreationRefusal } from './messages.ts'
import { wantedPods } from './target-facts.ts'

/** An Event of this age says nothing of the present: its controller would have tried again since. */
const FRESH_MS = 20 * 60_000

const KINDS: ReadonlySet<string> = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job'])

interface Refused extends CreationRefusal {
  sinceMs: number | undefined
}

type WithConditions = KubernetesObject & { status?: { conditions?: Condition[] } }

/** The controller's own condition; a Deployment copies it from its ReplicaSet. */
function byCondition(target: WithConditions): Refused | undefined {
  const failure = conditionOf(target, 'ReplicaFailure')
  if (failure?.status !== 'True' || failure.reason !== 'FailedCreate') return undefined
  return { ...creationRefusalOf(failure.message ?? ''), sinceMs: timeMs(failure.lastTransitionTime) }
}

/** StatefulSets, DaemonSets and Jobs only send Events; that pods are missing must agree. */
function byEvents({ target, events, pods, nowMs }: Context): Refused | undefined {
  const present = pods.filter((pod) => !isTerminating(pod)).length
  if (present >= wantedPods(target)) return undefined
  const newest = eventsAbout(events, target, 'FailedCreate', 'controller').find(
    (event) => nowMs - (eventTimeMs(event) ?? 0) < FRESH_MS,
  )
  return newest && { ...creationRefusalOf(noteOf(newest)), sinceMs: eventFirstMs(newest) }
}

export function creationRefusal(context: Context): Refused | undefined {
  const { target } = context
  if (!target || !KINDS.has(target.kind ?? '')) return undefined
  return byCondition(target) ?? byEvents(context)
}

/**
 * Why pods of the target are not created: by the condition ReplicaFailure of a Deployment or ReplicaSet; of other kinds by
 * Events alone, where pods are missing.
 */
export function creationFacts(context: Context): Facts['creation'] {
  const refused = creationRefusal(context)
  if (!refused) return QUIET.creation
  const { reason, by, sinceMs } = refused
  const ageSeconds = sinceMs === undefined ? 0 : Math.max(0, (context.nowMs - sinceMs) / 1000)
  return { refused: true, reason, by, ageSeconds }
}
