import type { LabelSelector, PodTemplate } from '@kubewise/kube'
import { matchesLabels, requirementsOf } from '../selectors/label-selector.ts'
import type { FieldErrors } from './field-errors.ts'
import { validateLabels } from './metadata.ts'

const OPERATORS = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist'])

export function validateSelector(errors: FieldErrors, selector: LabelSelector, field: string): void {
  validateLabels(errors, selector.matchLabels, `${field}.matchLabels`)
  ;(selector.matchExpressions ?? []).forEach(({ operator, values = [] }, index) => {
    const at = `${field}.matchExpressions[${index}]`
    if (!OPERATORS.has(operator)) errors.invalid(`${at}.operator`, operator, 'not a valid selector operator')
    const wantsValues = operator === 'In' || operator === 'NotIn'
    if (wantsValues && values.length === 0)
      errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
    if (!wantsValues && values.length > 0)
      errors.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
  })
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0
}

/** The selector of a workload: it must be there and match the pods of the template. */
export function validateWorkloadSelector(
  errors: FieldErrors,
  selector: LabelSelector | null | undefined,
  template: PodTemplate | undefined,
  kind: string,
): void {
  if (selector === undefined || selector === null) errors.required('spec.selector')
  else {
    validateSelector(errors, selector, 'spec.selector')
    if (isEmptySelector(selector)) errors.invalid('spec.selector', selector, `empty selector is invalid for ${kind}`)
  }
  const labels = template?.metadata?.labels ?? {}
  // No selector matches nothing; an empty one would match everything.
  const isMatch = selector !== undefined && selector !== null && matchesLabels(requirementsOf(selector), labels)
  if (!isMatch) {
    errors.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')
  }
}
