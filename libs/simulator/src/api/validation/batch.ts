import type { CronJob, Job, JobSpec } from '@kubewise/kube'
import { matchesLabels, requirementsOf } from '../selectors/label-selector.ts'
import type { FieldErrors } from './field-errors.ts'
import { validateNotNegative } from './numbers.ts'
import { validatePodTemplate } from './pod-spec.ts'
import { validateImmutable, type Validate } from './workloads.ts'

const COUNTS = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished']
const TO_AN_END = ['OnFailure', 'Never']

function validateJobSpec(errors: FieldErrors, spec: JobSpec, field: string): void {
  validateNotNegative(errors, spec, COUNTS, field)
  validatePodTemplate(errors, spec.template ?? {}, `${field}.template`, { restartPolicies: [...TO_AN_END, 'Always'] })
  if ((spec.template?.spec?.restartPolicy ?? 'Always') === 'Always') {
    errors.required(`${field}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"')
  }
}

const OF_ONE_JOB = ['controller-uid', 'job-name', 'batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name']

/** In the order in which the real one quotes them. */
const labelsOf = ({ template }: JobSpec): Record<string, string> =>
  Object.fromEntries(Object.entries(template?.metadata?.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)))

/** What the server makes for a Job to find its pods by must be what it would make: a copy of another Job's is refused. */
function validateGenerated(errors: FieldErrors, { metadata = {}, spec = {} }: Job): void {
  const { uid = '', name = '' } = metadata
  const labels = labelsOf(spec)
  const expected = Object.fromEntries(OF_ONE_JOB.map((key) => [key, key.endsWith('uid') ? uid : name]))
  for (const [key, value] of Object.entries(expected)) {
    if (labels[key] === undefined) errors.required(`spec.template.metadata.labels[${key}]`, `must be '${value}'`)
    else if (labels[key] !== value)
      errors.invalid(`spec.template.metadata.labels[${key}]`, labels, `must be '${value}'`)
  }
  if (spec.selector && !matchesLabels(requirementsOf(spec.selector), expected))
    errors.invalid('spec.selector', spec.selector, '`selector` not auto-generated')
}

/** A suspended Job that has not started may change its pods' scheduling; the simulator allows no change of the template. */
export const validateJob: Validate<Job> = (errors, job, before) => {
  const { spec = {} } = job
  if (spec.manualSelector !== true) validateGenerated(errors, job)
  validateJobSpec(errors, spec, 'spec')
  const labels = labelsOf(spec)
  if (spec.selector && !matchesLabels(requirementsOf(spec.selector), labels))
    errors.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')
  if (before === undefined) return
  validateImmutable(errors, before.spec?.completions, spec.completions, 'spec.completions')
  validateImmutable(errors, before.spec?.selector, spec.selector, 'spec.selector')
  validateImmutable(errors, before.spec?.template, spec.template, 'spec.template')
}

const CRON_FIELD = /^(\*|\?|[\w]+(-[\w]+)?)(\/\d+)?(,(\*|[\w]+(-[\w]+)?)(\/\d+)?)*$/
const CRON_NAMES = new Set(['yearly', 'annually', 'monthly', 'weekly', 'daily', 'midnight', 'hourly'])

function isSchedule(text: string): boolean {
  if (text.startsWith('@')) return CRON_NAMES.has(text.slice(1)) || /^@every \S+$/.test(text)
  const fields = text.trim().split(/\s+/)
  return fields.length === 5 && fields.every((field) => CRON_FIELD.test(field))
}

export const validateCronJob: Validate<CronJob> = (errors, { spec = {} }) => {
  const { schedule = '', concurrencyPolicy = 'Allow' } = spec
  if (schedule === '') errors.required('spec.schedule')
  else if (!isSchedule(schedule)) {
    const count = schedule.trim().split(/\s+/).length
    errors.invalid(
      'spec.schedule',
      schedule,
      `expected exactly 5 fields, found ${count}: [${schedule.split(' ').join(' ')}]`,
    )
  }
  validateNotNegative(errors, spec, ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'])
  const policies = ['Allow', 'Forbid', 'Replace']
  if (!policies.includes(concurrencyPolicy)) errors.notSupported('spec.concurrencyPolicy', concurrencyPolicy, policies)
  validateJobSpec(errors, spec.jobTemplate?.spec ?? {}, 'spec.jobTemplate.spec')
}
