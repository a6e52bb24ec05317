import type { EndpointSlice, Service } from './cluster-objects.ts'
import type { KubernetesObject } from './objects.ts'
import type { Container, PodTemplate } from './pod-objects.ts'

export interface ServiceRef {
  namespace: string
  name: string
}

/** A workload as far as its dependencies can be read from it. */
export interface Dependent extends KubernetesObject {
  spec?: { template?: PodTemplate }
}

const DEPENDS_ON = 'kubewise.io/depends-on'
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
/** Longer values (certificates, scripts, whole files) are read up to here. */
const LONGEST_VALUE = 16_384
/** What separates hosts: in lists, quotes, assignments, Go's MySQL addresses `tcp(db:3306)`. */
const SEPARATORS = /[\s,;|&"'`=()[\]{}<>]+/
const HOST = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?){0,8}\.?$/

/** The host in a word such as `postgres://user:secret@db.shop:5432/orders?x=y`; undefined where there is none. */
function hostIn(word: string): string | undefined {
  const scheme = word.lastIndexOf('://')
  const rest = scheme === -1 ? word : word.slice(scheme + 3)
  const authority = rest.split(/[/?#]/, 1)[0] ?? ''
  const address = authority.slice(authority.lastIndexOf('@') + 1)
  const host = address.replace(/:\d{1,5}$/, '').toLowerCase()
  return HOST.test(host) ? host.replace(/\.$/, '') : undefined
}

function hostsIn(text: string): string[] {
  return text
    .slice(0, LONGEST_VALUE)
    .split(SEPARATORS)
    .flatMap((word) => hostIn(word) ?? [])
}

/** Only hosts leave this function: values may be secrets and are kept nowhere. */
function hostsOf(container: Container): string[] {
  const { env = [], args = [], command = [] } = container
  return [...env.map(({ value }) => value ?? ''), ...args, ...command].flatMap(hostsIn)
}

/**
 * The Services a host may mean, likeliest first: `name`, `name.namespace`, a StatefulSet pod's `pod.name`, and with `.svc`
 * the one it says beyond doubt. `name.namespace.rest` is none: no search domain makes a Service of it, so it is an outside
 * address, whoever has a namespace of that name.
 */
function candidates(host: string, namespace: string): { refs: ServiceRef[]; isExplicit: boolean } {
  const labels = host.split('.')
  const svc = labels.indexOf('svc')
  if (svc >= 2) return { refs: [{ name: labels[svc - 2] ?? '', namespace: labels[svc - 1] ?? '' }], isExplicit: true }
  const [first = '', second] = labels
  if (second === undefined) return { refs: [{ name: first, namespace }], isExplicit: false }
  const [, , third] = labels
  const ofPod = { name: second, namespace: third ?? namespace }
  const refs = third === undefined ? [{ name: first, namespace: second }, ofPod] : [ofPod]
  return { refs: labels.length > 3 ? [] : refs, isExplicit: false }
}

const keyOf = ({ namespace, name }: ServiceRef): string => `${namespace}/${name}`

function selects(service: Service, labels: Readonly<Record<string, string>>): boolean {
  const selector = Object.entries(service.spec?.selector ?? {})
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
}

function annotated(workload: Dependent): string[] {
  const marks = [workload.metadata?.annotations, workload.spec?.template?.metadata?.annotations]
  return marks.flatMap((annotations) => hostsIn((annotations?.[DEPENDS_ON] ?? '').slice(0, LONGEST_VALUE)))
}

/**
 * The Services that a workload's containers name in env values, arguments or command, or that its annotation
 * `kubewise.io/depends-on` names; its own Services excepted. A name that no Service has counts only where it is meant as
 * one beyond doubt: in the annotation, or as `….svc…`.
 *
 * @param services all that could be meant; of the whole cluster, or of those namespaces that can be read
 * @returns sorted, without repeats; names only
 */
export function dependenciesOf(workload: Dependent, services: readonly Service[]): ServiceRef[] {
  const namespace = workload.metadata?.namespace ?? ''
  const template = workload.spec?.template
  const known = new Map(
    services.map((service) => [
      keyOf({ namespace: service.metadata?.namespace ?? '', name: service.metadata?.name ?? '' }),
      service,
    ]),
  )
  const containers = [...(template?.spec?.initContainers ?? []), ...(template?.spec?.containers ?? [])]
  const found = new Map<string, ServiceRef>()

  function take(host: string, isAnnotated: boolean): void {
    const { refs, isExplicit } = candidates(host, namespace)
    const ref = refs.find((one) => known.has(keyOf(one))) ?? (isAnnotated || isExplicit ? refs[0] : undefined)
    if (ref === undefined) return
    const service = known.get(keyOf(ref))
    const isOwn =
      service !== undefined && ref.namespace === namespace && selects(service, template?.metadata?.labels ?? {})
    if (!isOwn) found.set(keyOf(ref), ref)
  }

  for (const host of annotated(workload)) take(host, true)
  for (const host of containers.flatMap(hostsOf)) take(host, false)
  return [...found.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

export interface ServiceAvailability {
  isAvailable: boolean
  readyEndpoints: number
  say: string
}

function readyIn(slice: EndpointSlice): number {
  // An absent `ready` means ready, by the API's own definition.
  return (slice.endpoints ?? []).filter(
    ({ addresses, conditions }) => addresses.length > 0 && conditions?.ready !== false,
  ).length
}

/**
 * Whether a Service answers, as far as the cluster knows: it is down when its selector finds no ready endpoint. One
 * without a selector (an outside address) cannot be judged and counts as available.
 *
 * @param service undefined when it does not exist: down
 * @param slices may hold those of other Services
 */
export function serviceAvailability(
  ref: ServiceRef,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): ServiceAvailability {
  const title = `${ref.namespace}/${ref.name}`
  if (service === undefined) return { isAvailable: false, readyEndpoints: 0, say: `There is no Service ${title}.` }
  const readyEndpoints = slices
    .filter(
      ({ metadata }) => metadata?.namespace === ref.namespace && metadata.labels?.[SERVICE_NAME_LABEL] === ref.name,
    )
    .reduce((sum, slice) => sum + readyIn(slice), 0)
  const hasSelector = Object.keys(service.spec?.selector ?? {}).length > 0
  if (!hasSelector) return { isAvailable: true, readyEndpoints, say: `${title} has no selector: it cannot be judged.` }
  if (readyEndpoints === 0) return { isAvailable: false, readyEndpoints, say: `${title} has no ready endpoint.` }
  return { isAvailable: true, readyEndpoints, say: `${title} has ${readyEndpoints} ready endpoints.` }
}
