import type { Entity, RevisionRecord } from '@kubewise/contracts'
import {
  templateHash,
  type DaemonSetStatus,
  type DeploymentSpec,
  type DeploymentStatus,
  type RolloutWorkload,
} from '@kubewise/kube'
import { HEALTHY_AFTER_MS } from '../context/last-healthy.ts'

/** How many revisions' health is remembered; the cluster itself keeps 10 of them. */
const MAX_REMEMBERED = 16

/** What a workload's own status tells at one moment. */
export interface Sighting {
  target: Entity
  /** Hash of its newest template. */
  template: string
  /** All its wanted pods are of that template and ready. */
  isHealthy: boolean
}

interface Counts {
  wanted: number
  updated: number
  ready: number
}

function countsOf(workload: RolloutWorkload): Counts {
  if (workload.kind === 'DaemonSet') {
    const status: DaemonSetStatus = workload.status ?? {}
    const { desiredNumberScheduled = 0, updatedNumberScheduled = 0, numberReady = 0 } = status
    return { wanted: desiredNumberScheduled, updated: updatedNumberScheduled, ready: numberReady }
  }
  const spec: DeploymentSpec = workload.spec ?? {}
  const status: DeploymentStatus = workload.status ?? {}
  const { updatedReplicas = 0, readyReplicas = 0, replicas = 0 } = status
  // While a pod of another revision is there, it may be the one that is ready.
  const updated = replicas > updatedReplicas ? 0 : updatedReplicas
  return { wanted: spec.replicas ?? 1, updated, ready: readyReplicas }
}

/** @returns undefined for what is no workload with a template */
export function sightingOf(cluster: string, workload: RolloutWorkload): Sighting | undefined {
  const { name, namespace = '', uid = '', generation = 0 } = workload.metadata ?? {}
  const template = workload.spec?.template
  if (name === undefined || template === undefined) return undefined
  const { wanted, updated, ready } = countsOf(workload)
  const isObserved = (workload.status?.observedGeneration ?? 0) >= generation
  return {
    target: { cluster, kind: workload.kind ?? '', namespace, name, uid },
    template: templateHash(template),
    isHealthy: isObserved && wanted > 0 && updated >= wanted && ready >= wanted,
  }
}

type Health = RevisionRecord['healthy'][number]

/** What is known of a workload between two looks at it. */
export interface Watched {
  sighting: Sighting
  sinceMs: number
  healthySinceMs?: number
  /** Its present health was noted already. */
  isNoted: boolean
  /** To be recorded, oldest first. */
  unrecorded: readonly Health[]
}

/** Notes health that has lasted long enough; at its end once more, so that it is known until when. */
export function settled(watched: Watched, nowMs: number, isEnding = false): Watched {
  const { healthySinceMs, isNoted, sighting, unrecorded } = watched
  const hasLasted = healthySinceMs !== undefined && nowMs - healthySinceMs >= HEALTHY_AFTER_MS
  if (!hasLasted || (isNoted && !isEnding)) return watched
  return { ...watched, isNoted: true, unrecorded: [...unrecorded, { template: sighting.template, healthyMs: nowMs }] }
}

/** Takes in what is seen now. */
export function watch(before: Watched | undefined, sighting: Sighting, nowMs: number): Watched {
  const isSameWorkload = before?.sighting.target.uid === sighting.target.uid
  const isSame = isSameWorkload && before?.sighting.template === sighting.template
  const isEnding = !isSame || !sighting.isHealthy
  const past = before && settled(before, nowMs, isEnding)
  return {
    sighting,
    sinceMs: (isSameWorkload ? before?.sinceMs : undefined) ?? nowMs,
    ...(sighting.isHealthy && { healthySinceMs: (isSame ? before?.healthySinceMs : undefined) ?? nowMs }),
    isNoted: (isSame && sighting.isHealthy && past?.isNoted) ?? false,
    unrecorded: (isSameWorkload ? past?.unrecorded : undefined) ?? [],
  }
}

/** A workload's record as it should be, or the same record where nothing is new. */
export function recordOf(
  key: string,
  record: RevisionRecord | undefined,
  { sighting, sinceMs, unrecorded }: Watched,
): Omit<RevisionRecord, 'version'> {
  const isSameWorkload = record?.target.uid === sighting.target.uid
  if (record && isSameWorkload && unrecorded.length === 0) return record
  const known = record && isSameWorkload ? record : undefined
  const fresh = new Set(unrecorded.map(({ template }) => template))
  const others = known?.healthy.filter(({ template }) => !fresh.has(template)) ?? []
  const latest = unrecorded.filter(
    ({ template }, index) => !unrecorded.slice(index + 1).some((later) => later.template === template),
  )
  return {
    _id: key,
    target: sighting.target,
    watchedSinceMs: known?.watchedSinceMs ?? sinceMs,
    healthy: [...others, ...latest].slice(-MAX_REMEMBERED),
  }
}
