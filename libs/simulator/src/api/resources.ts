import type { Resource } from '@kubewise/kube'

export const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const

/** A resource as the simulated API server offers it. */
export interface ApiResource extends Resource {
  singular: string
  shortNames: readonly string[]
  categories: readonly string[]
  verbs: readonly string[]
  subresources: readonly string[]
  /** Whether PUT on a name that does not exist creates it, as the real strategy allows. */
  isCreatedByUpdate: boolean
  /** What every answer about it warns of. */
  deprecation?: string
}

type Extra = Partial<Omit<ApiResource, keyof Resource>>

function row(
  apiVersion: string,
  kind: string,
  plural: string,
  extra: Extra & { isNamespaced?: boolean } = {},
): ApiResource {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  return {
    kind,
    group: group ?? '',
    version: version ?? '',
    plural,
    isNamespaced: true,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: VERBS,
    subresources: [],
    isCreatedByUpdate: false,
    ...extra,
  }
}

const CLUSTER = { isNamespaced: false }
const STATUS = { subresources: ['status'] }
const ALL = { categories: ['all'] }
const CREATE_ONLY = { verbs: ['create'] }
const WITHOUT_COLLECTION_DELETE = VERBS.filter((verb) => verb !== 'deletecollection')

/** One row for each resource that the simulated API server serves; all else about it is looked up by kind. */
export const API_RESOURCES: readonly ApiResource[] = [
  row('v1', 'ConfigMap', 'configmaps', { shortNames: ['cm'] }),
  row('v1', 'Endpoints', 'endpoints', {
    shortNames: ['ep'],
    isCreatedByUpdate: true,
    deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  }),
  row('v1', 'Event', 'events', { shortNames: ['ev'], isCreatedByUpdate: true }),
  row('v1', 'LimitRange', 'limitranges', { shortNames: ['limits'], isCreatedByUpdate: true }),
  row('v1', 'Namespace', 'namespaces', {
    ...CLUSTER,
    shortNames: ['ns'],
    verbs: WITHOUT_COLLECTION_DELETE,
    subresources: ['finalize', 'status'],
  }),
  row('v1', 'Node', 'nodes', { ...CLUSTER, ...STATUS, shortNames: ['no'] }),
  row('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', { ...STATUS, shortNames: ['pvc'] }),
  row('v1', 'Pod', 'pods', { ...ALL, shortNames: ['po'], subresources: ['eviction', 'log', 'resize', 'status'] }),
  row('v1', 'ResourceQuota', 'resourcequotas', { ...STATUS, shortNames: ['quota'] }),
  row('v1', 'ServiceAccount', 'serviceaccounts', { shortNames: ['sa'], subresources: ['token'] }),
  row('v1', 'Service', 'services', { ...STATUS, ...ALL, shortNames: ['svc'], isCreatedByUpdate: true }),
  row('apps/v1', 'ControllerRevision', 'controllerrevisions'),
  row('apps/v1', 'DaemonSet', 'daemonsets', { ...STATUS, ...ALL, shortNames: ['ds'] }),
  row('apps/v1', 'Deployment', 'deployments', { ...ALL, shortNames: ['deploy'], subresources: ['scale', 'status'] }),
  row('apps/v1', 'ReplicaSet', 'replicasets', { ...ALL, shortNames: ['rs'], subresources: ['scale', 'status'] }),
  row('apps/v1', 'StatefulSet', 'statefulsets', { ...ALL, shortNames: ['sts'], subresources: ['scale', 'status'] }),
  row('batch/v1', 'CronJob', 'cronjobs', { ...STATUS, ...ALL, shortNames: ['cj'] }),
  row('batch/v1', 'Job', 'jobs', { ...STATUS, ...ALL }),
  row('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
    ...STATUS,
    ...ALL,
    shortNames: ['hpa'],
  }),
  row('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', { ...STATUS, shortNames: ['pdb'] }),
  row('networking.k8s.io/v1', 'Ingress', 'ingresses', { ...STATUS, shortNames: ['ing'] }),
  row('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
  row('events.k8s.io/v1', 'Event', 'events', { shortNames: ['ev'], isCreatedByUpdate: true }),
  row('coordination.k8s.io/v1', 'Lease', 'leases', { isCreatedByUpdate: true }),
  row('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', { ...CLUSTER, shortNames: ['pc'] }),
  row('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', {
    ...CLUSTER,
    isCreatedByUpdate: true,
  }),
  row('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', { ...CLUSTER, isCreatedByUpdate: true }),
  row('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings', { isCreatedByUpdate: true }),
  row('rbac.authorization.k8s.io/v1', 'Role', 'roles', { isCreatedByUpdate: true }),
  row('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', {
    ...CLUSTER,
    categories: ['api-extensions'],
  }),
  row('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', {
    ...CLUSTER,
    categories: ['api-extensions'],
  }),
  row('authorization.k8s.io/v1', 'LocalSubjectAccessReview', 'localsubjectaccessreviews', CREATE_ONLY),
  row('authorization.k8s.io/v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', { ...CLUSTER, ...CREATE_ONLY }),
  row('authorization.k8s.io/v1', 'SelfSubjectRulesReview', 'selfsubjectrulesreviews', { ...CLUSTER, ...CREATE_ONLY }),
  row('authorization.k8s.io/v1', 'SubjectAccessReview', 'subjectaccessreviews', { ...CLUSTER, ...CREATE_ONLY }),
]

const BY_PATH = new Map(API_RESOURCES.map((row) => [`${row.group}/${row.version}/${row.plural}`, row]))

export function findApiResource(group: string, version: string, plural: string): ApiResource | undefined {
  return BY_PATH.get(`${group}/${version}/${plural}`)
}

/** By the kind an object names; for manifests. */
export function findApiResourceByKind(
  apiVersion: string | undefined,
  kind: string | undefined,
): ApiResource | undefined {
  return API_RESOURCES.find(
    (row) => row.kind === kind && (row.group === '' ? row.version : `${row.group}/${row.version}`) === apiVersion,
  )
}
