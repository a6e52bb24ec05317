import { FAILING_WAITING, PLAIN_POD, type PodFacts, type Termination } from '@kubewise/contracts'
import {
  containerStates,
  controllerOf,
  isPodReady,
  isTerminating,
  lastTerminationOf,
  restartsOf,
  revisionLabelOf,
  timeMs,
  waitingReasonOf,
  type Pod,
} from '@kubewise/kube'

const SECOND = 1000
/** The kubelet forgives a container that ran this long: its next death counts as the first. */
const FORGIVEN_AFTER_MS = 600 * SECOND
/** A container that has outlived its last run by this much is taken to have come up. */
const GRACE_MS = 10 * SECOND
const LONGEST_PROBATION_MS = 60 * SECOND
/** The kubelet's first back-off between two tries at an image, and a little. */
const SECOND_TRY_AFTER_MS = 12 * SECOND

const FAILING: ReadonlySet<string> = new Set(FAILING_WAITING)

export type PodSurroundings = typeof PLAIN_POD

type ContainerState = ReturnType<typeof containerStates>[number]

const ranMs = ({ startedMs, finishedMs }: Termination) =>
  Math.max(0, (finishedMs ?? 0) - (startedMs ?? finishedMs ?? 0))

/** Dead for at least the second time, both within what the kubelet does not forgive. */
function isDeadAgain({ terminated, restarts }: ContainerState): boolean {
  return terminated !== undefined && terminated.exitCode !== 0 && restarts >= 1 && ranMs(terminated) < FORGIVEN_AFTER_MS
}

/** Up again after dying at least twice, but not yet for longer than the last time. */
function isOnProbation({ runningSinceMs, lastTerminated, restarts }: ContainerState, nowMs: number): boolean {
  if (runningSinceMs === undefined || lastTerminated === undefined || restarts < 2) return false
  if (lastTerminated.exitCode === 0 || ranMs(lastTerminated) >= FORGIVEN_AFTER_MS) return false
  return nowMs - runningSinceMs < Math.min(ranMs(lastTerminated) + GRACE_MS, LONGEST_PROBATION_MS)
}

function isWaitingForChange({ waiting, restarts }: ContainerState, ageMs: number): boolean {
  if (waiting === undefined || !FAILING.has(waiting)) return false
  // The first try at an image may fail for any reason; the kubelet says ErrImagePull then, and again after each later try.
  if (waiting === 'ErrImagePull') return ageMs >= SECOND_TRY_AFTER_MS
  // The first restart comes at once; CrashLoopBackOff is said from the second death on.
  return waiting !== 'CrashLoopBackOff' || restarts >= 1
}

/** Does a pod wait or crash in a way that only a change ends? @see catalogue 41: the second crash, the second try */
function cannotRun(pod: Pod, nowMs: number): boolean {
  if (isTerminating(pod) || pod.status?.phase === 'Succeeded') return false
  const ageMs = nowMs - (timeMs(pod.metadata?.creationTimestamp) ?? nowMs)
  return containerStates(pod).some(
    (container) => isWaitingForChange(container, ageMs) || isDeadAgain(container) || isOnProbation(container, nowMs),
  )
}

/**
 * What playbooks see of a pod. Texts of the cluster are left out: names and reasons only.
 *
 * @param around what its surroundings tell of it, see `podSurroundings`
 */
export function podFacts(pod: Pod, nowMs: number, around: PodSurroundings = PLAIN_POD): PodFacts {
  const last = lastTerminationOf(pod)
  const since = (ms: number | undefined) => (ms === undefined ? 0 : Math.max(0, (nowMs - ms) / SECOND))
  return {
    ...around,
    name: pod.metadata?.name ?? '',
    uid: pod.metadata?.uid ?? '',
    node: pod.spec?.nodeName ?? '',
    phase: pod.status?.phase ?? '',
    revision: revisionLabelOf(pod) ?? '',
    ready: isPodReady(pod),
    terminating: isTerminating(pod),
    bare: controllerOf(pod) === undefined,
    ageSeconds: since(timeMs(pod.metadata?.creationTimestamp)),
    waiting: waitingReasonOf(pod) ?? '',
    restarts: restartsOf(pod),
    exitReason: last?.reason ?? '',
    exitCode: last?.exitCode ?? 0,
    secondsSinceExit: since(last?.finishedMs),
    oomKilled: last?.reason === 'OOMKilled',
    cannotRun: cannotRun(pod, nowMs),
  }
}
