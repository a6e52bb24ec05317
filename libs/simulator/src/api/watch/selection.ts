import type { KubernetesObject } from '@kubewise/kube'
import type { ApiRequest } from '../http/api-request.ts'
import { matchesFields, parseFieldSelector } from '../selectors/field-selector.ts'
import { matchesLabels, parseLabelSelector } from '../selectors/label-selector.ts'

/** Which stored objects a list or watch is about. */
export interface Selection {
  isSelected(object: KubernetesObject): boolean
  /** Whether more than the place decides. */
  hasSelectors: boolean
}

/** @throws ApiStatus 400 for a selector that cannot be understood */
export function selectionOf({ target, query, namespace, name }: ApiRequest): Selection {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  const fields = parseFieldSelector(target, query.get('fieldSelector') ?? '')
  return {
    hasSelectors: labels.length + fields.length > 0,
    isSelected: (object) => {
      const { metadata } = object
      return (
        (!target.isNamespaced || namespace === undefined || metadata?.namespace === namespace) &&
        (name === undefined || metadata?.name === name) &&
        matchesLabels(labels, metadata?.labels) &&
        matchesFields(target, fields, object)
      )
    },
  }
}
