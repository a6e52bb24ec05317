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

/** All objects of a resource that `owner` controls. */
export function controlledBy<T extends KubernetesObject>(
  objects: ObjectStore,
  resource: Resource,
  owner: KubernetesObject,
): T[] {
  const uid = owner.metadata?.uid
  return objects.list<T>(resource, owner.metadata?.namespace).filter((object) => controllerOf(object)?.uid === uid)
}

/** Follows controllers up to the workload that a person would name; the object itself if nothing controls it. */
export function workloadOf(objects: ObjectStore, object: KubernetesObject): KubernetesObject {
  const controller = controllerOf(object)
  const resource = controller && Object.values(RESOURCES).find(({ kind }) => kind === controller.kind)
  const owner = resource && objects.get(resource, object.metadata?.namespace, controller.name)
  return owner && owner.metadata?.uid === controller.uid ? workloadOf(objects, owner) : object
}
