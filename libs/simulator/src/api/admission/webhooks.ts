import {
  RESOURCES,
  type EndpointSlice,
  type KubernetesObject,
  type LabelSelector,
  type Namespace,
  type Resource,
  type Service,
} from '@kubewise/kube'
import { badRequest, internalError } from '../../objects/api-status.ts'
import { matchesLabels, requirementsOf } from '../selectors/label-selector.ts'
import type { AdmissionContext, AdmissionRequest } from './admission.ts'

interface WebhookRule {
  apiGroups?: string[]
  apiVersions?: string[]
  operations?: string[]
  resources?: string[]
  scope?: string
}

interface Webhook {
  name: string
  rules?: WebhookRule[]
  failurePolicy?: string
  timeoutSeconds?: number
  sideEffects?: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  clientConfig?: { url?: string; service?: { name: string; namespace: string; path?: string; port?: number } }
}

export interface WebhookConfiguration extends KubernetesObject {
  webhooks?: Webhook[]
}

const GROUP = { group: 'admissionregistration.k8s.io', version: 'v1', isNamespaced: false }

export const WEBHOOKS = {
  Mutating: { ...GROUP, kind: 'MutatingWebhookConfiguration', plural: 'mutatingwebhookconfigurations' },
  Validating: { ...GROUP, kind: 'ValidatingWebhookConfiguration', plural: 'validatingwebhookconfigurations' },
} as const satisfies Record<string, Resource>

function includes(list: readonly string[] | undefined, value: string): boolean {
  return (list ?? []).some((entry) => entry === '*' || entry === value)
}

function matchesRule(rule: WebhookRule, { operation, resource, subresource }: AdmissionRequest): boolean {
  const full = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`
  const matchesResource = (rule.resources ?? []).some(
    (entry) =>
      entry === '*/*' ||
      entry === full ||
      (entry === '*' && subresource === undefined) ||
      entry === `${resource.plural}/*`,
  )
  const scope = resource.isNamespaced ? 'Namespaced' : 'Cluster'
  return (
    matchesResource &&
    includes(rule.operations, operation) &&
    includes(rule.apiGroups, resource.group) &&
    includes(rule.apiVersions, resource.version) &&
    includes([rule.scope ?? '*'], scope)
  )
}

function isConcerned(webhook: Webhook, request: AdmissionRequest, { objects }: AdmissionContext): boolean {
  if (!(webhook.rules ?? []).some((rule) => matchesRule(rule, request))) return false
  const home = request.resource.kind === 'Namespace' ? request.name : request.namespace
  const labels =
    home === undefined ? undefined : objects.get<Namespace>(RESOURCES.Namespace, undefined, home)?.metadata?.labels
  const matches = (selector: LabelSelector | undefined, of: Record<string, string> | undefined) =>
    matchesLabels(requirementsOf(selector ?? {}), of)
  const object = request.object ?? request.before
  return matches(webhook.namespaceSelector, labels) && matches(webhook.objectSelector, object?.metadata?.labels)
}

/** Why a call would fail; undefined for a service with an endpoint, whose answer is taken to be yes. */
function failureOf(webhook: Webhook, { objects }: AdmissionContext): string | undefined {
  const { url, service } = webhook.clientConfig ?? {}
  const timeout = `timeout=${webhook.timeoutSeconds ?? 10}s`
  if (service === undefined) return `Post "${url}?${timeout}": dial tcp: connect: connection refused`
  const { name, namespace, path = '/', port = 443 } = service
  const address = `Post "https://${name}.${namespace}.svc:${port}${path}?${timeout}"`
  if (objects.get<Service>(RESOURCES.Service, namespace, name) === undefined)
    return `${address}: service "${name}" not found`
  const slices = objects.list<EndpointSlice>(RESOURCES.EndpointSlice, namespace)
  const own = slices.filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === name)
  const isServed = own.some((slice) => (slice.endpoints ?? []).some((endpoint) => endpoint.conditions?.ready !== false))
  return isServed ? undefined : `${address}: no endpoints available for service "${name}"`
}

/**
 * Admission webhooks: none is ever called. One whose service is not there fails as it would, by its failure policy.
 *
 * @throws ApiStatus 500 for a webhook that must answer and cannot, 400 for a dry run past one with side effects
 */
export function checkWebhooks(kind: Resource, request: AdmissionRequest, context: AdmissionContext): void {
  if (request.resource.group === GROUP.group) return
  const configurations = context.objects.list<WebhookConfiguration>(kind)
  for (const webhook of configurations.flatMap((configuration) => configuration.webhooks ?? [])) {
    if (!isConcerned(webhook, request, context)) continue
    if (request.isDryRun && !['None', 'NoneOnDryRun'].includes(webhook.sideEffects ?? '')) {
      throw badRequest(`admission webhook "${webhook.name}" does not support dry run`)
    }
    const failure = failureOf(webhook, context)
    if (failure !== undefined && webhook.failurePolicy !== 'Ignore') {
      throw internalError(`failed calling webhook "${webhook.name}": failed to call webhook: ${failure}`)
    }
  }
}
