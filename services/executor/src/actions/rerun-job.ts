import { hashOf, type Refusal } from '@kubewise/contracts'
import { conditionOf, controllerOf, RESOURCES, type CronJob, type Job, type ObjectMeta } from '@kubewise/kube'
import { MADE_NAME } from '../ledger/effects/index.ts'
import { STEP_ANNOTATION } from './patch.ts'
import type { ObjectPreparation, ObjectWork, ReadKube } from './work.ts'

/** Its owner says so: running it once more does no harm. */
const IDEMPOTENT = 'kubewise.io/idempotent'
const LONGEST_NAME = 63
/** What the Job controller writes on each Job, and finds its pods by. */
const OF_ONE_JOB: ReadonlySet<string> = new Set([
  'controller-uid',
  'job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
])
/** The copy stays at least so long: whoever takes over after a crash must find it. */
const SHORTEST_STAY_SECONDS = 3600

const hasCondition = ({ status }: Job, type: string) => conditionOf({ status: status ?? {} }, type)?.status === 'True'

/** The same in every attempt of the step, so that a repeat meets the first. */
function nameOf(name: string, plan: string, step: string): string {
  const tail = `-rerun-${hashOf({ plan, step }).slice(0, 8)}`
  return `${name.slice(0, LONGEST_NAME - tail.length).replace(/[^a-z0-9]+$/, '')}${tail}`
}

const withoutJobLabels = ({ labels = {} }: ObjectMeta): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => !OF_ONE_JOB.has(key)))

function refusalOf(job: Job, { target, step }: ObjectPreparation): Refusal | undefined {
  const { name, annotations = {} } = job.metadata ?? {}
  const controller = controllerOf(job)
  if (name !== step.object.name) return { code: 'foreign-object', say: `The Job is ${name}, not ${step.object.name}.` }
  if (target.kind !== 'Job' && (controller?.kind !== target.kind || controller.name !== target.name))
    return { code: 'foreign-object', say: `The Job ${name} is not of ${target.kind} ${target.name}.` }
  if (annotations[IDEMPOTENT] !== 'true')
    return { code: 'not-idempotent', say: `The Job ${name} is not annotated ${IDEMPOTENT}: "true".` }
  if (hasCondition(job, 'Complete')) return { code: 'already-so', say: `The Job ${name} has completed.` }
  if (!hasCondition(job, 'Failed')) return { code: 'job-running', say: `The Job ${name} has not ended.` }
  if (job.spec?.manualSelector === true)
    return { code: 'job-selector', say: `The Job ${name} has a selector of its own; a copy would take its pods.` }
  return undefined
}

/** What the schedule that made it forbids: it was stopped by a person, or wants no two runs at a time. @throws KubeError */
async function scheduleRefusal(kube: ReadKube, job: Job): Promise<Refusal | undefined> {
  const controller = controllerOf(job)
  if (controller?.kind !== 'CronJob') return undefined
  const { name, uid } = controller
  const { namespace = '' } = job.metadata ?? {}
  const schedule = await kube.get<CronJob>(RESOURCES.CronJob, { namespace, name })
  if (!schedule || schedule.metadata?.uid !== uid)
    return { code: 'owner-gone', say: `The CronJob ${name}, which made the Job, is gone.` }
  const { suspend, concurrencyPolicy = 'Allow' } = schedule.spec ?? {}
  if (suspend) return { code: 'schedule-suspended', say: `The CronJob ${name} is suspended; somebody stopped it.` }
  // A copy is no run of the CronJob's: it would not be counted, and the next run begin beside it.
  return concurrencyPolicy === 'Allow'
    ? undefined
    : {
        code: 'schedule-one-at-a-time',
        say: `The CronJob ${name} wants one run at a time (${concurrencyPolicy}); it would not count a copy.`,
      }
}

/** The Job once more, with nothing that ties it to the first one, to its owner or to who applied it. */
function copyOf({ metadata = {}, spec = {} }: Job, name: string): Job {
  const { selector: _selector, manualSelector: _manual, ttlSecondsAfterFinished: ttl, template = {}, ...rest } = spec
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: metadata.namespace ?? '',
      labels: withoutJobLabels(metadata),
      annotations: { [IDEMPOTENT]: 'true' },
    },
    spec: {
      ...rest,
      ...(ttl !== undefined && { ttlSecondsAfterFinished: Math.max(ttl, SHORTEST_STAY_SECONDS) }),
      template: {
        ...template,
        ...(template.metadata && { metadata: { ...template.metadata, labels: withoutJobLabels(template.metadata) } }),
      },
    },
  }
}

/** Runs a failed Job once more, as a copy, where its owner has marked it as safe to repeat. */
export const rerunJob: ObjectWork = {
  on: 'object',
  name: 'rerun-job@1',
  effect: 'create',

  async prepare(preparation) {
    const { kube, plan, stepId: id } = preparation
    const job: Job = preparation.object
    const refusal = refusalOf(job, preparation) ?? (await scheduleRefusal(kube, job))
    if (refusal) return refusal
    const { name: original = '', namespace = '' } = job.metadata ?? {}
    const name = nameOf(original, plan, id)
    const present = await kube.get<Job>(RESOURCES.Job, { namespace, name })
    if (present && !present.metadata?.annotations?.[STEP_ANNOTATION]?.startsWith(`${plan}/${id}/`))
      return { code: 'name-taken', say: `There is a Job ${name} that KubeWise did not make.` }
    return {
      effect: { kind: 'create', object: copyOf(job, name) },
      changes: [{ path: MADE_NAME, before: null, after: name }],
      undo: { how: 'compensate', say: `Deletes the Job ${name} and its pods.`, status: 'available' },
    }
  },
}
