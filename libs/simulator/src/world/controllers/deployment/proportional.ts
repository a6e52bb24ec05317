import type { ReplicaSet } from '@kubewise/kube'
import type { RolloutBounds } from './bounds.ts'
import { MOST } from './revision.ts'
import { availableIn, wantedBy, type Scaling } from './rolling.ts'

/**
 * Shares a changed number of wanted pods out among the ReplicaSets that have some, in proportion to their sizes, so that
 * scaling in the middle of a rollout keeps its risk.
 *
 * @see `scale` in pkg/controller/deployment/sync.go of Kubernetes
 */
export function proportionalScalings(
  bounds: RolloutBounds,
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
): Scaling[] {
  const active = sets.filter((set) => wantedBy(set) > 0)
  const only = active.length <= 1 ? (active[0] ?? newSet ?? sets.at(-1)) : undefined
  if (only) return [{ set: only, replicas: bounds.wanted }]
  if (newSet && wantedBy(newSet) === bounds.wanted && availableIn(newSet) === bounds.wanted)
    return active.filter((set) => set !== newSet).map((set) => ({ set, replicas: 0 }))
  return shareOut(bounds, active)
}

function shareOut(bounds: RolloutBounds, active: readonly ReplicaSet[]): Scaling[] {
  const allowed = bounds.wanted > 0 ? bounds.wanted + bounds.maxSurge : 0
  let left = allowed - active.reduce((sum, set) => sum + wantedBy(set), 0)
  // The biggest first; what rounding leaves over goes to it.
  const scalings = active
    .toSorted((a, b) => wantedBy(b) - wantedBy(a))
    .map((set) => {
      const fraction = fractionOf(set, allowed, active)
      const share = left > 0 ? Math.min(fraction, left) : Math.max(fraction, left)
      left -= share
      return { set, replicas: wantedBy(set) + share }
    })
  const [biggest] = scalings
  if (biggest) biggest.replicas = Math.max(0, biggest.replicas + left)
  return scalings
}

/** By how much one ReplicaSet changes if all keep their proportions. @see getReplicaSetFraction of Kubernetes */
function fractionOf(set: ReplicaSet, allowed: number, active: readonly ReplicaSet[]): number {
  const total = active.reduce((sum, one) => sum + wantedBy(one), 0)
  const before = Number(set.metadata?.annotations?.[MOST] ?? total)
  return Math.round((wantedBy(set) * allowed) / before) - wantedBy(set)
}
