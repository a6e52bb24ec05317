import {
  KubeError,
  type Kube,
  type KubernetesObject,
  type ListOptions,
  type Observer,
  type Resource,
  type WriteOptions,
} from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import type { ScenarioCluster } from './cluster.ts'

export interface ReadOnlyKube extends Kube {
  /** Writes that were tried, dry runs excepted: there must be none. */
  readonly violations: string[]
  readonly dryRuns: string[]
}

const valueAt = (object: unknown, path: string): string => {
  const value = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** One requirement of a label selector, as text. */
function fits(requirement: string, labels: Readonly<Record<string, string>>): boolean {
  const set = /^(!?)\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(requirement)
  if (set) {
    const [, , key = '', verb, list = ''] = set
    const isIn = labels[key] !== undefined && list.split(',').some((each) => each.trim() === labels[key])
    return verb === 'in' ? isIn : !isIn
  }
  const [, key = '', operator, value] = /^([^=!\s]+)\s*(!=|==?)\s*(.*)$/.exec(requirement) ?? []
  if (operator !== undefined) return operator === '!=' ? labels[key] !== value : labels[key] === value
  return requirement.startsWith('!') ? labels[requirement.slice(1)] === undefined : labels[requirement] !== undefined
}

const parts = (selector: string | undefined) => (selector ?? '').split(/,(?![^(]*\))/).filter((part) => part !== '')

function isListed(object: KubernetesObject, { namespace, labelSelector, fieldSelector }: ListOptions): boolean {
  const { metadata } = object
  if (namespace !== undefined && metadata?.namespace !== namespace) return false
  if (!parts(labelSelector).every((part) => fits(part.trim(), metadata?.labels ?? {}))) return false
  return parts(fieldSelector).every((part) => {
    const [, path = '', operator, value = ''] = /^([^=!]+)(!=|==?)(.*)$/.exec(part) ?? []
    return (valueAt(object, path) === value) === (operator !== '!=')
  })
}

/** The Kubernetes API over a scenario's objects. It reads, takes dry runs, and refuses and notes everything else. */
export function createReadOnlyKube(cluster: ScenarioCluster, clock: Clock): ReadOnlyKube {
  const violations: string[] = []
  const dryRuns: string[] = []

  function ask(what: string, options: WriteOptions | undefined): void {
    if (options?.isDryRun) return void dryRuns.push(what)
    violations.push(what)
    throw new KubeError({ kind: 'forbidden', message: `${what}: nothing is written in a replay` })
  }

  const found = <T extends KubernetesObject>(resource: Resource, namespace: string | undefined, name: string) =>
    cluster
      .list(resource)
      .find(({ metadata }) => metadata?.name === name && (metadata.namespace ?? '') === (namespace ?? '')) as
      | T
      | undefined

  return {
    violations,
    dryRuns,
    list: async <T extends KubernetesObject>(resource: Resource, options: ListOptions = {}) => ({
      items: cluster.list(resource).filter((object) => isListed(object, options)) as T[],
      resourceVersion: cluster.version,
    }),
    get: async <T extends KubernetesObject>(resource: Resource, ref: { namespace?: string; name: string }) =>
      found<T>(resource, ref.namespace, ref.name),
    reflect<T extends KubernetesObject>(resource: Resource, options: ListOptions, observer: Observer<T>) {
      const listed = (object: KubernetesObject) => isListed(object, options)
      void observer.onReplace(cluster.list(resource).filter(listed) as T[], cluster.version)
      const stop = cluster.watch(resource, (object, isDeleted) => {
        if (!listed(object)) return
        void (isDeleted ? observer.onDelete(object as T) : observer.onUpsert(object as T))
      })
      return { synced: Promise.resolve(), confirmedMs: () => clock.now(), stop: async () => stop() }
    },
    async create(resource, object, options) {
      ask(`create ${resource.kind} ${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`, options)
      return object
    },
    async patch<T extends KubernetesObject>(
      resource: Resource,
      ref: { namespace?: string; name: string },
      _patch: unknown,
      options?: WriteOptions,
    ) {
      const what = `patch ${resource.kind} ${ref.namespace ?? ''}/${ref.name}`
      ask(what, options)
      const object = found<T>(resource, ref.namespace, ref.name)
      if (!object) throw new KubeError({ kind: 'not-found', message: `${what}: not found` })
      return object
    },
    evict: async (ref, uid, options) => ask(`evict ${ref.namespace ?? ''}/${ref.name} ${uid}`, options),
    delete: async (resource, ref, uid, options) =>
      ask(`delete ${resource.kind} ${ref.namespace ?? ''}/${ref.name} ${uid}`, options),
    serves: async () => true,
    nodeSummary: async () => ({}),
    canI: async () => ({ isAllowed: true, reason: '' }),
    clockSkewMs: () => 0,
    serverVersion: async () => 'v1.34.0',
  }
}
