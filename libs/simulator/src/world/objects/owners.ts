import {
  apiVersionOf,
  controllerOf,
  RESOURCES,
  type KubernetesObject,
  type OwnerReference,
  type Resource,
} from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'

/** The reference by which a controller's object owns what it creates. */
export function controllerReference(resource: Resource, owner: KubernetesObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

interface Index {
  resourceVersion: string
  byController: Map<string | undefined, KubernetesObject[]>
}

/** By store and resource, good for as long as nothing is written. */
const indexes = new WeakMap<ObjectStore, Map<Resource, Index>>()

function indexOf(objects: ObjectStore, resource: Resource): Index {
  const known = indexes.get(objects) ?? new Map<Resource, Index>()
  indexes.set(objects, known)
  const resourceVersion = objects.resourceVersion()
  const found = known.get(resource)
  if (found?.resourceVersion === resourceVersion) return found
  const byController = Map.groupBy(objects.list(resource), (object) => controllerOf(object)?.uid)
  const index = { resourceVersion, byController }
  known.set(resource, index)
  return index
}

/** All objects of a resource that `owner` controls. */
export function controlledBy<T extends KubernetesObject>(
  objects: ObjectStore,
  resource: Resource,
  owner: KubernetesObject,
): T[] {
  return [...(indexOf(objects, resource).byController.get(owner.metadata?.uid) ?? [])] as T[]
}

/** All objects of a resource that nobody controls. */
export function uncontrolled<T extends KubernetesObject>(objects: ObjectStore, resource: Resource): T[] {
  return [...(indexOf(objects, resource).byController.get(undefined) ?? [])] as T[]
}

/** Follows controllers up to the workload that a person would name; the object itself if nothing controls it. */
export function workloadOf(objects: ObjectStore, object: KubernetesObject): KubernetesObject {
  const controller = controllerOf(object)
  const resource = controller && Object.values(RESOURCES).find(({ kind }) => kind === controller.kind)
  const owner = resource && objects.get(resource, object.metadata?.namespace, controller.name)
  return owner && owner.metadata?.uid === controller.uid ? workloadOf(objects, owner) : object
}
