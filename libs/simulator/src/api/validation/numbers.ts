import type { IntOrString } from '@kubewise/kube'
import type { FieldErrors } from './field-errors.ts'

const PERCENT = /^(\d+)%$/

/** Refuses negative numbers among the named fields of an object. */
export function validateNotNegative(errors: FieldErrors, spec: object, names: readonly string[], field = 'spec'): void {
  for (const name of names) {
    const value = (spec as Record<string, unknown>)[name]
    if (typeof value === 'number' && value < 0) {
      errors.invalid(`${field}.${name}`, value, 'must be greater than or equal to 0')
    }
  }
}

export function isZero(value: IntOrString | undefined): boolean {
  return value === undefined || value === 0 || value === '0%' || value === '0'
}

/** A count that is not negative, or a percentage up to `mostPercent`. */
export function validateCountOrPercent(
  errors: FieldErrors,
  value: IntOrString | undefined,
  field: string,
  mostPercent = Number.POSITIVE_INFINITY,
): void {
  if (typeof value === 'number' && value < 0) errors.invalid(field, value, 'must be greater than or equal to 0')
  if (typeof value !== 'string') return
  const percent = PERCENT.exec(value)?.[1]
  if (percent === undefined) {
    errors.invalid(
      field,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    )
  } else if (Number(percent) > mostPercent) {
    errors.invalid(field, value, 'must not be greater than 100%')
  }
}
