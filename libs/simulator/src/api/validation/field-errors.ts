import type { Resource } from '@kubewise/kube'
import { ApiStatus, type StatusCause } from '../../objects/api-status.ts'
import { qualifiedName } from '../../objects/api-status.ts'

/** Collects what is wrong with an object, in the words of the API server. */
export interface FieldErrors {
  readonly causes: readonly Required<StatusCause>[]
  required(field: string, detail?: string): void
  invalid(field: string, value: unknown, detail: string): void
  duplicate(field: string, value: unknown): void
  notSupported(field: string, value: unknown, supported: readonly string[]): void
  notFound(field: string, value: unknown): void
  forbidden(field: string, detail: string): void
}

export function fieldErrors(): FieldErrors {
  const causes: Required<StatusCause>[] = []
  const add = (reason: string, field: string, message: string) => {
    causes.push({ reason, message, field })
  }
  return {
    causes,
    required: (field, detail) =>
      add('FieldValueRequired', field, `Required value${detail === undefined ? '' : `: ${detail}`}`),
    invalid: (field, value, detail) =>
      add('FieldValueInvalid', field, `Invalid value: ${JSON.stringify(value)}: ${detail}`),
    duplicate: (field, value) => add('FieldValueDuplicate', field, `Duplicate value: ${JSON.stringify(value)}`),
    notSupported: (field, value, supported) => {
      const names = supported.map((name) => JSON.stringify(name))
      add(
        'FieldValueNotSupported',
        field,
        `Unsupported value: ${JSON.stringify(value)}: supported values: ${names.join(', ')}`,
      )
    },
    notFound: (field, value) => add('FieldValueNotFound', field, `Not found: ${JSON.stringify(value)}`),
    forbidden: (field, detail) => add('FieldValueForbidden', field, `Forbidden: ${detail}`),
  }
}

/** The 422 that tells all that was found. */
export function invalidObject(
  subject: Pick<Resource, 'group' | 'kind'>,
  name: string,
  causes: readonly Required<StatusCause>[],
): ApiStatus {
  const findings = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))]
  const say = findings.length === 1 ? findings[0] : `[${findings.join(', ')}]`
  const kind = qualifiedName({ group: subject.group, plural: subject.kind })
  return new ApiStatus(422, 'Invalid', `${kind} ${JSON.stringify(name)} is invalid: ${say}`, {
    ...(name === '' ? {} : { name }),
    ...(subject.group === '' ? {} : { group: subject.group }),
    ...(subject.kind === '' ? {} : { kind: subject.kind }),
    causes: [...causes],
  })
}
