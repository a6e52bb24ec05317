import type { EndpointsState, KubernetesEvent, Target } from '@kubewise/contracts'
import {
  conditionOf,
  isSelected,
  type Condition,
  type EndpointSlice,
  type KubernetesObject,
  type LabelSelector,
  type Node,
  type PersistentVolumeClaim,
  type Pod,
  type PodTemplate,
  type Service,
  type ServiceRef,
  type StorageClass,
} from '@kubewise/kube'
import { QuotaRefusals, refusingQuota } from './quota-refusals.ts'
import { hasSelector } from './state-of.ts'

/** A workload as far as others hang on it. */
interface Workload {
  kind: string
  name: string
  /** Of the pods that it makes. */
  labels: Readonly<Record<string, string>>
  wanted: number
  ready: number
}

/** What all kinds of workloads have between them. */
type WorkloadObject = KubernetesObject & {
  spec?: { replicas?: number; template?: PodTemplate }
  status?: {
    readyReplicas?: number
    numberReady?: number
    desiredNumberScheduled?: number
    conditions?: Condition[]
  }
}

interface Slice {
  ready: number
  notReady: number
}

const SERVICE_NAME = 'kubernetes.io/service-name'
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'
const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])
/** Stands for all namespaces, and is the place of what lies in none. */
const EVERYWHERE = ''

/**
 * Which objects hang together, as the watches tell it: what a selector finds, which endpoints a Service has, whom a quota
 * stops. Holds what is in the cluster and forgets what is gone; `touched` says where something changed since it was last asked.
 */
export class Relations {
  readonly #workloads = new Map<string, Map<string, Workload>>()
  readonly #pods = new Map<string, Map<string, Pod>>()
  readonly #services = new Map<string, Service>()
  readonly #slices = new Map<string, Map<string, Slice>>()
  readonly #nodes = new Map<string, Node>()
  /** Made when it is asked for, and anew after any node has changed. */
  #nodeOfAddress: Map<string, string> | undefined
  readonly #classes = new Map<string, StorageClass>()
  readonly #refusals = new QuotaRefusals()
  #touched = new Set<string>()
  readonly #listed = new Set<string>()

  upsert(kind: string, object: KubernetesObject): void {
    const { namespace = '', name = '' } = object.metadata ?? {}
    if (WORKLOADS.has(kind)) this.#takeWorkload(kind, namespace, name, object)
    else if (kind === 'Pod') this.#takePod(namespace, name, object)
    else if (kind === 'EndpointSlice') this.#takeSlice(namespace, name, object)
    else if (kind === 'Node') this.#takeNode(name, object)
    else if (kind === 'Service') {
      this.#services.set(`${namespace}/${name}`, object)
      this.#touch(namespace)
    } else if (kind === 'StorageClass') {
      this.#classes.set(name, object)
      this.#touch(EVERYWHERE)
    }
  }

  remove(kind: string, object: KubernetesObject): void {
    const { namespace = '', name = '' } = object.metadata ?? {}
    if (WORKLOADS.has(kind)) {
      forget(this.#workloads, namespace, `${kind}/${name}`)
      this.#refusals.end(namespace, `${kind}/${name}`)
    } else if (kind === 'Pod') {
      forget(this.#pods, namespace, name)
      if (!this.#isCordoned(object)) return
    } else if (kind === 'Service') this.#services.delete(`${namespace}/${name}`)
    else if (kind === 'EndpointSlice') forget(this.#slices, serviceOf(namespace, object), name)
    else if (kind === 'Node') this.#dropNode(name)
    else if (kind === 'StorageClass') this.#classes.delete(name)
    else return
    this.#touch(kind === 'Node' || kind === 'StorageClass' ? EVERYWHERE : namespace)
  }

  /** A kind was listed as a whole: only from then on does its absence mean anything. */
  know(kind: string): void {
    if (this.#listed.has(kind)) return
    this.#listed.add(kind)
    this.#touch(EVERYWHERE)
  }

  /** Whether all is known that tells a Service without endpoints from one whose endpoints may not be read. */
  canJudgeServices(): boolean {
    return ['Service', 'EndpointSlice', ...WORKLOADS].every((kind) => this.#listed.has(kind))
  }

  /** An Event may be the only sign that a quota stops a StatefulSet, DaemonSet or Job: these have no condition for it. */
  noteEvent({ reason, message, target }: KubernetesEvent, nowMs: number): void {
    if (reason !== 'FailedCreate') return
    const quota = refusingQuota(message)
    if (quota === undefined) return
    this.#refusals.seen(target.namespace, quota, `${target.kind}/${target.name}`, nowMs)
    this.#touch(target.namespace)
  }

  /** Where something changed since the last call: a test for a namespace; what lies in none is touched by all changes. */
  touched(nowMs: number): ((namespace: string) => boolean) | undefined {
    for (const namespace of this.#refusals.expire(nowMs)) this.#touch(namespace)
    const touched = this.#touched
    if (touched.size === 0) return undefined
    this.#touched = new Set()
    return (namespace) => namespace === EVERYWHERE || touched.has(EVERYWHERE) || touched.has(namespace)
  }

  /** The endpoints of a Service in all its slices, and what its selector finds. */
  endpointsOf(service: Service): Pick<EndpointsState, 'ready' | 'notReady' | 'selects'> {
    const { namespace = '', name = '' } = service.metadata ?? {}
    const slices = [...(this.#slices.get(`${namespace}/${name}`)?.values() ?? [])]
    const counts = {
      ready: slices.reduce((sum, { ready }) => sum + ready, 0),
      notReady: slices.reduce((sum, { notReady }) => sum + notReady, 0),
    }
    return hasSelector(service)
      ? { ...counts, selects: this.#selectsOf(namespace, { matchLabels: service.spec?.selector ?? {} }) }
      : counts
  }

  /** A Service that does not exist, or that has a selector and no ready endpoint; as far as can be judged. */
  isDown({ namespace, name }: ServiceRef): boolean {
    if (!this.canJudgeServices()) return false
    const service = this.#services.get(`${namespace}/${name}`)
    return !service || (hasSelector(service) && this.endpointsOf(service).ready === 0)
  }

  /** The one workload whose pods a selector finds; undefined where there is none or several. */
  behind(namespace: string, selector: LabelSelector | undefined): Pick<Target, 'kind' | 'name'> | undefined {
    const [workload, ...others] = this.#selectedBy(namespace, selector)
    return workload && others.length === 0 ? { kind: workload.kind, name: workload.name } : undefined
  }

  /** The one workload behind a Service. */
  behindService(namespace: string, name: string): Pick<Target, 'kind' | 'name'> | undefined {
    const service = this.#services.get(`${namespace}/${name}`)
    return service && hasSelector(service)
      ? this.behind(namespace, { matchLabels: service.spec?.selector ?? {} })
      : undefined
  }

  /** Cordoned nodes that hold pods which a selector finds, sorted. */
  cordonedNodes(namespace: string, selector: LabelSelector | undefined): string[] {
    if (![...this.#nodes.values()].some(({ spec }) => spec?.unschedulable)) return []
    const pods = [...(this.#pods.get(namespace)?.values() ?? [])]
    const nodes = pods
      .filter((pod) => this.#isCordoned(pod) && isStaying(pod) && isSelected(selector, pod.metadata?.labels))
      .flatMap(({ spec }) => spec?.nodeName ?? [])
    return [...new Set(nodes)].sort()
  }

  /** Workloads that a quota has stopped, sorted. */
  refusedBy(namespace: string, quota: string): string[] {
    return this.#refusals.of(namespace, quota)
  }

  /** Whether a claim's storage class binds it only when a pod wants it; undefined where classes are not known. */
  waitsForConsumer({ metadata, spec }: PersistentVolumeClaim): boolean | undefined {
    const named = spec?.storageClassName ?? metadata?.annotations?.['volume.beta.kubernetes.io/storage-class']
    const found =
      named === undefined
        ? [...this.#classes.values()].find((one) => one.metadata?.annotations?.[DEFAULT_CLASS] === 'true')
        : this.#classes.get(named)
    if (!found) return this.#listed.has('StorageClass') ? false : undefined
    return found.volumeBindingMode === 'WaitForFirstConsumer'
  }

  /** The node of that name or address, with or without a port, as a scrape's `instance` has it. */
  nodeAt(instance: string): string | undefined {
    const host = instance.replace(/:\d{1,5}$/, '')
    if (this.#nodes.has(host)) return host
    this.#nodeOfAddress ??= new Map(
      [...this.#nodes].flatMap(([name, { status }]) =>
        (status?.addresses ?? []).map(({ address }) => [address, name] as const),
      ),
    )
    return this.#nodeOfAddress.get(host)
  }

  podNamed(namespace: string, name: string): Pod | undefined {
    return this.#pods.get(namespace)?.get(name)
  }

  nodeNamed(name: string): Node | undefined {
    return this.#nodes.get(name)
  }

  nodeNames(): string[] {
    return [...this.#nodes.keys()]
  }

  /** The node that a pod runs on. */
  nodeOf(namespace: string, pod: string): string | undefined {
    return this.#pods.get(namespace)?.get(pod)?.spec?.nodeName
  }

  #selectedBy(namespace: string, selector: LabelSelector | undefined): Workload[] {
    const workloads = [...(this.#workloads.get(namespace)?.values() ?? [])]
    return workloads.filter(({ labels }) => isSelected(selector, labels))
  }

  #selectsOf(namespace: string, selector: LabelSelector): NonNullable<EndpointsState['selects']> {
    const workloads = this.#selectedBy(namespace, selector)
    if (workloads.length === 0) return 'nothing'
    if (workloads.every(({ wanted }) => wanted === 0)) return 'asleep'
    return workloads.some(({ ready }) => ready > 0) ? 'ready' : 'unready'
  }

  #takeWorkload(kind: string, namespace: string, name: string, object: WorkloadObject): void {
    const { spec, status } = object
    const wanted = kind === 'DaemonSet' ? (status?.desiredNumberScheduled ?? 0) : (spec?.replicas ?? 1)
    const ready = status?.readyReplicas ?? status?.numberReady ?? 0
    const labels = spec?.template?.metadata?.labels ?? {}
    within(this.#workloads, namespace).set(`${kind}/${name}`, { kind, name, labels, wanted, ready })
    const failure = conditionOf(object, 'ReplicaFailure')
    const quota = failure?.status === 'True' ? refusingQuota(failure.message ?? '') : undefined
    if (quota !== undefined) this.#refusals.hold(namespace, quota, `${kind}/${name}`)
    else if (kind === 'Deployment' || ready >= wanted) this.#refusals.end(namespace, `${kind}/${name}`)
    this.#touch(namespace)
  }

  #takePod(namespace: string, name: string, pod: Pod): void {
    within(this.#pods, namespace).set(name, pod)
    if (this.#isCordoned(pod)) this.#touch(namespace)
  }

  #takeSlice(namespace: string, name: string, slice: EndpointSlice): void {
    const endpoints = (slice.endpoints ?? []).filter(({ addresses }) => addresses.length > 0)
    // An absent `ready` means ready, by the API's own definition.
    const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false).length
    within(this.#slices, serviceOf(namespace, slice)).set(name, { ready, notReady: endpoints.length - ready })
    this.#touch(namespace)
  }

  #dropNode(name: string): void {
    this.#nodes.delete(name)
    this.#nodeOfAddress = undefined
  }

  #takeNode(name: string, node: Node): void {
    const before = this.#nodes.get(name)?.spec?.unschedulable ?? false
    this.#nodes.set(name, node)
    this.#nodeOfAddress = undefined
    if (before !== (node.spec?.unschedulable ?? false)) this.#touch(EVERYWHERE)
  }

  #isCordoned(pod: Pod): boolean {
    return this.#nodes.get(pod.spec?.nodeName ?? '')?.spec?.unschedulable ?? false
  }

  #touch(namespace: string): void {
    this.#touched.add(namespace)
  }
}

const isStaying = ({ metadata, status }: Pod): boolean =>
  metadata?.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

const serviceOf = (namespace: string, slice: KubernetesObject): string =>
  `${namespace}/${slice.metadata?.labels?.[SERVICE_NAME] ?? ''}`

function within<T>(map: Map<string, Map<string, T>>, key: string): Map<string, T> {
  let inner = map.get(key)
  if (!inner) map.set(key, (inner = new Map<string, T>()))
  return inner
}

function forget<T>(map: Map<string, Map<string, T>>, key: string, name: string): void {
  const inner = map.get(key)
  inner?.delete(name)
  if (inner?.size === 0) map.delete(key)
}
