import type { CronJob, Job, JobSpec } from '@kubewise/kube'
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

/** A suspended Job that has not started may change its pods' scheduling; the simulator allows no change of the template. */
export const validateJob: Validate<Job> = (errors, { spec = {} }, before) => {
  validateJobSpec(errors, spec, 'spec')
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
