import { RESOURCES, type ResourceQuota } from '@kubewise/kube'
import { usedIn } from '../../api/admission/quota-usage.ts'
import { formatQuantity, parseQuantity } from '../../schema/quantity.ts'
import { writeStatus } from '../objects/write-status.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'

/** Says what is used of each quota. Admission is what keeps to them. */
export function createQuotaController({ objects }: WorldPorts): Reconcile {
  function usedOf(quota: ResourceQuota): Record<string, string> {
    const namespace = quota.metadata?.namespace ?? ''
    return Object.fromEntries(
      Object.entries(quota.spec?.hard ?? {}).map(([name, limit]) => {
        const format = parseQuantity(limit)?.format ?? 'decimal'
        return [name, formatQuantity({ nanos: usedIn(objects, namespace, name), format })]
      }),
    )
  }

  return () => {
    for (const quota of objects.list<ResourceQuota>(RESOURCES.ResourceQuota)) {
      const status = { hard: { ...quota.spec?.hard }, used: usedOf(quota) }
      writeStatus(objects, RESOURCES.ResourceQuota, quota, 'kube-controller-manager', status)
    }
  }
}
