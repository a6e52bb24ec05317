import { RESOURCES, type ResourceQuota } from '@kubewise/kube'
import { forbidden } from '../../objects/api-status.ts'
import { formatQuantity, nanosOf, parseQuantity } from '../../schema/quantity.ts'
import type { AdmissionContext, AdmissionRequest, Check } from './admission.ts'
import { unspecified, usageOf, usedIn } from './quota-usage.ts'

/** An amount in the spelling family of the quota's limit. */
function amountLike(nanos: bigint, like: string | number): string {
  return formatQuantity({ nanos, format: parseQuantity(like)?.format ?? 'decimal' })
}

interface Excess {
  name: string
  requested: string
  used: string
  limited: string
}

function pairs(found: readonly Excess[], field: 'requested' | 'used' | 'limited'): string {
  return found.map((excess) => `${excess.name}=${excess[field]}`).join(',')
}

function checkOne(
  quota: ResourceQuota,
  request: AdmissionRequest,
  namespace: string,
  { objects }: AdmissionContext,
): void {
  const { resource, name, object = {}, before } = request
  const hard = quota.spec?.hard ?? {}
  const names = Object.keys(hard).sort()
  const quotaName = quota.metadata?.name ?? ''
  const silent = resource.plural === 'pods' ? unspecified(names, object) : []
  if (silent.length > 0) {
    const what = silent.map((it) => `${it.quota} for: ${it.containers.join(',')}`).join('; ')
    throw forbidden(resource, name, `failed quota: ${quotaName}: must specify ${what}`)
  }
  const found = names.flatMap((quotaOf): Excess[] => {
    const limit = hard[quotaOf] ?? '0'
    const delta = usageOf(quotaOf, resource, object) - (before === undefined ? 0n : usageOf(quotaOf, resource, before))
    if (delta <= 0n) return []
    const used = usedIn(objects, namespace, quotaOf)
    if (used + delta <= nanosOf(limit)) return []
    return [
      { name: quotaOf, requested: amountLike(delta, limit), used: amountLike(used, limit), limited: String(limit) },
    ]
  })
  if (found.length === 0) return
  const numbers = `requested: ${pairs(found, 'requested')}, used: ${pairs(found, 'used')}, limited: ${pairs(found, 'limited')}`
  throw forbidden(resource, name, `exceeded quota: ${quotaName}, ${numbers}`)
}

/** A namespace's quotas are not exceeded; scopes of quotas are not supported: a quota counts all pods that run. */
export const checkQuota: Check = (request, context) => {
  const { operation, subresource, namespace } = request
  const isGrowth = operation === 'CREATE' || (operation === 'UPDATE' && subresource === 'resize')
  if (!isGrowth || namespace === undefined || (operation === 'CREATE' && subresource !== undefined)) return
  for (const quota of context.objects.list<ResourceQuota>(RESOURCES.ResourceQuota, namespace)) {
    checkOne(quota, request, namespace, context)
  }
}
