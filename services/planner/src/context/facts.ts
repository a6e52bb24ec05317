import {
  FAILING_WAITING,
  QUIET,
  SETTLED,
  type Execution,
  type Facts,
  type IncidentSignal,
  type PodFacts,
} from '@kubewise/contracts'
import { actionNamed, type Limits } from '@kubewise/policy'
import type { Context } from './context.ts'
import { lastHealthyRevision } from './last-healthy.ts'
import { memoryFacts } from './memory-facts.ts'
import { podFacts } from './pod-facts.ts'
import { rolloutFacts } from './rollout-facts.ts'
import { budgetFacts, dependencyFacts, jobFacts, runawayFacts } from './surroundings.ts'
import { targetFacts } from './target-facts.ts'

const DEFAULT_CONFIDENCE = { state: 1, event: 0.8, metric: 0.7, alert: 0.7 } as const

/** Does a signal still speak of the target, and of something that exists? One on a pod that is gone says nothing of its successors. */
export function isCurrent({ entity, resolvedMs, target }: IncidentSignal, pods: readonly PodFacts[]): boolean {
  if (resolvedMs !== undefined || target !== undefined) return false
  if (entity.kind !== 'Pod') return true
  return pods.some(
    ({ uid, name, terminating }) => !terminating && (entity.uid ? uid === entity.uid : name === entity.name),
  )
}

function signalFacts({ incident, evidence, nowMs }: Context, pods: readonly PodFacts[]): Facts['signals'] {
  return incident.signals
    .filter((signal) => isCurrent(signal, pods))
    .map(({ rule, entity, source, startedMs, anomaly }) => ({
      rule,
      kind: entity.kind,
      name: entity.name,
      source,
      ageSeconds: Math.max(0, (nowMs - startedMs) / 1000),
      confidence: evidence.get(anomaly)?.confidence ?? DEFAULT_CONFIDENCE[source],
    }))
}

/** An attempt is a plan of which something was sent to the cluster; telling a person is none. */
export function isAttempt({ actedMs, steps }: Execution): boolean {
  return actedMs !== undefined && steps.some(({ action }) => actionNamed(action)?.isPassive !== true)
}

/** Is an execution at work? One that a guard asked to wait was let go again: the incident may be decided otherwise meanwhile. */
export function isUnderWay({ status, refusal }: Execution): boolean {
  return !SETTLED.includes(status) && !(status === 'claimed' && refusal !== undefined)
}

function attemptFacts({ executions }: Context): Facts['attempts'] {
  const attempts = executions.filter(isAttempt)
  const last = attempts.at(-1)
  const step = last?.steps.findLast(({ action }) => actionNamed(action)?.isPassive !== true)
  return { count: attempts.length, lastAction: step?.action ?? '', lastOutcome: last?.status ?? '' }
}

/** All that playbooks can know of an incident. Pure: the same context gives the same facts. */
export function factsOf(context: Context, bounds: Pick<Limits, 'maxRaiseStep' | 'maxRaiseTotal'>): Facts {
  const pods = context.pods.map((pod) => podFacts(pod, context.nowMs))
  const healthy = lastHealthyRevision(context)
  return {
    ...QUIET,
    target: targetFacts(context, pods),
    rollout: rolloutFacts(context, pods, healthy),
    pods,
    failing: { waiting: [...FAILING_WAITING] },
    signals: signalFacts(context, pods),
    dependencies: dependencyFacts(context, healthy),
    memory: memoryFacts(context, healthy, bounds),
    runaway: runawayFacts(context, pods),
    job: jobFacts(context),
    budget: budgetFacts(context),
    attempts: attemptFacts(context),
    now: { openSeconds: Math.max(0, (context.nowMs - context.incident.openedMs) / 1000) },
  }
}
