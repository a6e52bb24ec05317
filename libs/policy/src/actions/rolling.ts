import type { Facts } from '@kubewise/contracts'
import type { Impact } from '../action.ts'

/**
 * What replacing all pods of a workload takes: a Deployment starts the new pod before it ends a ready one, a StatefulSet
 * or DaemonSet ends one first. The executor looks at the strategy itself; this is what facts can tell.
 */
export function rollingImpact({ target, pods }: Facts): Impact {
  const live = pods.filter(({ terminating }) => !terminating)
  const takesReady = target.kind !== 'Deployment' && live.some(({ ready }) => ready)
  return { pods: Math.max(live.length, target.wanted), readyPodsTaken: takesReady ? 1 : 0, restarts: true }
}
