import type { KubernetesObject, ObjectMeta, Resource } from '@kubewise/kube'
import { isSameJson } from '../../objects/json.ts'
import { resourceKey } from '../../objects/metadata.ts'
import type { FieldErrors } from './field-errors.ts'
import { dnsLabel, dnsSubdomain, labelValue, pathSegment, qualifiedName, serviceName, type NameRule } from './names.ts'

const NAME_RULES: Record<string, NameRule> = {
  '/namespaces': dnsLabel,
  '/services': serviceName,
  'apps/statefulsets': dnsLabel,
}

export function nameRule(resource: Resource): NameRule {
  if (resource.group === 'rbac.authorization.k8s.io') return pathSegment
  return NAME_RULES[resourceKey(resource)] ?? dnsSubdomain
}

export function validateLabels(errors: FieldErrors, labels: ObjectMeta['labels'], field: string): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    const badKey = qualifiedName(key)
    if (badKey !== undefined) errors.invalid(field, key, badKey)
    const badValue = labelValue(value)
    if (badValue !== undefined) errors.invalid(field, value, badValue)
  }
}

function validateAnnotations(errors: FieldErrors, annotations: ObjectMeta['annotations']): void {
  for (const key of Object.keys(annotations ?? {})) {
    const bad = qualifiedName(key.toLowerCase())
    if (bad !== undefined) errors.invalid('metadata.annotations', key, bad)
  }
}

export function validateMetadata(errors: FieldErrors, resource: Resource, metadata: ObjectMeta): void {
  const { name, generateName } = metadata
  if (generateName !== undefined) {
    const bad = nameRule(resource)(generateName.replace(/-$/, 'a'))
    if (bad !== undefined) errors.invalid('metadata.generateName', generateName, bad)
  }
  if (name === undefined || name === '') {
    if (generateName === undefined) errors.required('metadata.name', 'name or generateName is required')
  } else {
    const bad = nameRule(resource)(name)
    if (bad !== undefined) errors.invalid('metadata.name', name, bad)
  }
  validateLabels(errors, metadata.labels, 'metadata.labels')
  validateAnnotations(errors, metadata.annotations)
}

const IMMUTABLE = 'field is immutable'

/** What an update may not change about an object's identity. */
export function validateMetadataUpdate(errors: FieldErrors, before: KubernetesObject, after: KubernetesObject): void {
  for (const name of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp'] as const) {
    const value = after.metadata?.[name]
    const isChanged = value !== undefined && value !== '' && !isSameJson(value, before.metadata?.[name])
    if (isChanged) errors.invalid(`metadata.${name}`, value, IMMUTABLE)
  }
}
