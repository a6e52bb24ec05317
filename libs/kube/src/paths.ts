import { cleanText, KubeError } from './errors.ts'
import type { ListOptions, ObjectRef, Resource } from './port.ts'

function segment(value: string, what: string): string {
  // What the API server itself forbids in a path segment; without it a name could walk to another resource.
  if (value === '' || value === '.' || value === '..' || /[/%]/.test(value)) {
    throw new KubeError({
      kind: 'invalid',
      reason: 'BadName',
      message: `${what}: expected a name, got "${cleanText(value, 100)}"`,
    })
  }
  return encodeURIComponent(value)
}

export function noNamespace(resource: Resource): KubeError {
  return new KubeError({ kind: 'invalid', reason: 'BadName', message: `${resource.kind}: expected a namespace` })
}

/** `/apis/apps/v1`, where the server tells what it serves. */
export function groupPath({ group, version }: Resource): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`
}

/** `/apis/apps/v1/namespaces/shop/deployments`; without a namespace, of all namespaces. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const scope =
    resource.isNamespaced && namespace !== undefined
      ? `/namespaces/${segment(namespace, `namespace of ${resource.kind}`)}`
      : ''
  return `${groupPath(resource)}${scope}/${resource.plural}`
}

/** @throws KubeError `invalid` if the namespace of a namespaced object is missing, or a name is not one */
export function objectPath(resource: Resource, ref: ObjectRef, subresource?: string): string {
  if (resource.isNamespaced && ref.namespace === undefined) {
    throw new KubeError({
      kind: 'invalid',
      reason: 'BadName',
      message: `${resource.kind} "${ref.name}": expected a namespace`,
    })
  }
  const tail = subresource === undefined ? '' : `/${segment(subresource, 'subresource')}`
  return `${collectionPath(resource, ref.namespace)}/${segment(ref.name, `name of ${resource.kind}`)}${tail}`
}

export function selectorQuery(options: ListOptions): Record<string, string> {
  return {
    ...(options.labelSelector ? { labelSelector: options.labelSelector } : {}),
    ...(options.fieldSelector ? { fieldSelector: options.fieldSelector } : {}),
  }
}
