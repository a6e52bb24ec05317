import { apiVersionOf, type KubernetesObject, type Resource } from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import type { Etcd } from '../objects/object-store.ts'
import type { ObjectStore } from '../port.ts'
import { userNamed } from './access/user.ts'
import { findApiResource } from './resources.ts'
import { createObject } from './write/create-object.ts'
import { shaped } from './write/decode-object.ts'

/**
 * The store as controllers see it through the API server: what they create gets the server's defaults and passes
 * admission and validation, so that a quota stops a ReplicaSet as it does in a real cluster.
 */
export function admittedStore({
  etcd,
  clock,
  random,
}: {
  etcd: Etcd
  clock: Clock
  random: () => number
}): ObjectStore {
  function create<T extends KubernetesObject>(resource: Resource, object: T, manager: string): T {
    const target = findApiResource(resource.group, resource.version, resource.plural)
    if (target === undefined)
      throw new TypeError(`the simulated API has no resource ${apiVersionOf(resource)} ${resource.plural}`)
    const created = createObject(
      {
        target,
        object: shaped(target, structuredClone(object)),
        user: userNamed(`system:${manager}`),
        writer: { manager },
        isDryRun: false,
      },
      { etcd, random, nowMs: clock.now() },
    )
    return created as T
  }

  return {
    list: (resource, namespace) => etcd.list(resource, namespace),
    get: (resource, namespace, name) => etcd.get(resource, namespace, name),
    create,
    update: (resource, namespace, name, manager, change) => etcd.update(resource, namespace, name, manager, change),
    remove: (resource, namespace, name) => etcd.remove(resource, namespace, name),
    subscribe: (listener) => etcd.subscribe(listener),
    resourceVersion: () => etcd.resourceVersion(),
  }
}
