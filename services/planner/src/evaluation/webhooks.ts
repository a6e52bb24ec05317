import type { LabelSelector } from '@kubewise/kube'
import { isSelected } from '../context/selector.ts'
import { doubt, gravest, notReadable, refuse, type Verdict } from './check.ts'
import type { Place, Webhook, WebhookRule } from './place.ts'

/** A request that webhooks may look at. */
export interface Admitted {
  operation: 'CREATE' | 'UPDATE'
  group: string
  /** With its subresource, `pods/eviction`. */
  resource: string
  labels: Readonly<Record<string, string>>
  namespaceLabels: Readonly<Record<string, string>>
}

const includes = (list: readonly string[] | undefined, value: string) =>
  (list ?? []).some((entry) => entry === '*' || entry === value)

function isRuled({ operations, apiGroups, resources, scope = '*' }: WebhookRule, request: Admitted): boolean {
  const [plural = '', subresource] = request.resource.split('/')
  const isNamed = (resources ?? []).some(
    (entry) =>
      entry === '*/*' ||
      entry === request.resource ||
      entry === `${plural}/*` ||
      (entry === '*' && subresource === undefined) ||
      (subresource !== undefined && entry === `*/${subresource}`),
  )
  return isNamed && includes(operations, request.operation) && includes(apiGroups, request.group) && scope !== 'Cluster'
}

/** An absent or empty selector of a webhook takes all. */
const selects = (selector: LabelSelector | undefined, labels: Admitted['labels']) => isSelected(selector ?? {}, labels)

/** Is this webhook asked about such a request? Its match conditions, which are CEL over the request, are left open. */
export function isConcerned(webhook: Webhook, request: Admitted): boolean {
  return (
    (webhook.rules ?? []).some((rule) => isRuled(rule, request)) &&
    selects(webhook.namespaceSelector, request.namespaceLabels) &&
    selects(webhook.objectSelector, request.labels)
  )
}

function failureOf(webhook: Webhook): Verdict[] {
  const { name, failurePolicy = 'Fail', isServed, clientConfig, matchConditions = [] } = webhook
  if (failurePolicy !== 'Fail' || !clientConfig?.service) return []
  if (!isServed.isKnown) return [notReadable(`The Service of the webhook ${name}`, isServed.why)]
  if (isServed.value) return []
  const service = `${clientConfig.service.namespace}/${clientConfig.service.name}`
  const say = `The webhook ${name} must agree, and its Service ${service} has no ready endpoint.`
  return matchConditions.length > 0
    ? [doubt(`${say} Whether it is asked depends on its match conditions.`)]
    : [refuse('webhook-down', say)]
}

/** Can every webhook that must agree to these requests be reached? */
export function checkWebhooks(requests: readonly Admitted[], { webhooks }: Pick<Place, 'webhooks'>): Verdict {
  if (!webhooks.isKnown) return notReadable('The admission webhooks', webhooks.why)
  const asked = webhooks.value.filter((webhook) => requests.some((request) => isConcerned(webhook, request)))
  return gravest(asked.flatMap(failureOf), 'Every webhook that must agree can be reached.')
}

/** Might a webhook change such an object before it is judged? */
export const isMutated = (request: Admitted, { webhooks }: Pick<Place, 'webhooks'>): boolean =>
  webhooks.isKnown && webhooks.value.some((webhook) => webhook.isMutating && isConcerned(webhook, request))
