import { apiVersionOf, type KubernetesObject, type Resource } from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import type { ObjectChange, ObjectStore } from '../port.ts'
import { alreadyExists, notFound } from './api-status.ts'
import { createChangeFeed } from './change-feed.ts'
import { complete } from '../schema/complete.ts'
import { typeOfKind } from '../schema/schema.ts'
import { deepFreeze, dropUndefined, isSameJson } from './json.ts'
import { withManagedFields } from './managed-fields.ts'
import { resourceKey, withCreationMetadata, withUpdateMetadata } from './metadata.ts'
import { seededRandom } from './random.ts'

export interface ObjectStoreOptions {
  clock: Clock
  /** Names and uids are drawn from this; default 1. */
  seed?: number
}

/** Who writes, by which way and door, as it is noted in `managedFields`; without a door it is told from what changed. */
export interface Writer {
  manager: string
  subresource?: string
}

/**
 * The store as the API server sees it: the same objects, with preparing (which a dry run does too) kept apart from
 * storing. Objects that come out are frozen; whoever changes one changes a copy.
 */
export interface Etcd extends ObjectStore {
  /** The object as it would be stored, all but its resource version. */
  prepareCreate<T extends KubernetesObject>(resource: Resource, object: T, writer: Writer): T
  /** The object as it would be stored; `current` itself where nothing would change. Without a writer its managedFields are settled already. */
  prepareUpdate<T extends KubernetesObject>(resource: Resource, current: T, next: T, writer?: Writer): T
  insert<T extends KubernetesObject>(resource: Resource, prepared: T): T
  /** The resources that any object was ever stored of. */
  resources(): Resource[]
  /** Stores what was prepared; removes the object instead when it was on its way out and nothing holds it any more. */
  replace<T extends KubernetesObject>(resource: Resource, prepared: T): T
}

function objectKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`
}

function keyOf(object: KubernetesObject): string {
  return objectKey(object.metadata?.namespace, object.metadata?.name ?? '')
}

/** An object that is being deleted goes when no finalizer holds it and no grace period runs. */
function isReleased(object: KubernetesObject): boolean {
  const metadata = object.metadata ?? {}
  if (metadata.deletionTimestamp === undefined) return false
  const { finalizers = [] } = (object as { spec?: { finalizers?: string[] } }).spec ?? {}
  const isHeld = (metadata.finalizers ?? []).length > 0 || (object.kind === 'Namespace' && finalizers.length > 0)
  return !isHeld && (metadata.deletionGracePeriodSeconds ?? 0) === 0
}

function assertPlaced(resource: Resource, object: KubernetesObject): void {
  if (resource.group === 'events.k8s.io')
    throw new TypeError('events are stored in their core form: write RESOURCES.CoreEvent')
  const isPlaced = (object.metadata?.namespace !== undefined) === resource.isNamespaced
  if (!isPlaced)
    throw new TypeError(`${resource.plural}: expected ${resource.isNamespaced ? 'a' : 'no'} metadata.namespace`)
}

/** @see ObjectStore */
export function createObjectStore({ clock, seed = 1 }: ObjectStoreOptions): Etcd {
  const tables = new Map<string, Map<string, KubernetesObject>>()
  const resources = new Map<string, Resource>()
  const random = seededRandom(seed)
  const feed = createChangeFeed()
  let revision = 1

  function tableOf(resource: Resource): Map<string, KubernetesObject> {
    const key = resourceKey(resource)
    let table = tables.get(key)
    if (table === undefined) {
      tables.set(key, (table = new Map()))
      resources.set(key, resource)
    }
    return table
  }

  function atNextRevision<T extends KubernetesObject>(object: T): T {
    revision += 1
    return deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } })
  }

  function publish(
    type: ObjectChange['type'],
    resource: Resource,
    object: KubernetesObject,
    previous?: KubernetesObject,
  ) {
    feed.publish({ type, resource, object, ...(previous === undefined ? {} : { previous }) })
  }

  function get<T extends KubernetesObject>(
    resource: Resource,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return tableOf(resource).get(objectKey(namespace, name)) as T | undefined
  }

  function mustGet<T extends KubernetesObject>(resource: Resource, namespace: string | undefined, name: string): T {
    const found = get<T>(resource, namespace, name)
    if (found === undefined) throw notFound(resource, name)
    return found
  }

  function list<T extends KubernetesObject>(resource: Resource, namespace?: string): T[] {
    const all = [...tableOf(resource).values()] as T[]
    return namespace === undefined ? all : all.filter((object) => object.metadata?.namespace === namespace)
  }

  function prepareCreate<T extends KubernetesObject>(resource: Resource, object: T, writer: Writer): T {
    const typed = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind }
    assertPlaced(resource, typed)
    const shaped = dropUndefined(structuredClone(typed))
    complete(shaped, typeOfKind(typed.apiVersion, typed.kind))
    const prepared = withCreationMetadata(resource, shaped, clock.now(), random)
    return withManagedFields(resource, undefined, prepared, writer, clock.now())
  }

  function insert<T extends KubernetesObject>(resource: Resource, prepared: T): T {
    const table = tableOf(resource)
    if (table.has(keyOf(prepared))) throw alreadyExists(resource, prepared.metadata?.name ?? '')
    const stored = atNextRevision(prepared)
    table.set(keyOf(stored), stored)
    publish('ADDED', resource, stored)
    return stored
  }

  function prepareUpdate<T extends KubernetesObject>(resource: Resource, current: T, next: T, writer?: Writer): T {
    const shaped = dropUndefined(next)
    complete(shaped, typeOfKind(apiVersionOf(resource), resource.kind))
    const dated = withUpdateMetadata(resource, current, shaped)
    const prepared = writer === undefined ? dated : withManagedFields(resource, current, dated, writer, clock.now())
    return isSameJson(prepared, current) ? current : prepared
  }

  function replace<T extends KubernetesObject>(resource: Resource, prepared: T): T {
    const table = tableOf(resource)
    const previous = table.get(keyOf(prepared))
    if (previous === prepared) return prepared
    const stored = atNextRevision(prepared)
    if (isReleased(stored)) {
      table.delete(keyOf(stored))
      publish('DELETED', resource, stored, previous)
    } else {
      table.set(keyOf(stored), stored)
      publish('MODIFIED', resource, stored, previous)
    }
    return stored
  }

  function update<T extends KubernetesObject>(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    manager: string,
    change: (current: T) => T,
  ): T {
    const current = mustGet<T>(resource, namespace, name)
    const next = change(structuredClone(current))
    return replace(resource, prepareUpdate(resource, current, next, { manager }))
  }

  return {
    list,
    get,
    create: (resource, object, manager) => insert(resource, prepareCreate(resource, object, { manager })),
    update,
    remove: (resource, namespace, name) => {
      const current = get(resource, namespace, name)
      if (current === undefined) return
      tableOf(resource).delete(objectKey(namespace, name))
      publish('DELETED', resource, atNextRevision(current), current)
    },
    subscribe: (listener) => feed.subscribe(listener),
    resourceVersion: () => String(revision),
    prepareCreate,
    prepareUpdate,
    insert,
    resources: () => [...resources.values()],
    replace,
  }
}
