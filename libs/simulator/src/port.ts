import type { Clock, Logger } from '@kubewise/service'
import type { ProtocolFault } from './api/http/protocol-faults.ts'
import type { KubernetesObject, Resource } from '@kubewise/kube'

export interface ObjectChange {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  resource: Resource
  object: KubernetesObject
  /** What was stored before; absent for ADDED. */
  previous?: KubernetesObject
}

/**
 * The simulated etcd: the one place where simulated objects live. The HTTP server writes to it for clients (after
 * admission, with dry run and preconditions), the controllers write to it directly, both see each other's changes.
 */
export interface ObjectStore {
  list<T extends KubernetesObject>(resource: Resource, namespace?: string): T[]
  get<T extends KubernetesObject>(resource: Resource, namespace: string | undefined, name: string): T | undefined
  /** Sets uid, creationTimestamp, resourceVersion, generation. Throws ApiStatus 409 AlreadyExists. */
  create<T extends KubernetesObject>(resource: Resource, object: T, manager: string): T
  /** Read, change, write as one; `change` gets a copy; bumps resourceVersion, and generation where the spec changed. Throws ApiStatus 404. */
  update<T extends KubernetesObject>(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    manager: string,
    change: (current: T) => T,
  ): T
  /** Removes at once (grace periods are the kubelet's part, by deletionTimestamp and update). */
  remove(resource: Resource, namespace: string | undefined, name: string): void
  subscribe(listener: (change: ObjectChange) => void): () => void
  resourceVersion(): string
}

export interface AuditEntry {
  atMs: number
  user: string
  verb: string
  resource: string
  subresource?: string
  namespace?: string
  name?: string
  isDryRun: boolean
  body: unknown
  status: number
}

/** What can be broken on purpose; `inject` returns what was touched. */
export interface Fault {
  name: string
  namespace: string
  target: string
}

export interface SimulatorOptions {
  clock: Clock
  /** Where the simulated cluster tells its own mistakes; silent by default. */
  log?: Logger
  /** 0 takes a free port. Kubernetes and Prometheus APIs are served on one each. */
  port?: number
  prometheusPort?: number
  host?: string
  seed?: number
  nodes?: number
}

export interface ApiControl {
  /** Makes requests go wrong: errors, broken connections, half answers, silent watches. @returns a function that ends it */
  fail(fault: ProtocolFault): () => void
  /** A token of a service account, which may do what roles and bindings in the cluster allow it. */
  tokenFor(namespace: string, serviceAccount: string): string
  /** A kubeconfig with that token. */
  kubeconfigFor(namespace: string, serviceAccount: string): string
  /** Forgets past changes: a watch that goes on from before is told 410. */
  compact(): void
}

/** A cluster that breaks: a Kubernetes API and a Prometheus API over HTTP, and controllers that make things happen behind them. */
export interface Simulator {
  url: string
  prometheusUrl: string
  /** A kubeconfig (YAML) for the server; plain HTTP on loopback. */
  kubeconfig(): string
  objects: ObjectStore
  /** Every write that was tried, by whom, with its body and answer; reads are left out, as is the controllers' own work. */
  audit(): readonly AuditEntry[]
  /** Creates objects from manifests, as `kubectl apply` would. */
  apply(manifests: readonly object[]): void
  inject(fault: Fault): void
  /** What tests do to the API server itself. */
  api: ApiControl
  stop(): Promise<void>
}
