import type { ResourceRequirements } from '@kubewise/kube'
import { nanosOf } from '../../schema/quantity.ts'
import type { FieldErrors } from './field-errors.ts'
import { qualifiedName } from './names.ts'

type Amounts = NonNullable<ResourceRequirements['limits']>

const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage'])
const NOT_STANDARD = 'must be a standard resource type or fully qualified'

function isContainerResource(name: string): boolean {
  return STANDARD.has(name) || name.startsWith('hugepages-') || name.includes('/')
}

function validateAmounts(errors: FieldErrors, amounts: Amounts, field: string): void {
  for (const [name, amount] of Object.entries(amounts)) {
    const bad = qualifiedName(name)
    if (bad !== undefined) errors.invalid(field, name, bad)
    else if (!isContainerResource(name)) errors.invalid(field, name, `${NOT_STANDARD} for containers`)
    if (nanosOf(amount) < 0n) errors.invalid(`${field}[${name}]`, amount, 'must be greater than or equal to 0')
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
