import { RESOURCES, type ResourceQuota } from '@kubewise/kube'
import { quotaUsage } from '../objects/quota.ts'
import { writeStatus } from '../objects/write-status.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'

/** Bytes as a whole number, everything else in thousandths where it must. */
function quantityOf(amount: number): string {
  return Number.isInteger(amount) ? String(amount) : `${Math.round(amount * 1000)}m`
}

/** Says what is used of each quota. */
export function createQuotaController({ objects }: WorldPorts): Reconcile {
  return () => {
    for (const quota of objects.list<ResourceQuota>(RESOURCES.ResourceQuota)) {
      const used = Object.entries(quotaUsage(objects, quota)).map(([name, amount]) => [name, quantityOf(amount)])
      const status = { hard: { ...quota.spec?.hard }, used: Object.fromEntries(used) as Record<string, string> }
      writeStatus(objects, RESOURCES.ResourceQuota, quota, 'kube-controller-manager', status)
    }
  }
}
