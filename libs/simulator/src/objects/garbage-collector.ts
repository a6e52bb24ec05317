import type { KubernetesObject, Resource } from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import type { ObjectChange } from '../port.ts'
import { deleteObject, FOREGROUND, ORPHAN } from './deletion.ts'
import { resourceKey } from './metadata.ts'
import type { Etcd } from './object-store.ts'

interface Dependent {
  resource: Resource
  namespace: string | undefined
  name: string
}

const MANAGER = 'kube-controller-manager'

/** Which objects name which owner, kept up by the changes. */
function createOwnership() {
  const dependents = new Map<string, Map<string, Dependent>>()
  const keyOf = (resource: Resource, { metadata }: KubernetesObject) =>
    `${resourceKey(resource)} ${metadata?.namespace ?? ''}/${metadata?.name}`
  return {
    note({ type, resource, object, previous }: ObjectChange): void {
      const key = keyOf(resource, object)
      for (const owner of previous?.metadata?.ownerReferences ?? []) dependents.get(owner.uid)?.delete(key)
      if (type === 'DELETED') return
      for (const owner of object.metadata?.ownerReferences ?? []) {
        const known = dependents.get(owner.uid) ?? new Map<string, Dependent>()
        known.set(key, { resource, namespace: object.metadata?.namespace, name: object.metadata?.name ?? '' })
        dependents.set(owner.uid, known)
      }
    },
    dependentsOf: (uid: string): Dependent[] => [...(dependents.get(uid)?.values() ?? [])],
    forget: (uid: string): boolean => dependents.delete(uid),
  }
}

/**
 * Deletes what an owner leaves behind, as the garbage collector of the controller manager does: in the background after
 * it is gone, before it where it waits in the foreground, not at all where its dependents are to be orphaned.
 *
 * @returns a function that stops it
 */
export function startGarbageCollector({ etcd, clock }: { etcd: Etcd; clock: Clock }): () => void {
  const ownership = createOwnership()
  const alive = new Set<string>()

  function withoutOwner(object: KubernetesObject, uid: string): KubernetesObject {
    const owners = (object.metadata?.ownerReferences ?? []).filter((owner) => owner.uid !== uid)
    return { ...object, metadata: { ...object.metadata, ownerReferences: owners } }
  }

  function disown({ resource, namespace, name }: Dependent, uid: string): void {
    etcd.update<KubernetesObject>(resource, namespace, name, MANAGER, (it) => withoutOwner(it, uid))
  }

  function collect(dependent: Dependent, uid: string, isForeground: boolean): void {
    const { resource, namespace, name } = dependent
    const object = etcd.get(resource, namespace, name)
    if (object === undefined) return
    const hasAnotherOwner = (object.metadata?.ownerReferences ?? []).some((it) => it.uid !== uid && alive.has(it.uid))
    if (hasAnotherOwner) disown(dependent, uid)
    else if (object.metadata?.deletionTimestamp === undefined) {
      deleteObject(etcd, clock, resource, namespace, name, isForeground ? { propagationPolicy: 'Foreground' } : {})
    }
  }

  function release(resource: Resource, { metadata }: KubernetesObject, finalizer: string): void {
    etcd.update<KubernetesObject>(resource, metadata?.namespace, metadata?.name ?? '', MANAGER, (it) => {
      const finalizers = (it.metadata?.finalizers ?? []).filter((name) => name !== finalizer)
      return { ...it, metadata: { ...it.metadata, finalizers } }
    })
  }

  function onLeaving(resource: Resource, object: KubernetesObject): void {
    const { uid = '', finalizers = [] } = object.metadata ?? {}
    if (finalizers.includes(ORPHAN)) {
      for (const dependent of ownership.dependentsOf(uid)) disown(dependent, uid)
      release(resource, object, ORPHAN)
    } else if (finalizers.includes(FOREGROUND)) {
      for (const dependent of ownership.dependentsOf(uid)) collect(dependent, uid, true)
      if (ownership.dependentsOf(uid).length === 0) release(resource, object, FOREGROUND)
    }
  }

  /** An owner that waits in the foreground goes with the last of its dependents. */
  function onGone({ metadata }: KubernetesObject): void {
    const { uid = '', ownerReferences = [], namespace } = metadata ?? {}
    for (const dependent of ownership.dependentsOf(uid)) collect(dependent, uid, false)
    ownership.forget(uid)
    for (const owner of ownerReferences) {
      const waiting = leaving.get(owner.uid)
      const object = waiting && etcd.get(waiting, namespace, owner.name)
      if (waiting !== undefined && object !== undefined) onLeaving(waiting, object)
    }
  }

  const leaving = new Map<string, Resource>()
  for (const { resource, object } of everything(etcd)) {
    ownership.note({ type: 'ADDED', resource, object })
    alive.add(object.metadata?.uid ?? '')
  }
  return etcd.subscribe((change) => {
    const { type, resource, object } = change
    const uid = object.metadata?.uid ?? ''
    ownership.note(change)
    if (type === 'DELETED') {
      alive.delete(uid)
      leaving.delete(uid)
      onGone(object)
      return
    }
    alive.add(uid)
    if (object.metadata?.deletionTimestamp === undefined) return
    leaving.set(uid, resource)
    // Listeners are told in order: by now the object may have gone on.
    const current = etcd.get(resource, object.metadata.namespace, object.metadata.name ?? '')
    if (current !== undefined && current.metadata?.resourceVersion === object.metadata.resourceVersion)
      onLeaving(resource, current)
  })
}

function everything(etcd: Etcd): { resource: Resource; object: KubernetesObject }[] {
  return etcd.resources().flatMap((resource) => etcd.list(resource).map((object) => ({ resource, object })))
}
