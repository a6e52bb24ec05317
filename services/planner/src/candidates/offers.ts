import type { Facts, Parameters, PodFacts } from '@kubewise/contracts'

/** A number that may be chosen, both ends included. */
export interface Bound {
  min: number
  max: number
}

/** An action that something in the facts speaks for, before rules and guards are asked. */
export interface Offer {
  action: string
  with: Parameters
  /** Parameters that are left to choose, by name. */
  bounds: Readonly<Record<string, Bound>>
  say: string
}

const NONE = {}
const ROLLOUT_NEWS_SECONDS = 3600
const MOST_PODS = 5
const FILLING_SHARE = 0.8

const live = ({ pods }: Facts): PodFacts[] => pods.filter(({ terminating }) => !terminating)

function rollbacks({ rollout, image, configuration, probe, scheduling, forecast, memory }: Facts): Offer[] {
  const isSuspect =
    rollout.ageSeconds < ROLLOUT_NEWS_SECONDS ||
    rollout.deadlineExceeded ||
    forecast.beganWithRollout ||
    memory.loweredByRollout ||
    [image, configuration, probe, scheduling].some(({ introducedByRollout }) => introducedByRollout)
  if (rollout.current === '' || !rollout.lastHealthy.exists || !isSuspect) return []
  const say = 'Bring the workload back to the revision that was healthy last.'
  return [{ action: 'rollback@1', with: { toRevision: rollout.lastHealthy.revision }, bounds: NONE, say }]
}

function raises({ memory, cpu }: Facts): Offer[] {
  const offers: Offer[] = []
  if (memory.kills > 0 && memory.nextLimit !== '')
    offers.push({
      action: 'set-resources@1',
      with: { container: memory.container, memoryLimit: memory.nextLimit },
      bounds: NONE,
      say: 'Raise the memory limit of the container that is killed for memory, by one bounded step.',
    })
  if (cpu.throttled && cpu.nextLimit !== '')
    offers.push({
      action: 'set-resources@1',
      with: { container: cpu.container, cpuLimit: cpu.nextLimit },
      bounds: NONE,
      say: 'Raise the CPU limit that holds the replicas back, by one bounded step.',
    })
  return offers
}

/** Pods that something is wrong with; one that is well is never offered. */
function evictions(facts: Facts): Offer[] {
  const isIll = ({ uid, ready }: PodFacts) => !ready || uid === facts.runaway.uid || uid === facts.culprit.uid
  return live(facts)
    .filter(isIll)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, MOST_PODS)
    .map(({ name, uid }) => ({
      action: 'evict-pod@1',
      with: { pod: name, uid },
      bounds: NONE,
      say: 'Evict this one pod, so that its controller makes another one.',
    }))
}

/** A restart wants a reason that new pods of the same template do away with. */
function restarts(facts: Facts): Offer[] {
  const pods = live(facts)
  const leaks = facts.forecast.exists && facts.forecast.resource === 'memory'
  const hangs =
    pods.length > 0 && pods.every(({ ready, neverReady, phase }) => !ready && !neverReady && phase === 'Running')
  const hasReason = leaks || facts.identity.secretRotated || hangs
  const say = 'Replace the pods of the workload one after the other.'
  return hasReason ? [{ action: 'restart@1', with: {}, bounds: NONE, say }] : []
}

function scalings({ budget, target }: Facts): Offer[] {
  if (!budget.deadlocked) return []
  const bounds = { replicas: { min: target.wanted + 1, max: target.wanted + 2 } }
  return [{ action: 'scale@1', with: {}, bounds, say: 'Add pods, so that its disruption budget lets one go.' }]
}

function autoscalerRaises({ autoscaler }: Facts): Offer[] {
  const { exists, atMax, name, uid, maxReplicas, nextMax } = autoscaler
  if (!exists || !atMax || nextMax <= maxReplicas) return []
  const bounds = { maxReplicas: { min: maxReplicas + 1, max: nextMax } }
  const say = 'Let its autoscaler have more replicas.'
  return [{ action: 'set-autoscaler-maximum@1', with: { autoscaler: name, uid }, bounds, say }]
}

function expansions({ target, volume, forecast }: Facts): Offer[] {
  const isFilling = volume.usedShare > FILLING_SHARE || (forecast.exists && forecast.resource === 'volume')
  if (target.kind !== 'PersistentVolumeClaim' || volume.nextSize === '' || !isFilling) return []
  const given = { size: volume.nextSize }
  return [
    { action: 'expand-volume@1', with: given, bounds: NONE, say: 'Expand the volume that fills, by one bounded step.' },
  ]
}

function cordons({ target, node }: Facts): Offer[] {
  if (target.kind !== 'Node') return []
  if (node.cordoned)
    return [
      { action: 'uncordon@1', with: {}, bounds: NONE, say: 'Let the node that KubeWise cordoned take pods again.' },
    ]
  return [{ action: 'cordon@1', with: {}, bounds: NONE, say: 'Let the node take no more pods; those on it stay.' }]
}

/** All that the facts speak for, in a fixed order. */
export function offersOf(facts: Facts): Offer[] {
  return [rollbacks, raises, evictions, restarts, scalings, autoscalerRaises, expansions, cordons].flatMap((of) =>
    of(facts),
  )
}
