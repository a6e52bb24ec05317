import type { Anomaly, ExecutionStep, Verification } from '@kubewise/contracts'
import {
  conditionOf,
  isPodReady,
  quantityToNumber,
  rolloutStatus,
  timeMs,
  type Job,
  type KubernetesObject,
  type PersistentVolumeClaim,
  type Pod,
  type QuantityText,
} from '@kubewise/kube'
import type { Known } from '@kubewise/policy'
import { markerOn } from '../actions/patch.ts'
import { isOfWrite } from '../ledger/marker.ts'
import { uidOf } from '../actions/work.ts'
import { wantedOf, type WorkloadView } from '../context/workload.ts'
import { currentPods, endedSince, nameOf, whyItCannotRun } from './pods.ts'
import { setBack } from './standing.ts'

/** What a check looks at, read at one moment. */
export interface Look {
  view: Known<WorkloadView | undefined>
  /** The plan's anomalies as recorded; one that is missing is not recorded yet. */
  anomalies: Known<readonly (Anomaly | undefined)[]>
  /** When the first step was sent: what happened before it does not count. */
  sinceMs: number
  /** Pods that were evicted. */
  evicted: readonly string[]
  /** Steps that patched something, with the object as it is now. */
  changed: Known<readonly Changed[]>
  /** Jobs that were made, as they are now. */
  jobs: Known<readonly (Job | undefined)[]>
}

export interface Changed {
  step: Pick<ExecutionStep, 'marker' | 'object' | 'changes'>
  object: KubernetesObject | undefined
}

/** `fails` is certain: no waiting makes it hold. */
export interface Finding {
  value: 'holds' | 'not-yet' | 'fails' | 'unknown'
  say: string
}
export type Check = (look: Look) => Finding

const holds = (say: string): Finding => ({ value: 'holds', say })
const notYet = (say: string): Finding => ({ value: 'not-yet', say })
const fails = (say: string): Finding => ({ value: 'fails', say })
const unknown = (say: string): Finding => ({ value: 'unknown', say })

function onWorkload(look: (view: WorkloadView, all: Look) => Finding): Check {
  return (all) => {
    if (!all.view.isKnown) return unknown(`The workload cannot be read: ${all.view.why}`)
    return all.view.value ? look(all.view.value, all) : fails('The workload does not exist any more.')
  }
}

/** A pod born after the action that will never run. */
function hopeless(pods: readonly Pod[], sinceMs: number): Finding | undefined {
  for (const pod of pods) {
    const reason = whyItCannotRun(pod)
    const isNew = (timeMs(pod.metadata?.creationTimestamp) ?? 0) > sinceMs
    if (isNew && reason !== undefined) return fails(`The new pod ${nameOf(pod)} cannot run: ${reason}.`)
  }
  return undefined
}

const workloadAvailable = onWorkload((view, { sinceMs }) => {
  const { phase, say } = rolloutStatus(view.workload)
  const pods = currentPods(view)
  if (phase === 'unobserved' || pods === undefined) return notYet('The controller has not seen the change yet.')
  if (phase === 'complete') return holds(say)
  return hopeless(pods, sinceMs) ?? notYet(say)
})

const noneEndedSince = (isMeant: (reason: string) => boolean, word: string) =>
  onWorkload((view, { sinceMs }) => {
    const pods = currentPods(view)
    if (pods === undefined) return notYet('The controller has not seen the change yet.')
    for (const pod of pods) {
      const ended = endedSince(pod, sinceMs).find(({ reason }) => isMeant(reason))
      if (ended)
        return fails(
          `${ended.container} in ${nameOf(pod)} ${word} after the action (${ended.reason || `exit ${ended.exitCode}`}).`,
        )
    }
    return holds(`No container ${word} since the action.`)
  })

const signalCleared: Check = ({ anomalies }) => {
  if (!anomalies.isKnown) return unknown(`The anomalies cannot be read: ${anomalies.why}`)
  const missing = anomalies.value.filter((anomaly) => anomaly === undefined).length
  if (missing > 0) return unknown(`${missing} of the plan's anomalies are not recorded.`)
  const open = anomalies.value.filter((anomaly) => anomaly?.status === 'open')
  return open.length === 0
    ? holds('Every signal has cleared.')
    : notYet(`${open.length} of ${anomalies.value.length} signals have not cleared.`)
}

const podReplaced = onWorkload((view, { evicted }) => {
  const still = view.pods.find((pod) => evicted.includes(uidOf(pod)))
  if (still) return notYet(`The pod ${nameOf(still)} is still there.`)
  const ready = view.pods.filter(isPodReady).length
  const wanted = wantedOf(view)
  return ready >= wanted ? holds(`Replaced; ${ready} pods are ready.`) : notYet(`${ready} of ${wanted} pods are ready.`)
})

/** Looks at each object that was patched, until one says that it does not hold. */
function onChanged(look: (changed: Changed & { object: KubernetesObject }) => Finding, say: string): Check {
  return ({ changed }) => {
    if (!changed.isKnown) return unknown(`What was changed cannot be read: ${changed.why}`)
    for (const { step, object } of changed.value) {
      if (!object) return fails(`${step.object.kind} ${step.object.name} does not exist any more.`)
      const finding = look({ step, object })
      if (finding.value !== 'holds') return finding
    }
    return holds(say)
  }
}

const changeStands = onChanged(({ step, object }) => {
  const what = `${step.object.kind} ${step.object.name}`
  if (!isOfWrite(markerOn(object), step.marker)) return fails(`Somebody has changed ${what} since.`)
  const field = setBack(object, step.changes)
  return field ? fails(`Somebody has set back ${field.path} of ${what}.`) : holds('It is as it was left.')
}, 'What was changed is as it was left.')

function bytesOf(quantity: QuantityText | undefined): number {
  try {
    return quantity === undefined ? 0 : quantityToNumber(quantity)
  } catch {
    return 0
  }
}

/** A file system grows only once a pod has it mounted; that the volume itself has grown is not enough. */
const volumeExpanded = onChanged(({ object }) => {
  const { spec, status, metadata }: PersistentVolumeClaim = object
  const wanted = bytesOf(spec?.resources?.requests?.['storage'])
  const given = bytesOf(status?.capacity?.['storage'])
  return given >= wanted
    ? holds('The volume has grown.')
    : notYet(`The volume of ${metadata?.name} has ${given} of ${wanted} bytes.`)
}, 'Every volume has grown.')

const jobCompleted: Check = ({ jobs }) => {
  if (!jobs.isKnown) return unknown(`The Job cannot be read: ${jobs.why}`)
  const is = (job: Job, type: string) => conditionOf({ status: job.status ?? {} }, type)?.status === 'True'
  for (const job of jobs.value) {
    if (!job) return fails('The Job does not exist any more.')
    if (is(job, 'Failed')) return fails(`The Job ${job.metadata?.name} has failed again.`)
    if (!is(job, 'Complete')) return notYet(`The Job ${job.metadata?.name} has not ended.`)
  }
  return jobs.value.length > 0 ? holds('The Job has completed.') : notYet('No Job was made.')
}

export const CHECKS: Readonly<Record<Verification, Check>> = {
  'workload-available': workloadAvailable,
  'no-restarts-since-action': noneEndedSince(() => true, 'ended'),
  'no-oom-since-action': noneEndedSince((reason) => reason === 'OOMKilled', 'was killed for memory'),
  'signal-cleared': signalCleared,
  'pod-replaced': podReplaced,
  'change-stands': changeStands,
  'volume-expanded': volumeExpanded,
  'job-completed': jobCompleted,
}
