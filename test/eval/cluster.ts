import { type EventObject, type KubernetesObject, type Resource } from '@kubewise/kube'
import type { ApiObject, ScenarioEvent } from './form.ts'

const SECOND = 1000
const RELATIVE = /^([+-]\d+(?:\.\d+)?)s$/
const TIMES = /(?:Time|Timestamp|At|^time|^timeAdded)$/

/** Puts dates in place of seconds from the beginning, `-90s`, wherever a member's name says that it is a time. */
export function dated<T>(value: T, zeroMs: number): T {
  if (Array.isArray(value)) return value.map((each: unknown) => dated(each, zeroMs)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]: [string, unknown]) => {
      const relative = typeof member === 'string' && TIMES.test(key) ? RELATIVE.exec(member) : null
      if (!relative) return [key, dated(member, zeroMs)]
      return [key, new Date(zeroMs + Number(relative[1]) * SECOND).toISOString().replace('.000Z', 'Z')]
    }),
  ) as T
}

/** JSON Merge Patch (RFC 7386). */
function merged(before: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const isObject = typeof before === 'object' && before !== null && !Array.isArray(before)
  const after: Record<string, unknown> = isObject ? { ...before } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete after[key]
    else after[key] = merged(after[key], value)
  }
  return after
}

type Listener = (object: KubernetesObject, isDeleted: boolean) => void

const groupOf = (apiVersion: string) => (apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '')
const collectionOf = (group: string, kind: string) => `${group}/${kind}`
const nameOf = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`

/** The objects of a scenario at one moment of it, and who watches them. Kinds that KubeWise does not know are there too. */
export class ScenarioCluster {
  readonly #zeroMs: number
  readonly #objects = new Map<string, Map<string, KubernetesObject>>()
  readonly #listeners = new Map<string, Set<Listener>>()
  #version = 1000

  constructor(objects: readonly ApiObject[], zeroMs: number) {
    this.#zeroMs = zeroMs
    for (const object of objects) this.apply(object)
  }

  /** Merges into what is there, or makes it. */
  apply(part: ApiObject): void {
    const { namespace, name } = part.metadata
    const key = collectionOf(groupOf(part.apiVersion), part.kind)
    const collection = this.#collection(key)
    const before = collection.get(nameOf(namespace, name))
    this.#version += 1
    const after = merged(before, dated(part, this.#zeroMs)) as KubernetesObject
    after.metadata = {
      uid: `${part.kind.toLowerCase()}-${namespace ?? ''}-${name}`,
      ...after.metadata,
      resourceVersion: String(this.#version),
    }
    collection.set(nameOf(namespace, name), after)
    for (const listener of this.#listeners.get(key) ?? []) listener(after, false)
  }

  delete({
    apiVersion,
    kind,
    namespace,
    name,
  }: {
    apiVersion: string
    kind: string
    namespace?: string
    name: string
  }): void {
    const key = collectionOf(groupOf(apiVersion), kind)
    const object = this.#collection(key).get(nameOf(namespace, name))
    if (!object) return
    this.#version += 1
    this.#collection(key).delete(nameOf(namespace, name))
    for (const listener of this.#listeners.get(key) ?? []) listener(object, true)
  }

  /** Enters an Event, dated `at` seconds from the beginning. A repeat raises the count of the one before. */
  event(event: ScenarioEvent, id: string): void {
    const { namespace, name, kind } = event.regarding
    const atMs = this.#zeroMs + event.at * SECOND
    const regarding = this.find(kind, namespace, name)
    const object: EventObject & ApiObject = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${name}.${id}`, namespace: namespace ?? 'default', uid: `event-${id}` },
      type: event.type,
      reason: event.reason,
      note: event.note,
      regarding: {
        kind,
        name,
        ...(namespace !== undefined && { namespace }),
        ...(regarding?.metadata?.uid !== undefined && { uid: regarding.metadata.uid }),
      },
      reportingController: event.reporter ?? 'kubelet',
      deprecatedCount: event.count ?? 1,
      deprecatedFirstTimestamp: new Date(atMs).toISOString(),
      deprecatedLastTimestamp: new Date(atMs).toISOString(),
    }
    this.apply(object)
  }

  list(resource: Pick<Resource, 'group' | 'kind'>): KubernetesObject[] {
    return [...this.#collection(collectionOf(resource.group, resource.kind)).values()]
  }

  /** An object by kind and name, of whatever group. */
  find(kind: string, namespace: string | undefined, name: string): KubernetesObject | undefined {
    for (const [key, objects] of this.#objects)
      if (key.endsWith(`/${kind}`)) {
        const found = objects.get(nameOf(namespace, name))
        if (found) return found
      }
    return undefined
  }

  watch(resource: Pick<Resource, 'group' | 'kind'>, listener: Listener): () => void {
    const key = collectionOf(resource.group, resource.kind)
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  get version(): string {
    return String(this.#version)
  }

  #collection(key: string): Map<string, KubernetesObject> {
    const collection = this.#objects.get(key) ?? new Map<string, KubernetesObject>()
    this.#objects.set(key, collection)
    return collection
  }
}
