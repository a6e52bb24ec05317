import { isPodFinished, RESOURCES, type Pod, type ResourceQuota } from '@kubewise/kube'
import { forbidden } from '../../objects/api-status.ts'
import type { ObjectStore } from '../../port.ts'
import { amountOf, requestOf } from './amounts.ts'

function limitOf(pod: Pod, resource: string): number {
  return (pod.spec?.containers ?? []).reduce(
    (sum, container) => sum + (amountOf(container.resources?.limits?.[resource]) ?? 0),
    0,
  )
}

/** What a pod uses of each thing that a quota can bound. */
const USAGE: Record<string, (pod: Pod) => number> = {
  pods: () => 1,
  'count/pods': () => 1,
  cpu: (pod) => requestOf(pod, 'cpu'),
  memory: (pod) => requestOf(pod, 'memory'),
  'requests.cpu': (pod) => requestOf(pod, 'cpu'),
  'requests.memory': (pod) => requestOf(pod, 'memory'),
  'limits.cpu': (pod) => limitOf(pod, 'cpu'),
  'limits.memory': (pod) => limitOf(pod, 'memory'),
}

/** What the pods of a namespace use of everything a quota bounds; finished pods use nothing. */
export function quotaUsage(objects: ObjectStore, quota: ResourceQuota): Record<string, number> {
  const pods = objects.list<Pod>(RESOURCES.Pod, quota.metadata?.namespace).filter((pod) => !isPodFinished(pod))
  return Object.fromEntries(
    Object.keys(quota.spec?.hard ?? {}).flatMap((name) => {
      const usage = USAGE[name]
      return usage ? [[name, pods.reduce((sum, pod) => sum + usage(pod), 0)]] : []
    }),
  )
}

/**
 * Refuses a pod that would not fit into a quota of its namespace.
 *
 * @throws ApiStatus 403, worded as the API server does
 */
export function admitPod(objects: ObjectStore, namespace: string, pod: Pod): void {
  for (const quota of objects.list<ResourceQuota>(RESOURCES.ResourceQuota, namespace)) {
    const used = quotaUsage(objects, quota)
    const over = Object.keys(used).filter((name) => {
      const more = USAGE[name]?.(pod) ?? 0
      return more > 0 && (used[name] ?? 0) + more > (amountOf(quota.spec?.hard?.[name]) ?? Number.POSITIVE_INFINITY)
    })
    if (over.length > 0) throw exceeded(quota, pod, over.sort(), used)
  }
}

function exceeded(quota: ResourceQuota, pod: Pod, names: readonly string[], used: Record<string, number>) {
  const say = (values: (name: string) => unknown) => names.map((name) => `${name}=${String(values(name))}`).join(',')
  const why =
    `exceeded quota: ${quota.metadata?.name}, requested: ${say((name) => USAGE[name]?.(pod))}, ` +
    `used: ${say((name) => used[name])}, limited: ${say((name) => quota.spec?.hard?.[name])}`
  return forbidden(RESOURCES.Pod, pod.metadata?.name ?? pod.metadata?.generateName ?? '', why)
}
