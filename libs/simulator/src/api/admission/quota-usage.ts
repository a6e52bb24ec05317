import { RESOURCES, type KubernetesObject, type Pod, type Resource } from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'
import { nanosOf } from '../../schema/quantity.ts'
import { API_RESOURCES } from '../resources.ts'

const UNIT = 1_000_000_000n

/** Quotas of compute, by which amounts of a pod's containers they count. */
const COMPUTE: Record<string, { kind: 'requests' | 'limits'; resource: string }> = {
  cpu: { kind: 'requests', resource: 'cpu' },
  memory: { kind: 'requests', resource: 'memory' },
  'requests.cpu': { kind: 'requests', resource: 'cpu' },
  'requests.memory': { kind: 'requests', resource: 'memory' },
  'limits.cpu': { kind: 'limits', resource: 'cpu' },
  'limits.memory': { kind: 'limits', resource: 'memory' },
}

/** The resource that an object-count quota counts: `pods`, `services`, or `count/deployments.apps`. */
function countedResource(quota: string): Resource | undefined {
  const [plural = '', ...group] = quota.replace(/^count\//, '').split('.')
  return API_RESOURCES.find((row) => row.plural === plural && row.group === group.join('.'))
}

/** A pod that has ended, or is past its time to end, counts no more. */
function isCounted(pod: Pod): boolean {
  return pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed'
}

function amountIn(pod: Pod, kind: 'requests' | 'limits', resource: string): bigint {
  const amounts = (pod.spec?.containers ?? []).map((container) => nanosOf(container.resources?.[kind]?.[resource]))
  return amounts.reduce((sum, amount) => sum + amount, 0n)
}

/** How much of a quota one object takes, in billionths; 0 where the quota is not about it. */
export function usageOf(quota: string, resource: Resource, object: KubernetesObject): bigint {
  const compute = COMPUTE[quota]
  const isPod = resource.plural === 'pods' && resource.group === ''
  if (isPod && !isCounted(object)) return 0n
  if (compute !== undefined) return isPod ? amountIn(object, compute.kind, compute.resource) : 0n
  const counted = countedResource(quota)
  return counted?.plural === resource.plural && counted.group === resource.group ? UNIT : 0n
}

/** Containers that must say how much they want, because a quota of it is set, by quota. */
export function unspecified(quotas: readonly string[], pod: Pod): { quota: string; containers: string[] }[] {
  return quotas.flatMap((quota) => {
    const compute = COMPUTE[quota]
    if (compute === undefined) return []
    const silent = (pod.spec?.containers ?? []).filter(
      (it) => it.resources?.[compute.kind]?.[compute.resource] === undefined,
    )
    return silent.length === 0 ? [] : [{ quota, containers: silent.map((container) => container.name) }]
  })
}

/** How much of a quota a namespace uses now, in billionths. */
export function usedIn(objects: ObjectStore, namespace: string, quota: string): bigint {
  const resource = quota in COMPUTE ? RESOURCES.Pod : countedResource(quota)
  if (resource === undefined) return 0n
  return objects.list(resource, namespace).reduce((sum, object) => sum + usageOf(quota, resource, object), 0n)
}
