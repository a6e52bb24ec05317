import { creating, deleting, type ConformanceRequest } from '../request.ts'
import { ACCESS } from './access.ts'
import { ADMISSION } from './admission.ts'
import { DISCOVERY } from './discovery.ts'
import { LISTS } from './lists.ts'
import { OBJECTS } from './objects.ts'
import { PATCHES } from './patches.ts'
import { SUBRESOURCES } from './subresources.ts'
import { VALIDATION } from './validation.ts'

const setUp = { isSetUp: true }

/** The namespace of the run, and a node that is only an object, for pods that are to be on one. */
const BEFORE: readonly ConformanceRequest[] = [
  creating('the namespace', '/api/v1/namespaces', {
    ...setUp,
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '{ns}' } },
  }),
  creating('the node', '/api/v1/nodes', {
    ...setUp,
    body: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'conformance-node' } },
    after: {
      path: '/api/v1/namespaces/{ns}/serviceaccounts/default',
      isTrue: (body) => body['kind'] === 'ServiceAccount',
    },
  }),
]

const AFTER: readonly ConformanceRequest[] = [
  ...['', '-quota', '-limits', '-restricted', '-webhook'].map((suffix) =>
    deleting('a namespace of the run', `/api/v1/namespaces/{ns}${suffix}`, setUp),
  ),
  deleting('the node', '/api/v1/nodes/conformance-node', setUp),
]

/** All that is asked, in its order. */
export const REQUESTS: readonly ConformanceRequest[] = [
  ...BEFORE,
  ...DISCOVERY,
  ...OBJECTS,
  ...VALIDATION,
  ...LISTS,
  ...PATCHES,
  ...ACCESS,
  ...ADMISSION,
  ...SUBRESOURCES,
  ...AFTER,
]
