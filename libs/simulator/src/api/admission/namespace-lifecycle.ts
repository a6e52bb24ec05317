import { RESOURCES, type Namespace } from '@kubewise/kube'
import { ApiStatus, forbidden, notFound } from '../../objects/api-status.ts'
import type { Check } from './admission.ts'

const LASTING = new Set(['default', 'kube-system', 'kube-public'])

/** Nothing is created where no namespace is, or where it is on its way out; some namespaces stay. */
export const checkNamespace: Check = ({ operation, resource, namespace, name }, { objects }) => {
  if (operation === 'DELETE' && resource.kind === 'Namespace' && LASTING.has(name)) {
    throw forbidden({ group: '', plural: 'namespaces' }, name, 'this namespace may not be deleted')
  }
  if (operation !== 'CREATE' || namespace === undefined || !resource.isNamespaced) return
  const found = objects.get<Namespace>(RESOURCES.Namespace, undefined, namespace)
  if (found === undefined) throw notFound(RESOURCES.Namespace, namespace)
  if (found.metadata?.deletionTimestamp === undefined) return
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const refusal = forbidden(resource, name, why)
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  }
  throw new ApiStatus(403, 'Forbidden', refusal.message, { ...refusal.details, causes: [cause] })
}
