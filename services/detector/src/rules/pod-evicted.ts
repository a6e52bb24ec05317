import type { PodState } from '@kubewise/contracts'
import { fact } from '../finding.ts'
import { MINUTE, ruleFor } from './state-rule.ts'

/** What is left of an evicted pod may lie around for weeks; what happened this long ago is history. */
const NEWS_MS = 10 * MINUTE

/** Reasons for which a kubelet gives a pod up. A drain (EvictionByEvictionAPI) is somebody's wish and none of these. */
const GIVEN_UP = new Set([
  'Evicted',
  'NodeShutdown',
  'OutOfcpu',
  'OutOfmemory',
  'OutOfpods',
  'UnexpectedAdmissionError',
])
const DISRUPTED = new Set(['TerminationByKubelet', 'DeletionByTaintManager'])

const disruptionOf = ({ conditions }: PodState) =>
  conditions.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True')

/** When it was given up; its creation where nothing says more. */
function givenUpMs(pod: PodState): number {
  const ends = pod.containers.flatMap(({ terminated }) => terminated?.finishedMs ?? [])
  return disruptionOf(pod)?.sinceMs ?? Math.max(pod.createdMs, ...ends)
}

/** A pod that its node has thrown out. */
export const podEvicted = ruleFor('Pod', {
  name: 'pod-evicted',
  version: 1,
  forMs: 0,
  clearMs: 0,
  look: (pod, _memory, nowMs) => {
    const disruption = disruptionOf(pod)?.reason ?? ''
    const reason = pod.phase === 'Failed' && GIVEN_UP.has(pod.reason ?? '') ? (pod.reason ?? '') : disruption
    const isThrownOut = GIVEN_UP.has(reason) || DISRUPTED.has(reason)
    return isThrownOut && nowMs - givenUpMs(pod) < NEWS_MS
      ? fact('warning', `The pod was evicted from its node (${reason}).`, { reason, node: pod.node ?? '' })
      : undefined
  },
})

/** A pod that had to go for one of higher priority. */
export const podPreempted = ruleFor('Pod', {
  name: 'pod-preempted',
  version: 1,
  forMs: 0,
  clearMs: 0,
  look: (pod, _memory, nowMs) => {
    const isPreempted = disruptionOf(pod)?.reason === 'PreemptionByScheduler' || pod.reason === 'Preempting'
    return isPreempted && nowMs - givenUpMs(pod) < NEWS_MS
      ? fact('warning', 'The pod had to go for one of higher priority.', { node: pod.node ?? '' })
      : undefined
  },
})
