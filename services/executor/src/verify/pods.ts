import { FAILING_WAITING } from '@kubewise/contracts'
import { containerStates, revisionLabelOf, waitingReasonOf, type Pod } from '@kubewise/kube'
import type { WorkloadView } from '../context/workload.ts'

/** A first failed pull may have been the registry's hiccup; all others of these end only by a change. */
const CANNOT_RUN: ReadonlySet<string> = new Set(FAILING_WAITING.filter((reason) => reason !== 'ErrImagePull'))

/** Why a pod will never run as it is. */
export function whyItCannotRun(pod: Pod): string | undefined {
  const reason = waitingReasonOf(pod)
  return reason !== undefined && CANNOT_RUN.has(reason) ? reason : undefined
}

/** Pods of the template as it is now; the old ones, on their way out, are nobody's fault any more. */
export function currentPods({ revisions, pods }: WorkloadView): Pod[] | undefined {
  const label = revisions.find(({ isCurrent }) => isCurrent)?.label
  return label === undefined ? undefined : pods.filter((pod) => revisionLabelOf(pod) === label)
}

export const nameOf = ({ metadata }: Pod): string => metadata?.name ?? ''

/** Terminations of a pod's containers since a moment; init containers end well by ending. */
export function endedSince(pod: Pod, sinceMs: number) {
  return containerStates(pod).flatMap(({ name, isInit, terminated, lastTerminated }) =>
    [terminated, lastTerminated].flatMap((one) => {
      const isSince = one !== undefined && (one.finishedMs ?? 0) > sinceMs
      return isSince && !(isInit && one.exitCode === 0) ? [{ container: name, ...one }] : []
    }),
  )
}
