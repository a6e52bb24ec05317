import type { Container, KubernetesObject, Pod, QuantityText, Resource, ResourceRequirements } from '@kubewise/kube'
import { forbidden } from '../../objects/api-status.ts'
import { nanosOf } from '../../schema/quantity.ts'
import type { AdmissionContext, Check, Mutate } from './admission.ts'

type Amounts = Record<string, QuantityText>

interface LimitRangeItem {
  type: string
  max?: Amounts
  min?: Amounts
  default?: Amounts
  defaultRequest?: Amounts
}

interface LimitRange extends KubernetesObject {
  spec?: { limits?: LimitRangeItem[] }
}

export const LIMIT_RANGE: Resource = {
  kind: 'LimitRange',
  group: '',
  version: 'v1',
  plural: 'limitranges',
  isNamespaced: true,
}

function itemsFor(namespace: string | undefined, { objects }: AdmissionContext): LimitRangeItem[] {
  const ranges = objects.list<LimitRange>(LIMIT_RANGE, namespace)
  return ranges.flatMap((range) => range.spec?.limits ?? []).filter((item) => item.type === 'Container')
}

/** @returns what was set, in the words of the plugin's annotation */
function fillContainer(container: Container, item: LimitRangeItem): string[] {
  const resources: ResourceRequirements = (container.resources ??= {})
  const { limits = {}, requests = {} } = resources
  const missing = (wanted: Amounts = {}, has: Amounts) => Object.keys(wanted).filter((name) => has[name] === undefined)
  const newRequests = missing(item.defaultRequest, requests).sort()
  const newLimits = missing(item.default, limits).sort()
  if (item.default !== undefined) resources.limits = { ...item.default, ...limits }
  if (item.defaultRequest !== undefined) resources.requests = { ...item.defaultRequest, ...requests }
  return [
    ...(newRequests.length === 0 ? [] : [`${newRequests.join(', ')} request for container ${container.name}`]),
    ...(newLimits.length === 0 ? [] : [`${newLimits.join(', ')} limit for container ${container.name}`]),
  ]
}

/** A new pod's containers get the namespace's default limits and requests. */
export const fillFromLimitRange: Mutate = ({ operation, resource, subresource, namespace, object }, context) => {
  if (operation !== 'CREATE' || resource.plural !== 'pods' || subresource !== undefined) return
  const pod = object as Pod
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  const filled = itemsFor(namespace, context).flatMap((item) =>
    containers.flatMap((container) => fillContainer(container, item)),
  )
  if (filled.length === 0) return
  const note = { 'kubernetes.io/limit-ranger': `LimitRanger plugin set: ${filled.join('; ')}` }
  pod.metadata = { ...pod.metadata, annotations: { ...pod.metadata?.annotations, ...note } }
}

function violations(container: Container, item: LimitRangeItem): string[] {
  const { limits = {}, requests = {} } = container.resources ?? {}
  const tooMuch = Object.entries(item.max ?? {}).flatMap(([name, most]) => {
    const limit = limits[name]
    if (limit === undefined) return [`maximum ${name} usage per Container is ${most}.  No limit is specified`]
    return nanosOf(limit) > nanosOf(most)
      ? [`maximum ${name} usage per Container is ${most}, but limit is ${limit}`]
      : []
  })
  const tooLittle = Object.entries(item.min ?? {}).flatMap(([name, least]) => {
    const request = requests[name]
    if (request === undefined) return [`minimum ${name} usage per Container is ${least}.  No request is specified`]
    return nanosOf(request) < nanosOf(least)
      ? [`minimum ${name} usage per Container is ${least}, but request is ${request}`]
      : []
  })
  return [...tooMuch, ...tooLittle]
}

/** A pod's containers stay within the namespace's limits. */
export const checkLimitRange: Check = (request, context) => {
  const { operation, resource, subresource, namespace, name, object } = request
  const isWatched = operation === 'CREATE' || (operation === 'UPDATE' && subresource === 'resize')
  if (!isWatched || resource.plural !== 'pods' || (operation === 'CREATE' && subresource !== undefined)) return
  const containers = (object as Pod).spec?.containers ?? []
  const found = itemsFor(namespace, context).flatMap((item) =>
    containers.flatMap((container) => violations(container, item)),
  )
  if (found.length === 0) return
  throw forbidden(resource, name, found.length === 1 ? (found[0] ?? '') : `[${found.join(', ')}]`)
}
