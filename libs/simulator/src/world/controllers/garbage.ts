import { isTerminating, RESOURCES, type KubernetesObject, type Resource } from '@kubewise/kube'
import { deletePod } from '../objects/pods.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'

const MANAGER = 'generic-garbage-collector'
const FOREGROUND = 'foregroundDeletion'

/** Kinds that controllers create and own. */
const OWNED: readonly Resource[] = [
  RESOURCES.Pod,
  RESOURCES.ReplicaSet,
  RESOURCES.Job,
  RESOURCES.ControllerRevision,
  RESOURCES.EndpointSlice,
  { kind: 'Endpoints', group: '', version: 'v1', plural: 'endpoints', isNamespaced: true },
]

const OWNERS: readonly Resource[] = [
  RESOURCES.Deployment,
  RESOURCES.ReplicaSet,
  RESOURCES.StatefulSet,
  RESOURCES.DaemonSet,
  RESOURCES.Job,
  RESOURCES.CronJob,
  RESOURCES.Service,
]

/** Removes what is left of deleted owners: after them in the background, before them in the foreground. */
export function createGarbageCollector({ objects }: WorldPorts): Reconcile & { stop(): void } {
  const gone = new Set<string>()
  const stop = objects.subscribe(({ type, object }) => {
    if (type === 'DELETED' && object.metadata?.uid) gone.add(object.metadata.uid)
  })

  function remove(resource: Resource, object: KubernetesObject, nowMs: number): void {
    if (resource === RESOURCES.Pod) deletePod(objects, object, MANAGER, nowMs)
    else objects.remove(resource, object.metadata?.namespace, object.metadata?.name ?? '')
  }

  function removeDependents(uids: ReadonlySet<string>, nowMs: number): number {
    let left = 0
    for (const resource of OWNED)
      for (const object of objects.list(resource)) {
        const owners = object.metadata?.ownerReferences ?? []
        if (owners.length === 0 || !owners.every(({ uid }) => uids.has(uid))) continue
        left++
        if (!isTerminating(object)) remove(resource, object, nowMs)
      }
    return left
  }

  /** An owner that is deleted in the foreground goes once nothing depends on it. */
  function finishForeground(resource: Resource, owner: KubernetesObject, nowMs: number): void {
    if (!isTerminating(owner) || !owner.metadata?.finalizers?.includes(FOREGROUND)) return
    if (removeDependents(new Set([owner.metadata.uid ?? '']), nowMs) > 0) return
    objects.update<KubernetesObject>(
      resource,
      owner.metadata.namespace,
      owner.metadata.name ?? '',
      MANAGER,
      (found) => ({
        ...found,
        metadata: {
          ...found.metadata,
          finalizers: (found.metadata?.finalizers ?? []).filter((name) => name !== FOREGROUND),
        },
      }),
    )
  }

  const reconcile: Reconcile = (nowMs) => {
    const uids = new Set(gone)
    gone.clear()
    if (uids.size > 0) removeDependents(uids, nowMs)
    for (const resource of OWNERS) for (const owner of objects.list(resource)) finishForeground(resource, owner, nowMs)
  }
  return Object.assign(reconcile, { stop })
}
