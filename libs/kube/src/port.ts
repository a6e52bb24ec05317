import type { KubernetesObject } from './objects.ts'

/** How a kind is addressed in the Kubernetes API. */
export interface Resource {
  kind: string
  /** Empty for the core group. */
  group: string
  version: string
  plural: string
  isNamespaced: boolean
}

export interface ObjectRef {
  namespace?: string
  name: string
}

export interface ListOptions {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  /** Reads no more pages once it has so many; what is left out is not the oldest. */
  atMost?: number
}

export interface ListResult<T> {
  items: T[]
  resourceVersion: string
  /** There were more than `atMost`. */
  isCut?: boolean
}

/** The four content types of a Kubernetes patch. */
export type Patch =
  | { type: 'json'; operations: JsonPatchOperation[] }
  | { type: 'merge'; body: object }
  | { type: 'strategic'; body: object }
  | { type: 'apply'; body: object; force?: boolean }

export interface JsonPatchOperation {
  op: 'add' | 'remove' | 'replace' | 'test' | 'copy' | 'move'
  path: string
  from?: string
  value?: unknown
}

export interface WriteOptions {
  /** Ask the server what would happen (admission included), change nothing. */
  isDryRun?: boolean
  subresource?: 'scale' | 'status' | 'resize'
  signal?: AbortSignal
}

/** What a watcher sees. After `synced` the observer holds a complete, current view; a relist replaces it as a whole. */
export interface Observer<T> {
  /** The whole truth at `resourceVersion`; whatever was known and is not in it is gone. */
  onReplace(items: T[], resourceVersion: string): void | Promise<void>
  onUpsert(item: T): void | Promise<void>
  onDelete(item: T): void | Promise<void>
  onError?(error: unknown): void
}

export interface Reflector {
  /** Resolves at the first complete list. */
  readonly synced: Promise<void>
  /** When the server last proved that this view is current (list, event or bookmark), milliseconds of the clock's `now`; undefined before the first list. */
  confirmedMs(): number | undefined
  stop(): Promise<void>
}

export interface AccessQuestion {
  verb: string
  group: string
  resource: string
  subresource?: string
  namespace?: string
  name?: string
  /** Asked for this account, such as `system:serviceaccount:ns:name`, by SubjectAccessReview; absent: for our own. */
  user?: string
}

/**
 * The Kubernetes API as the services see it. Reads may be retried by callers; writes are sent once, never retried here: a
 * timeout means unknown, not failed. All failures are KubeError.
 */
export interface Kube {
  list<T extends KubernetesObject>(
    resource: Resource,
    options?: ListOptions,
    signal?: AbortSignal,
  ): Promise<ListResult<T>>
  /** @returns undefined when the server says 404 */
  get<T extends KubernetesObject>(resource: Resource, ref: ObjectRef, signal?: AbortSignal): Promise<T | undefined>
  /** List and watch that survives 410, silence, error frames, restarts of the server. */
  reflect<T extends KubernetesObject>(resource: Resource, options: ListOptions, observer: Observer<T>): Reflector
  create<T extends KubernetesObject>(resource: Resource, object: T, options?: WriteOptions): Promise<T>
  patch<T extends KubernetesObject>(
    resource: Resource,
    ref: ObjectRef,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<T>
  /** The eviction API, guarded by the pod's uid. 429 (a disruption budget) is a KubeError with kind `too-many-requests`. */
  evict(ref: ObjectRef, uid: string, options?: WriteOptions & { gracePeriodSeconds?: number }): Promise<void>
  /**
   * Delete, guarded by uid; for what eviction cannot do. What it owns goes after it, in the background. A grace period of 0
   * takes a pod's name away at once, whether its containers have ended or not.
   */
  delete(
    resource: Resource,
    ref: ObjectRef,
    uid: string,
    options?: WriteOptions & { gracePeriodSeconds?: number },
  ): Promise<void>
  /** Does this server know the subresource (`resize` of pods came with 1.33)? By its own discovery. */
  serves(resource: Resource, subresource: string, signal?: AbortSignal): Promise<boolean>
  /**
   * What a node's kubelet measures, its `/stats/summary`, through the API server's proxy: needs the right to get `nodes/proxy`.
   * Of at most 8 MiB; nothing of it is checked but that it is an object.
   */
  nodeSummary(node: string, signal?: AbortSignal): Promise<Record<string, unknown>>
  canI(question: AccessQuestion, signal?: AbortSignal): Promise<{ isAllowed: boolean; reason: string }>
  /** Difference of our clock from the server's `Date`, by the last answer; undefined before the first. */
  clockSkewMs(): number | undefined
  serverVersion(signal?: AbortSignal): Promise<string>
}
