import type { PodSpec, PodTemplate, Toleration, Volume } from '@kubewise/kube'
import { validateContainers } from './containers.ts'
import type { FieldErrors } from './field-errors.ts'
import { validateLabels } from './metadata.ts'
import { dnsLabel, dnsSubdomain } from './names.ts'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None']
const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

function validateVolumes(errors: FieldErrors, volumes: readonly Volume[], field: string): Set<string> {
  const names = new Set<string>()
  volumes.forEach((volume, index) => {
    const at = `${field}[${index}]`
    const bad = volume.name === '' ? undefined : dnsLabel(volume.name)
    if (volume.name === '') errors.required(`${at}.name`)
    if (bad !== undefined) errors.invalid(`${at}.name`, volume.name, bad)
    if (names.has(volume.name)) errors.duplicate(`${at}.name`, volume.name)
    names.add(volume.name)
    const sources = Object.keys(volume).filter((name) => name !== 'name')
    if (sources.length === 0) errors.required(at, 'must specify a volume type')
    for (const source of sources.slice(1))
      errors.forbidden(`${at}.${source}`, 'may not specify more than 1 volume type')
  })
  return names
}

function validateToleration(errors: FieldErrors, toleration: Toleration, field: string): void {
  const { key = '', operator = 'Equal', value = '', effect = '' } = toleration
  if (!['Equal', 'Exists'].includes(operator)) errors.notSupported(`${field}.operator`, operator, ['Equal', 'Exists'])
  if (key === '' && operator !== 'Exists') {
    errors.invalid(
      `${field}.operator`,
      operator,
      'operator must be Exists when `key` is empty, which means "match all values and all keys"',
    )
  }
  if (operator === 'Exists' && value !== '')
    errors.invalid(`${field}.operator`, toleration, "value must be empty when `operator` is 'Exists'")
  if (effect !== '' && !TAINT_EFFECTS.includes(effect)) errors.notSupported(`${field}.effect`, effect, TAINT_EFFECTS)
}

function validatePolicies(errors: FieldErrors, spec: PodSpec & { dnsPolicy?: string }, field: string): void {
  const { restartPolicy, dnsPolicy, activeDeadlineSeconds: deadline } = spec
  if (restartPolicy === undefined) errors.required(`${field}.restartPolicy`)
  else if (!RESTART_POLICIES.includes(restartPolicy)) {
    errors.notSupported(`${field}.restartPolicy`, restartPolicy, RESTART_POLICIES)
  }
  if (dnsPolicy !== undefined && !DNS_POLICIES.includes(dnsPolicy)) {
    errors.notSupported(`${field}.dnsPolicy`, dnsPolicy, DNS_POLICIES)
  }
  if (deadline !== undefined && (deadline < 1 || deadline > 2 ** 31 - 1)) {
    errors.invalid(`${field}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive')
  }
}

/** A pod's spec, in a pod or a template; `claims` are volumes that a StatefulSet adds to it. */
export function validatePodSpec(
  errors: FieldErrors,
  spec: PodSpec,
  field: string,
  claims: readonly string[] = [],
): void {
  const volumes = validateVolumes(errors, spec.volumes ?? [], `${field}.volumes`)
  if ((spec.containers ?? []).length === 0) errors.required(`${field}.containers`)
  validateContainers(
    errors,
    [
      { field: `${field}.containers`, containers: spec.containers ?? [] },
      { field: `${field}.initContainers`, containers: spec.initContainers ?? [] },
    ],
    new Set([...volumes, ...claims]),
  )
  validatePolicies(errors, spec, field)
  validateLabels(errors, spec.nodeSelector, `${field}.nodeSelector`)
  ;(spec.tolerations ?? []).forEach((toleration, index) =>
    validateToleration(errors, toleration, `${field}.tolerations[${index}]`),
  )
  const badAccount = spec.serviceAccountName === undefined ? undefined : dnsSubdomain(spec.serviceAccountName)
  if (badAccount !== undefined) errors.invalid(`${field}.serviceAccountName`, spec.serviceAccountName, badAccount)
}

/** A controller's template: what a pod needs, and that the pods will carry the labels and live as the controller expects. */
export function validatePodTemplate(
  errors: FieldErrors,
  template: PodTemplate,
  field: string,
  options: { restartPolicies: readonly string[]; claims?: readonly string[] },
): void {
  validateLabels(errors, template.metadata?.labels, `${field}.labels`)
  const spec: PodSpec = template.spec ?? { containers: [] }
  validatePodSpec(errors, spec, `${field}.spec`, options.claims)
  const { restartPolicy = 'Always' } = spec
  if (RESTART_POLICIES.includes(restartPolicy) && !options.restartPolicies.includes(restartPolicy)) {
    errors.notSupported(`${field}.spec.restartPolicy`, restartPolicy, options.restartPolicies)
  }
}
