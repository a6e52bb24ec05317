import type { KubernetesObject } from '@kubewise/kube'
import { notFound } from '../../objects/api-status.ts'
import { shownAs, storedAs } from '../event-forms.ts'
import type { Answer, ApiContext, ApiRequest } from '../http/api-request.ts'

/** The object a request names, as its resource shows it. @throws ApiStatus 404 */
export function mustGet({ target, namespace, name = '' }: ApiRequest, { etcd }: ApiContext): KubernetesObject {
  const found = etcd.get(storedAs(target), target.isNamespaced ? namespace : undefined, name)
  if (found === undefined) throw notFound(target, name)
  return shownAs(target, found)
}

export function get(request: ApiRequest, context: ApiContext): Answer {
  return { status: 200, body: mustGet(request, context) }
}
