import { isTerminating, RESOURCES, timeMs, type CronJob, type Job } from '@kubewise/kube'
import { controlledBy, controllerReference } from '../objects/owners.ts'
import { writeStatus } from '../objects/write-status.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'
import { dateOf, MINUTE_MS } from '../time.ts'
import { parseCron, type CronSchedule } from './cron-schedule.ts'
import { endOf } from './job.ts'

const MANAGER = 'kube-controller-manager'
const COMPONENT = 'cronjob-controller'
const MOST_MISSED_MINUTES = 100

/** Creates Jobs by schedule, in UTC. */
export function createCronJobController({ objects, events }: WorldPorts): Reconcile {
  function say(cron: CronJob, type: 'Normal' | 'Warning', reason: string, message: string, nowMs: number): void {
    events.record(nowMs, { about: cron, type, reason, message, component: COMPONENT })
  }

  function scheduleOf(cron: CronJob, nowMs: number): CronSchedule | undefined {
    try {
      return parseCron(cron.spec?.schedule ?? '')
    } catch (error) {
      say(
        cron,
        'Warning',
        'UnparseableSchedule',
        `unparseable schedule: "${cron.spec?.schedule}" : ${String(error)}`,
        nowMs,
      )
      return undefined
    }
  }

  function start(cron: CronJob, dueMs: number, nowMs: number): void {
    const name = `${cron.metadata?.name}-${dueMs / MINUTE_MS}`
    if (objects.get(RESOURCES.Job, cron.metadata?.namespace, name)) return
    const { metadata = {}, spec = {} } = cron.spec?.jobTemplate ?? {}
    const annotations = { ...metadata.annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': dateOf(dueMs) }
    objects.create<Job>(
      RESOURCES.Job,
      {
        metadata: {
          name,
          namespace: cron.metadata?.namespace ?? 'default',
          ...(metadata.labels ? { labels: { ...metadata.labels } } : {}),
          annotations,
          ownerReferences: [controllerReference(RESOURCES.CronJob, cron)],
        },
        spec: structuredClone(spec),
      },
      MANAGER,
    )
    say(cron, 'Normal', 'SuccessfulCreate', `Created job ${name}`, nowMs)
  }

  function forgetHistory(cron: CronJob, jobs: readonly Job[]): void {
    const finished = jobs.toSorted((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1))
    const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cron.spec ?? {}
    for (const [type, limit] of [
      ['Complete', successfulJobsHistoryLimit],
      ['Failed', failedJobsHistoryLimit],
    ] as const) {
      const ended = finished.filter((job) => endOf(job)?.type === type)
      for (const job of ended.slice(0, Math.max(0, ended.length - limit)))
        objects.remove(RESOURCES.Job, job.metadata?.namespace, job.metadata?.name ?? '')
    }
  }

  function mayStart(cron: CronJob, active: readonly Job[], nowMs: number): boolean {
    const policy = cron.spec?.concurrencyPolicy ?? 'Allow'
    if (active.length === 0 || policy === 'Allow') return true
    if (policy === 'Replace')
      for (const job of active) objects.remove(RESOURCES.Job, job.metadata?.namespace, job.metadata?.name ?? '')
    else
      say(
        cron,
        'Normal',
        'JobAlreadyActive',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
        nowMs,
      )
    return policy === 'Replace'
  }

  function reconcile(cron: CronJob, nowMs: number): void {
    const jobs = controlledBy<Job>(objects, RESOURCES.Job, cron)
    const active = jobs.filter((job) => !endOf(job))
    const dueMs = cron.spec?.suspend ? undefined : lastDueMs(cron, scheduleOf(cron, nowMs), nowMs)
    if (dueMs !== undefined && mayStart(cron, active, nowMs)) start(cron, dueMs, nowMs)
    forgetHistory(cron, jobs)
    const running = controlledBy<Job>(objects, RESOURCES.Job, cron).filter((job) => !endOf(job))
    const lastScheduleTime = dueMs === undefined ? cron.status?.lastScheduleTime : dateOf(dueMs)
    const ended = jobs
      .map((job) => job.status?.completionTime)
      .filter((time) => time !== undefined)
      .sort()
    const lastSuccessfulTime = ended.at(-1) ?? cron.status?.lastSuccessfulTime
    writeStatus(objects, RESOURCES.CronJob, cron, MANAGER, {
      ...(running.length > 0 ? { active: running.map((job) => referenceTo(job)) } : {}),
      ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
      ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }),
    })
  }

  return (nowMs) => {
    for (const cron of objects.list<CronJob>(RESOURCES.CronJob)) if (!isTerminating(cron)) reconcile(cron, nowMs)
  }
}

function referenceTo({ metadata }: Job) {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: metadata?.name ?? '',
    namespace: metadata?.namespace ?? '',
    uid: metadata?.uid ?? '',
  }
}

/** The last minute of the schedule since the last start (or the birth) that has come. */
function lastDueMs(cron: CronJob, schedule: CronSchedule | undefined, nowMs: number): number | undefined {
  if (!schedule) return undefined
  const sinceMs = timeMs(cron.status?.lastScheduleTime) ?? timeMs(cron.metadata?.creationTimestamp) ?? nowMs
  const newestMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS
  const oldestMs = Math.max(sinceMs + 1, newestMs - MOST_MISSED_MINUTES * MINUTE_MS)
  for (let minuteMs = newestMs; minuteMs >= oldestMs; minuteMs -= MINUTE_MS)
    if (schedule(new Date(minuteMs))) return minuteMs
  return undefined
}
