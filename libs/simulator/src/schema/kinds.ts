import { apiVersionOf } from '@kubewise/kube'
import { API_RESOURCES } from '../api/resources.ts'

/** Kinds that are sent and answered without being resources of their own. */
const OTHER_KINDS = [
  'v1 Status',
  'v1 DeleteOptions',
  'autoscaling/v1 Scale',
  'policy/v1 Eviction',
  'authentication.k8s.io/v1 TokenRequest',
]

/** All kinds that the schema holds. */
export const SCHEMA_KINDS: readonly string[] = [
  ...API_RESOURCES.map((row) => `${apiVersionOf(row)} ${row.kind}`),
  ...OTHER_KINDS,
]
