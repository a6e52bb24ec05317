import type { ResourceRequirements } from '@kubewise/kube'
import { nanosOf } from '../../schema/quantity.ts'
import type { FieldErrors } from './field-errors.ts'
import { qualifiedName } from './names.ts'

type Amounts = NonNullable<ResourceRequirements['limits']>

const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage'])

function isContainerResource(name: string): boolean {
  return STANDARD.has(name) || name.startsWith('hugepages-') || name.includes('/')
}

function validateAmounts(errors: FieldErrors, amounts: Amounts, field: string): void {
  for (const [name, amount] of Object.entries(amounts)) {
    const bad = qualifiedName(name)
    const at = `${field}[${name}]`
    if (bad !== undefined) errors.invalid(at, name, bad)
    else if (!isContainerResource(name)) {
      errors.invalid(at, name, 'must be a standard resource type or fully qualified')
      errors.invalid(at, name, 'must be a standard resource for containers')
    }
    if (nanosOf(amount) < 0n) errors.invalid(at, amount, 'must be greater than or equal to 0')
  }
}

export function validateResources(errors: FieldErrors, resources: ResourceRequirements, field: string): void {
  const { limits = {}, requests = {} } = resources
  validateAmounts(errors, limits, `${field}.limits`)
  validateAmounts(errors, requests, `${field}.requests`)
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name]
    if (limit !== undefined && nanosOf(request) > nanosOf(limit)) {
      errors.invalid(`${field}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`)
    }
  }
}
