import type { JsonObject } from '../../objects/json.ts'
import { fill, optionalPart, part, parts } from './fill.ts'

const RBAC = 'rbac.authorization.k8s.io'

export function fillNamespace(namespace: JsonObject): void {
  const metadata = part(namespace, 'metadata')
  const name = metadata['name']
  if (name !== undefined) part(metadata, 'labels')['kubernetes.io/metadata.name'] = name
}

export function fillService(service: JsonObject): void {
  const spec = part(service, 'spec')
  fill(spec, { type: 'ClusterIP', sessionAffinity: 'None' })
  for (const port of parts(spec, 'ports')) {
    fill(port, { protocol: 'TCP' })
    if (port['port'] !== undefined) fill(port, { targetPort: port['port'] })
  }
  if (spec['type'] !== 'ExternalName') fill(spec, { internalTrafficPolicy: 'Cluster' })
}

/** A container's default limit is its maximum, its default request the default limit, else the minimum. */
export function fillLimitRange(limitRange: JsonObject): void {
  for (const item of parts(part(limitRange, 'spec'), 'limits')) {
    if (item['type'] !== 'Container') continue
    const fillFrom = (name: string, source: string) => {
      const values = optionalPart(item, source)
      if (values !== undefined) fill(part(item, name), values)
    }
    fillFrom('default', 'max')
    fillFrom('defaultRequest', 'default')
    fillFrom('defaultRequest', 'min')
  }
}

export function fillPriorityClass(priorityClass: JsonObject): void {
  fill(priorityClass, { preemptionPolicy: 'PreemptLowerPriority' })
}

export function fillRoleBinding(binding: JsonObject): void {
  fill(part(binding, 'roleRef'), { apiGroup: RBAC })
  for (const subject of parts(binding, 'subjects')) {
    if (subject['kind'] !== 'ServiceAccount') fill(subject, { apiGroup: RBAC })
  }
}

export function fillWebhookConfiguration(configuration: JsonObject): void {
  for (const webhook of parts(configuration, 'webhooks')) {
    fill(webhook, {
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
    })
    if (configuration['kind'] === 'MutatingWebhookConfiguration') fill(webhook, { reinvocationPolicy: 'Never' })
    for (const rule of parts(webhook, 'rules')) fill(rule, { scope: '*' })
    const service = optionalPart(part(webhook, 'clientConfig'), 'service')
    if (service !== undefined) fill(service, { port: 443 })
  }
}

export function fillEndpointSlice(slice: JsonObject): void {
  for (const port of parts(slice, 'ports')) fill(port, { name: '', protocol: 'TCP' })
}

export function fillEndpoints(endpoints: JsonObject): void {
  for (const port of parts(endpoints, 'subsets').flatMap((subset) => parts(subset, 'ports')))
    fill(port, { protocol: 'TCP' })
}
