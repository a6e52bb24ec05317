import type { DaemonSet, Deployment, IntOrString, RolloutWorkload, StatefulSet } from '@kubewise/kube'

/** How far a rollout may be from the wanted number of pods at any moment. */
export interface RolloutBounds {
  /** So many may be missing. */
  unavailable: number
  /** So many may be there in excess. */
  surge: number
}

/** `2`, or `25%` of the wanted ones. */
function resolved(value: IntOrString, wanted: number, round: (value: number) => number): number {
  const text = String(value)
  const number = text.endsWith('%') ? round((Number(text.slice(0, -1)) * wanted) / 100) : Number(text)
  return Number.isFinite(number) ? Math.max(0, number) : 0
}

function deploymentBounds({ spec }: Deployment, wanted: number): RolloutBounds {
  if (spec?.strategy?.type === 'Recreate') return { unavailable: wanted, surge: 0 }
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec?.strategy?.rollingUpdate ?? {}
  const surge = resolved(maxSurge, wanted, Math.ceil)
  const unavailable = resolved(maxUnavailable, wanted, Math.floor)
  return surge === 0 && unavailable === 0 ? { unavailable: 1, surge } : { unavailable, surge }
}

function statefulSetBounds({ spec }: StatefulSet, wanted: number): RolloutBounds {
  const { maxUnavailable = 1 } = spec?.updateStrategy?.rollingUpdate ?? {}
  return { unavailable: Math.max(1, resolved(maxUnavailable, wanted, Math.ceil)), surge: 0 }
}

function daemonSetBounds({ spec }: DaemonSet, wanted: number): RolloutBounds {
  const { maxUnavailable = 1, maxSurge = 0 } = spec?.updateStrategy?.rollingUpdate ?? {}
  return {
    unavailable: resolved(maxUnavailable, wanted, Math.ceil),
    surge: resolved(maxSurge, wanted, Math.ceil),
  }
}

/**
 * What the strategy of a workload allows while its template changes. A StatefulSet or DaemonSet that is updated on delete is
 * taken like one that rolls: its pods are evicted one by one.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#max-unavailable
 */
export function rolloutBounds(workload: RolloutWorkload, wanted: number): RolloutBounds {
  if (workload.kind === 'Deployment') return deploymentBounds(workload, wanted)
  return workload.kind === 'StatefulSet' ? statefulSetBounds(workload, wanted) : daemonSetBounds(workload, wanted)
}
