import {
  RESOURCES,
  type EventObject,
  type Kube,
  type KubernetesObject,
  type Reflector,
  type Resource,
} from '@kubewise/kube'
import type { ApiObject, ScenarioEvent } from '../form.ts'
import type { Manifest } from './recipes.ts'

const clusterWide = (group: string, version: string, kind: string, plural: string): Resource => ({
  kind,
  group,
  version,
  plural,
  isNamespaced: false,
})
const namespaced = (...parts: [string, string, string, string]): Resource => ({
  ...clusterWide(...parts),
  isNamespaced: true,
})

/** What is recorded beside the kinds that KubeWise knows. */
const MORE: readonly Resource[] = [
  clusterWide('storage.k8s.io', 'v1', 'StorageClass', 'storageclasses'),
  clusterWide('', 'v1', 'PersistentVolume', 'persistentvolumes'),
  clusterWide(
    'admissionregistration.k8s.io',
    'v1',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
  ),
  namespaced('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies'),
  namespaced('', 'v1', 'LimitRange', 'limitranges'),
  namespaced('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  namespaced('', 'v1', 'ResourceQuota', 'resourcequotas'),
]

/** Events by their other name, and measurements, which cannot be watched. */
const NOT_RECORDED = new Set(['/v1/Event', 'metrics.k8s.io/v1beta1/NodeMetrics', 'metrics.k8s.io/v1beta1/PodMetrics'])

export interface Seen {
  atMs: number
  object: Manifest
  isDeleted: boolean
}

export interface Recording {
  seen: readonly Seen[]
  stop(): Promise<void>
}

/** Writes down every state of every object of the cluster, with the time at which it was seen. */
export async function startRecording(kube: Kube, now: () => number): Promise<Recording> {
  const seen: Seen[] = []
  const known = new Set(Object.values(RESOURCES).map(({ group, kind }) => `${group}/${kind}`))
  const resources = [
    ...Object.values(RESOURCES).filter(({ group, version, kind }) => !NOT_RECORDED.has(`${group}/${version}/${kind}`)),
    ...MORE.filter(({ group, kind }) => !known.has(`${group}/${kind}`)),
  ]
  const reflectors: Reflector[] = resources.map((resource) => {
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
    const note = (isDeleted: boolean) => (object: KubernetesObject) =>
      void seen.push({
        atMs: now(),
        object: { ...structuredClone(object), apiVersion, kind: resource.kind },
        isDeleted,
      })
    return kube.reflect(
      resource,
      {},
      {
        onReplace: (items) => items.forEach(note(false)),
        onUpsert: note(false),
        onDelete: note(true),
      },
    )
  })
  await Promise.all(reflectors.map(({ synced }) => synced))
  return { seen, stop: async () => void (await Promise.all(reflectors.map((each) => each.stop()))) }
}

const ZERO = /Time$|Timestamp$|At$|^time$/
const DATE = /^\d{4}-\d\d-\d\dT/

/** Dates become seconds from the beginning, so that a reader sees what came before what. */
function undated(value: unknown, zeroMs: number, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => undated(each, zeroMs, key))
  if (typeof value === 'string' && ZERO.test(key) && DATE.test(value)) {
    const seconds = Math.round((Date.parse(value) - zeroMs) / 1000)
    return `${seconds < 0 ? '' : '+'}${seconds}s`
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, undated(member, zeroMs, name)]))
}

const NOISE = ['resourceVersion', 'selfLink', 'generateName']
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

function without(object: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
}

/** An object without what no decision rests on. */
export function trimmed({ object }: Pick<Seen, 'object'>, zeroMs: number, keepsManagers: boolean): ApiObject {
  const metadata = without(
    (object.metadata ?? {}) as Record<string, unknown>,
    keepsManagers ? NOISE : [...NOISE, 'managedFields'],
  )
  const annotations = without((metadata['annotations'] ?? {}) as Record<string, unknown>, [LAST_APPLIED])
  if (Object.keys(annotations).length > 0) metadata['annotations'] = annotations
  else delete metadata['annotations']
  const copy: Record<string, unknown> = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    ...without(object, ['apiVersion', 'kind']),
    metadata,
  }
  const managers = metadata['managedFields'] as { subresource?: string }[] | undefined
  // Who writes the status is always the same and says nothing.
  if (managers) metadata['managedFields'] = managers.filter(({ subresource }) => subresource !== 'status')
  if (object.kind === 'Node') copy['status'] = nodeStatus(object['status'] as Record<string, unknown>)
  if (object.kind === 'Pod') copy['spec'] = podSpec(object['spec'] as Record<string, unknown>)
  return undated(copy, zeroMs) as ApiObject
}

/** Heartbeats come every few seconds and say nothing by themselves. */
function nodeStatus(status: Record<string, unknown> = {}): Record<string, unknown> {
  const conditions = (status['conditions'] ?? []) as Record<string, unknown>[]
  return {
    ...Object.fromEntries(
      ['capacity', 'allocatable', 'addresses'].flatMap((name) => (name in status ? [[name, status[name]]] : [])),
    ),
    conditions: conditions.map((condition) => without(condition, ['lastHeartbeatTime'])),
  }
}

const TOKEN_VOLUME = /^kube-api-access-/

function podSpec(spec: Record<string, unknown> = {}): Record<string, unknown> {
  const withoutToken = (list: unknown) =>
    ((list ?? []) as { name?: string }[]).filter(({ name = '' }) => !TOKEN_VOLUME.test(name))
  const containers = (list: unknown) =>
    ((list ?? []) as Record<string, unknown>[]).map((container) => ({
      ...container,
      volumeMounts: withoutToken(container['volumeMounts']),
    }))
  return {
    ...spec,
    ...('volumes' in spec && { volumes: withoutToken(spec['volumes']) }),
    containers: containers(spec['containers']),
    ...('initContainers' in spec && { initContainers: containers(spec['initContainers']) }),
  }
}

/** The merge patch that makes `after` of `before`; undefined where they are equal. */
export function difference(before: unknown, after: unknown): unknown {
  if (JSON.stringify(before) === JSON.stringify(after)) return undefined
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject(before) || !isObject(after)) return after
  const patch: Record<string, unknown> = {}
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!(key in after)) patch[key] = null
    else {
      const changed = difference(before[key], after[key])
      if (changed !== undefined) patch[key] = changed
    }
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}

/** A Kubernetes Event in the form of a scenario. */
export function eventIn(event: EventObject, atMs: number, zeroMs: number): ScenarioEvent | undefined {
  const { kind, name, namespace } = event.regarding ?? {}
  if (!kind || !name || !event.reason) return undefined
  return {
    at: Math.round((atMs - zeroMs) / 100) / 10,
    type: event.type === 'Warning' ? 'Warning' : 'Normal',
    reason: event.reason,
    regarding: { kind, name, ...(namespace !== undefined && { namespace }) },
    note: event.note ?? '',
    ...((event.series?.count ?? event.deprecatedCount ?? 1) > 1 && {
      count: event.series?.count ?? event.deprecatedCount,
    }),
    reporter: event.reportingController || event.deprecatedSource?.component || 'unknown',
  }
}
