import type { Deployment } from '@kubewise/kube'
import { resolveAmount } from '../../objects/amounts.ts'

export interface RolloutBounds {
  wanted: number
  maxSurge: number
  maxUnavailable: number
}

const DEFAULT_SHARE = '25%'

/** How far a rolling update may go over and under the wanted number of pods; never both 0. */
export function rolloutBounds({ spec = {} }: Deployment): RolloutBounds {
  const wanted = spec.replicas ?? 1
  if (spec.strategy?.type === 'Recreate' || wanted === 0) return { wanted, maxSurge: 0, maxUnavailable: 0 }
  const { maxSurge = DEFAULT_SHARE, maxUnavailable = DEFAULT_SHARE } = spec.strategy?.rollingUpdate ?? {}
  const surge = resolveAmount(maxSurge, wanted, 'up')
  const unavailable = Math.min(resolveAmount(maxUnavailable, wanted, 'down'), wanted)
  return { wanted, maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}
