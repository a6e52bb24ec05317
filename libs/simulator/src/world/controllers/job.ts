import {
  isPodFinished,
  isPodReady,
  isTerminating,
  RESOURCES,
  timeMs,
  type Condition,
  type Job,
  type Pod,
} from '@kubewise/kube'
import { ApiStatus } from '../../objects/index.ts'
import { withCondition } from '../objects/conditions.ts'
import { createPod } from '../objects/create-pod.ts'
import { controlledBy } from '../objects/owners.ts'
import { deletePod } from '../objects/pods.ts'
import { writeStatus } from '../objects/write-status.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'
import { dateOf, SECOND_MS } from '../time.ts'
import { createRetries } from './retry-after.ts'

const MANAGER = 'kube-controller-manager'
const COMPONENT = 'job-controller'
const DEFAULT_BACKOFF_LIMIT = 6
const FIRST_RETRY_MS = 10 * SECOND_MS
const LONGEST_RETRY_MS = 600 * SECOND_MS

interface Ending {
  type: 'Complete' | 'Failed'
  reason: string
  message: string
}

/** Runs pods until as many succeeded as wanted, or too many failed. */
export function createJobController({ objects, events }: WorldPorts): Reconcile {
  const retries = createRetries()

  function say(job: Job, type: 'Normal' | 'Warning', reason: string, message: string, nowMs: number): void {
    events.record(nowMs, { about: job, type, reason, message, component: COMPONENT })
  }

  function createPods(job: Job, count: number, nowMs: number): void {
    const name = job.metadata?.name ?? ''
    const uid = job.metadata?.uid ?? ''
    const labels = {
      'batch.kubernetes.io/job-name': name,
      'job-name': name,
      'batch.kubernetes.io/controller-uid': uid,
      'controller-uid': uid,
    }
    for (let index = 0; index < count && retries.isDue(uid, nowMs); index++) {
      try {
        const pod = createPod(objects, {
          resource: RESOURCES.Job,
          owner: job,
          template: job.spec?.template ?? {},
          generateName: `${name}-`,
          labels,
        })
        retries.succeeded(uid)
        say(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata?.name}`, nowMs)
      } catch (error) {
        if (!(error instanceof ApiStatus)) throw error
        retries.failed(uid, nowMs)
        say(job, 'Warning', 'FailedCreate', `Error creating: ${error.message}`, nowMs)
      }
    }
  }

  function finish(job: Job, ending: Ending, active: readonly Pod[], nowMs: number): void {
    for (const pod of active) deletePod(objects, pod, MANAGER, nowMs)
    if (ending.type === 'Complete') say(job, 'Normal', 'Completed', 'Job completed', nowMs)
    else say(job, 'Warning', ending.reason, ending.message, nowMs)
  }

  function reconcile(job: Job, nowMs: number): void {
    const pods = controlledBy<Pod>(objects, RESOURCES.Pod, job)
    const active = pods.filter((pod) => !isPodFinished(pod) && !isTerminating(pod))
    const succeeded = pods.filter((pod) => pod.status?.phase === 'Succeeded').length
    const failed = pods.filter((pod) => pod.status?.phase === 'Failed')
    if (endOf(job)) return removeWhenExpired(job, nowMs)
    const ending = endingOf(job, succeeded, failedRuns(pods), nowMs)
    if (ending) finish(job, ending, active, nowMs)
    else if (job.spec?.suspend) for (const pod of active) deletePod(objects, pod, MANAGER, nowMs)
    else if (nowMs >= retryMs(failed)) createPods(job, wantedPods(job, succeeded) - active.length, nowMs)
    const stillActive =
      ending || job.spec?.suspend
        ? []
        : controlledBy<Pod>(objects, RESOURCES.Pod, job).filter((pod) => !isPodFinished(pod) && !isTerminating(pod))
    writeStatus(
      objects,
      RESOURCES.Job,
      job,
      MANAGER,
      statusOf(job, stillActive, succeeded, failed.length, ending, nowMs),
    )
  }

  function removeWhenExpired(job: Job, nowMs: number): void {
    const ttlSeconds = job.spec?.ttlSecondsAfterFinished
    const endedMs = timeMs(endOf(job)?.lastTransitionTime) ?? nowMs
    if (ttlSeconds === undefined || nowMs < endedMs + ttlSeconds * SECOND_MS) return
    objects.remove(RESOURCES.Job, job.metadata?.namespace, job.metadata?.name ?? '')
  }

  return (nowMs) => {
    for (const job of objects.list<Job>(RESOURCES.Job)) if (!isTerminating(job)) reconcile(job, nowMs)
  }
}

/** How a finished Job ended. */
export function endOf(job: Job): Condition | undefined {
  return job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  )
}

function wantedPods(job: Job, succeeded: number): number {
  const { parallelism = 1, completions } = job.spec ?? {}
  return completions === undefined && job.spec?.parallelism !== undefined
    ? succeeded > 0
      ? 0
      : parallelism
    : Math.min(parallelism, (completions ?? 1) - succeeded)
}

/** Failed pods, and restarts within pods that restart themselves. */
function failedRuns(pods: readonly Pod[]): number {
  return pods.reduce((sum, pod) => {
    const restarts = (pod.status?.containerStatuses ?? []).reduce((total, { restartCount }) => total + restartCount, 0)
    return sum + (pod.status?.phase === 'Failed' ? 1 : 0) + (pod.spec?.restartPolicy === 'OnFailure' ? restarts : 0)
  }, 0)
}

/** After the n-th failure the next pod waits 10 s, doubled each time. */
function retryMs(failed: readonly Pod[]): number {
  if (failed.length === 0) return 0
  const lastMs = Math.max(...failed.map((pod) => finishedMs(pod)))
  return lastMs + Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failed.length - 1))
}

function finishedMs(pod: Pod): number {
  return Math.max(
    0,
    ...(pod.status?.containerStatuses ?? []).map(({ state }) => timeMs(state?.terminated?.finishedAt) ?? 0),
  )
}

function endingOf(job: Job, succeeded: number, failures: number, nowMs: number): Ending | undefined {
  if (succeeded >= (job.spec?.completions ?? 1))
    return { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
  if (failures > (job.spec?.backoffLimit ?? DEFAULT_BACKOFF_LIMIT))
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  const startedMs = timeMs(job.status?.startTime) ?? nowMs
  const deadline = job.spec?.activeDeadlineSeconds
  if (deadline !== undefined && nowMs >= startedMs + deadline * SECOND_MS)
    return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
  return undefined
}

function statusOf(
  job: Job,
  active: readonly Pod[],
  succeeded: number,
  failed: number,
  ending: Ending | undefined,
  nowMs: number,
): NonNullable<Job['status']> {
  const { type, ...why } = ending ?? { type: undefined }
  const steps =
    type === 'Complete' ? ['SuccessCriteriaMet', 'Complete'] : type === 'Failed' ? ['FailureTarget', 'Failed'] : []
  const conditions = steps.reduce(
    (list, step) => withCondition(list, { type: step, status: 'True', ...why }, nowMs),
    job.status?.conditions ?? [],
  )
  return {
    startTime: job.status?.startTime ?? dateOf(nowMs),
    ...(active.length > 0 ? { active: active.length } : {}),
    ready: active.filter(isPodReady).length,
    ...(succeeded > 0 ? { succeeded } : {}),
    ...(failed > 0 ? { failed } : {}),
    ...(type === 'Complete' ? { completionTime: dateOf(nowMs) } : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
  }
}
