import { FAILING_WAITING, type Facts, type IncidentSignal, type PodFacts } from '@kubewise/contracts'
import type { Limits } from '@kubewise/policy'
import { attemptFacts } from './attempts.ts'
import { autoscalerFacts } from './autoscaler-facts.ts'
import { changeFacts } from './change-facts.ts'
import type { Context } from './context.ts'
import { creationFacts } from './creation-facts.ts'
import { lastHealthyRevision } from './last-healthy.ts'
import { cpuFacts, forecastFacts } from './limit-facts.ts'
import { memoryFacts } from './memory-facts.ts'
import { clusterFacts, nodeFacts } from './node-facts.ts'
import { alertFacts, correlationFacts, identityFacts } from './outside-facts.ts'
import { podFacts } from './pod-facts.ts'
import { podSurroundings } from './pod-surroundings.ts'
import { rolloutFacts } from './rollout-facts.ts'
import { schedulingFacts } from './scheduling-facts.ts'
import { networkFacts, serviceFacts } from './service-facts.ts'
import { configurationFacts, imageFacts, probeFacts } from './startup-facts.ts'
import { budgetFacts, dependencyFacts, jobFacts, runawayFacts } from './surroundings.ts'
import { targetFacts } from './target-facts.ts'
import { culpritFacts } from './usage.ts'
import { volumeFacts } from './volume-facts.ts'

const DEFAULT_CONFIDENCE = { state: 1, event: 0.8, metric: 0.7, alert: 0.7 } as const

/**
 * Does a signal still speak of the target, and of something that exists? One on a pod that is gone says nothing of its successors;
 * which pods there are is not known of a target that cannot be read.
 */
export function isCurrent(
  { entity, resolvedMs, target }: IncidentSignal,
  pods: readonly PodFacts[],
  { isReadable }: Pick<Context, 'isReadable'>,
): boolean {
  if (resolvedMs !== undefined || target !== undefined) return false
  if (entity.kind !== 'Pod' || !isReadable) return true
  return pods.some(
    ({ uid, name, terminating }) => !terminating && (entity.uid ? uid === entity.uid : name === entity.name),
  )
}

function signalFacts(context: Context, pods: readonly PodFacts[]): Facts['signals'] {
  const { incident, evidence, nowMs } = context
  return incident.signals
    .filter((signal) => isCurrent(signal, pods, context))
    .map(({ rule, entity, source, startedMs, anomaly }) => ({
      rule,
      kind: entity.kind,
      name: entity.name,
      source,
      ageSeconds: Math.max(0, (nowMs - startedMs) / 1000),
      confidence: evidence.get(anomaly)?.confidence ?? DEFAULT_CONFIDENCE[source],
    }))
}

export { isAttempt, isUnderWay } from './attempts.ts'

/** All that playbooks can know of an incident. Pure: the same context gives the same facts. */
export function factsOf(context: Context, bounds: Pick<Limits, 'maxRaiseStep' | 'maxRaiseTotal'>): Facts {
  const pods = context.pods.map((pod) => podFacts(pod, context.nowMs, podSurroundings(pod, context)))
  const healthy = lastHealthyRevision(context)
  const rollout = rolloutFacts(context, pods, healthy)
  return {
    target: targetFacts(context, pods),
    rollout,
    pods,
    failing: { waiting: [...FAILING_WAITING] },
    signals: signalFacts(context, pods),
    dependencies: dependencyFacts(context, healthy),
    memory: memoryFacts(context, healthy, bounds),
    runaway: runawayFacts(context, pods),
    job: jobFacts(context),
    budget: budgetFacts(context),
    attempts: attemptFacts(context),
    ...nodeFacts(context, pods),
    cluster: clusterFacts(context),
    creation: creationFacts(context),
    image: imageFacts(context, pods, rollout),
    configuration: configurationFacts(context, pods, healthy, rollout),
    probe: probeFacts(pods, rollout),
    scheduling: schedulingFacts(context, pods, rollout),
    ...volumeFacts(context, pods),
    culprit: culpritFacts(context),
    autoscaler: autoscalerFacts(context),
    cpu: cpuFacts(context, pods, bounds),
    forecast: forecastFacts(context),
    service: serviceFacts(context),
    network: networkFacts(context),
    identity: identityFacts(context),
    changes: changeFacts(context),
    alerts: alertFacts(context),
    correlation: correlationFacts(context),
    now: { openSeconds: Math.max(0, (context.nowMs - context.incident.openedMs) / 1000) },
  }
}
