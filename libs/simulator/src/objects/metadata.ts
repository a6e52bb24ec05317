import type { KubernetesObject, Resource } from '@kubewise/kube'
import { isSameJson } from './json.ts'
import { randomSuffix, randomUuid } from './random.ts'

/** Kinds whose `metadata.generation` counts changes of the wish, by `group/plural`. */
const HAS_GENERATION: ReadonlySet<string> = new Set([
  '/pods',
  'apps/daemonsets',
  'apps/deployments',
  'apps/replicasets',
  'apps/statefulsets',
  'batch/cronjobs',
  'batch/jobs',
  'policy/poddisruptionbudgets',
  'discovery.k8s.io/endpointslices',
  'networking.k8s.io/ingresses',
  'scheduling.k8s.io/priorityclasses',
  'admissionregistration.k8s.io/validatingwebhookconfigurations',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations',
])

const NOT_PART_OF_THE_WISH: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status'])

export function resourceKey(resource: Pick<Resource, 'group' | 'plural'>): string {
  return `${resource.group}/${resource.plural}`
}

/** Seconds, as the API server dates objects. */
export function timestamp(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`
}

/** Where a Deployment's controller notes its revision; it does so together with the status, which is no wish. */
const NOTED_BY_CONTROLLER = 'deployment.kubernetes.io/'

/** The annotations that are not the Deployment controller's. */
export function ownAnnotations({ metadata }: KubernetesObject): Record<string, string> {
  const entries = Object.entries(metadata?.annotations ?? {})
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith(NOTED_BY_CONTROLLER)))
}

function isSameWish(resource: Resource, a: KubernetesObject, b: KubernetesObject): boolean {
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  const members = new Set([...Object.keys(left), ...Object.keys(right)])
  for (const member of members) {
    if (!NOT_PART_OF_THE_WISH.has(member) && !isSameJson(left[member], right[member])) return false
  }
  // A Deployment's annotations are copied to its ReplicaSets, so the server counts them as part of the wish.
  return resourceKey(resource) !== 'apps/deployments' || isSameJson(ownAnnotations(a), ownAnnotations(b))
}

/** What the server adds to a new object: name, uid, date, first generation. The resource version comes when it is stored. */
export function withCreationMetadata<T extends KubernetesObject>(
  resource: Resource,
  object: T,
  nowMs: number,
  random: () => number,
): T {
  const {
    resourceVersion: _,
    deletionTimestamp: __,
    deletionGracePeriodSeconds: ___,
    ...metadata
  } = object.metadata ?? {}
  const { generateName = '' } = metadata
  const generated = generateName === '' ? '' : `${generateName}${randomSuffix(random)}`
  const name = metadata.name === undefined || metadata.name === '' ? generated : metadata.name
  return {
    ...object,
    metadata: {
      ...metadata,
      name,
      uid: randomUuid(random),
      creationTimestamp: timestamp(nowMs),
      ...(HAS_GENERATION.has(resourceKey(resource)) ? { generation: 1 } : {}),
    },
  }
}

/** What an update cannot change stays as it was; the generation grows where the wish has changed, or the object is newly on its way out. */
export function withUpdateMetadata<T extends KubernetesObject>(resource: Resource, current: T, next: T): T {
  const before = current.metadata ?? {}
  const isNewlyDeleted = before.deletionTimestamp === undefined && next.metadata?.deletionTimestamp !== undefined
  const hasChanged = isNewlyDeleted || !isSameWish(resource, current, next)
  const { generation: _, ...metadata } = next.metadata ?? {}
  return {
    ...next,
    metadata: {
      ...metadata,
      ...(before.name === undefined ? {} : { name: before.name }),
      ...(before.namespace === undefined ? {} : { namespace: before.namespace }),
      ...(before.uid === undefined ? {} : { uid: before.uid }),
      ...(before.creationTimestamp === undefined ? {} : { creationTimestamp: before.creationTimestamp }),
      ...(before.generation === undefined ? {} : { generation: before.generation + (hasChanged ? 1 : 0) }),
      ...(before.resourceVersion === undefined ? {} : { resourceVersion: before.resourceVersion }),
    },
  }
}
