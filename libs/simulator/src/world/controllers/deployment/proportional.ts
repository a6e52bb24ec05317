import type { ReplicaSet } from '@kubewise/kube'
import type { RolloutBounds } from './bounds.ts'
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
  const total = active.reduce((sum, set) => sum + wantedBy(set), 0)
  const allowed = bounds.wanted > 0 ? bounds.wanted + bounds.maxSurge : 0
  const change = allowed - total
  // The biggest first; what rounding leaves over goes to it.
  const sorted = active.toSorted((a, b) => wantedBy(b) - wantedBy(a))
  const shares = sorted.map((set) => Math.trunc((wantedBy(set) * change) / total))
  const left = change - shares.reduce((sum, share) => sum + share, 0)
  return sorted.map((set, index) => ({
    set,
    replicas: Math.max(0, wantedBy(set) + (shares[index] ?? 0) + (index === 0 ? left : 0)),
  }))
}
