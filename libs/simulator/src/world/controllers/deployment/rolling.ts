import type { ReplicaSet } from '@kubewise/kube'
import type { RolloutBounds } from './bounds.ts'

export interface Scaling {
  set: ReplicaSet
  replicas: number
}

export const wantedBy = (set: ReplicaSet) => set.spec?.replicas ?? 0
export const availableIn = (set: ReplicaSet) => set.status?.availableReplicas ?? 0
const sum = (sets: readonly ReplicaSet[], of: (set: ReplicaSet) => number) =>
  sets.reduce((total, set) => total + of(set), 0)

/** How many pods the new ReplicaSet may have now. @see NewRSNewReplicas of the deployment controller */
export function newSetReplicas(
  bounds: RolloutBounds,
  isRecreate: boolean,
  current: number,
  all: readonly ReplicaSet[],
): number {
  if (isRecreate) return bounds.wanted
  const room = bounds.wanted + bounds.maxSurge - sum(all, wantedBy)
  if (room <= 0) return current
  return current + Math.min(room, bounds.wanted - current)
}

/**
 * How the old ReplicaSets shrink: first by pods that are not healthy anyway, then as far as enough pods stay available.
 *
 * @param old oldest first
 * @see reconcileOldReplicaSets of the deployment controller
 */
export function oldSetReplicas(bounds: RolloutBounds, newSet: ReplicaSet, old: readonly ReplicaSet[]): Scaling[] {
  const all = [...old, newSet]
  const least = bounds.wanted - bounds.maxUnavailable
  const notYetThere = wantedBy(newSet) - availableIn(newSet)
  const most = sum(all, wantedBy) - least - notYetThere
  if (sum(old, wantedBy) === 0 || most <= 0) return []
  const replicas = new Map(old.map((set) => [set, wantedBy(set)]))
  removeUnhealthy(replicas, most)
  removeAvailable(replicas, sum(all, availableIn) - least)
  return old.flatMap((set) => {
    const next = replicas.get(set) ?? 0
    return next === wantedBy(set) ? [] : [{ set, replicas: next }]
  })
}

function removeUnhealthy(replicas: Map<ReplicaSet, number>, most: number): void {
  let left = most
  for (const [set, wanted] of replicas) {
    const count = Math.min(left, wanted - availableIn(set))
    if (count <= 0) continue
    replicas.set(set, wanted - count)
    left -= count
  }
}

function removeAvailable(replicas: Map<ReplicaSet, number>, most: number): void {
  let left = most
  for (const [set, wanted] of replicas) {
    const count = Math.min(left, wanted)
    if (count <= 0) continue
    replicas.set(set, wanted - count)
    left -= count
  }
}
