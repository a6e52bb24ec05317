import { hashOf, type Precondition, type Refusal } from '@kubewise/contracts'
import { templateHash } from '@kubewise/kube'

function fieldOf(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined,
      object,
    )
}

/** A template's hash leaves out what controllers add, so that a workload's and its revision's are one. */
const hashesOf = (field: string, value: unknown): string[] =>
  field.endsWith('spec.template') && typeof value === 'object' && value !== null
    ? [hashOf(value), templateHash(value)]
    : [hashOf(value)]

/** The first condition that does not hold any more: the object is not what the plan was made for. */
export function preconditionRefusal(preconditions: readonly Precondition[], object: unknown): Refusal | undefined {
  for (const { field, is, hash } of preconditions) {
    const value = fieldOf(object, field)
    const isSame = (is === undefined || value === is) && (hash === undefined || hashesOf(field, value).includes(hash))
    const wantsNothing = is === undefined && hash === undefined
    if (!isSame || wantsNothing)
      return { code: 'precondition-failed', say: `${field} is not what it was when the plan was made.` }
  }
  return undefined
}
