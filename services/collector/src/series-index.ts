import { idOf, keyOf, partitionOf, type Entity, type MetricSeries, type Target } from '@kubewise/contracts'
import type { LabelSet } from './prometheus.ts'
import type { MetricQuery } from './queries.ts'

/** Who owns a pod, as the watches tell it; undefined while unknown. */
export type OwnerLookup = (namespace: string, pod: string) => Target | undefined

/** The node at the address that a scrape's `instance` gives; undefined where none is known. */
export type NodeLookup = (instance: string) => string | undefined

export interface IndexedSeries {
  series: MetricSeries
  partition: number
}

/** Labels that name an object of a namespace, with its kind. */
const OBJECTS = [
  ['deployment', 'Deployment'],
  ['statefulset', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
  ['persistentvolumeclaim', 'PersistentVolumeClaim'],
] as const

const MAX_SERIES = 500_000
/** 64 bits: among half a million series a collision is not to be expected in this universe's time. */
const KEY_LENGTH = 11

/** What a set of labels is about. `undefined`: a pod that no watch knows (yet): its owner would be guessed. */
export function entityOf(
  cluster: string,
  labels: LabelSet,
  ownerOf: OwnerLookup,
  nodeAt: NodeLookup = () => undefined,
): { entity: Entity; target: Target } | undefined {
  const { namespace, pod } = labels
  if (namespace && pod) {
    const target = ownerOf(namespace, pod)
    return target && { entity: { cluster, kind: 'Pod', namespace, name: pod }, target }
  }
  for (const [label, kind] of OBJECTS) {
    const name = labels[label]
    if (!namespace || !name) continue
    const entity = { cluster, kind, namespace, name }
    return { entity, target: entity }
  }
  const { instance } = labels
  const node = labels['node'] ?? (instance === undefined ? undefined : (nodeAt(instance) ?? instance))
  const entity = node
    ? { cluster, kind: 'Node', namespace: '', name: node }
    : { cluster, kind: 'Cluster', namespace: '', name: cluster }
  return { entity, target: entity }
}

/**
 * Remembers what each series is about, since the same labels come with every poll. A pod's series is looked up anew when its
 * owner changes. Bounded: past half a million series no new one is taken.
 */
export class SeriesIndex {
  readonly #cluster: string
  readonly #ownerOf: OwnerLookup
  readonly #nodeAt: NodeLookup | undefined
  readonly #series = new Map<string, IndexedSeries>()
  readonly #entities = new Map<string, Entity>()
  /** Series that were not taken, by why; read and reset by the counter. */
  unowned = 0
  overflow = 0

  constructor(cluster: string, ownerOf: OwnerLookup, nodeAt?: NodeLookup) {
    this.#cluster = cluster
    this.#ownerOf = ownerOf
    this.#nodeAt = nodeAt
  }

  lookup(query: MetricQuery, labels: LabelSet): IndexedSeries | undefined {
    const fingerprint = fingerprintOf(query.name, labels)
    const known = this.#series.get(fingerprint)
    if (known) return known
    const about = entityOf(this.#cluster, labels, this.#ownerOf, this.#nodeAt)
    if (!about) {
      this.unowned += 1
      return undefined
    }
    if (this.#series.size >= MAX_SERIES) {
      this.overflow += 1
      return undefined
    }
    const { entity, target } = this.#shared(about)
    const rest = Object.fromEntries(
      Object.entries(labels)
        .filter(([name]) => !ENTITY_LABELS.has(name))
        .slice(0, 16),
    )
    const series: MetricSeries = {
      key: idOf(query.name, keyOf(about.entity), fingerprint).slice(0, KEY_LENGTH),
      metric: query.name,
      entity,
      target,
      labels: rest,
      intervalMs: query.intervalMs,
    }
    const indexed = { series, partition: partitionOf(target) }
    this.#series.set(fingerprint, indexed)
    return indexed
  }

  /** The same object for the same name, so that a batch can tell by identity what it has named already. */
  #shared({ entity, target }: { entity: Entity; target: Target }): { entity: Entity; target: Target } {
    const once = (one: Entity) => {
      const key = keyOf(one)
      const known = this.#entities.get(key)
      if (!known) this.#entities.set(key, one)
      return known ?? one
    }
    return { entity: once(entity), target: once(target) }
  }

  /** Forgets a pod's series: it is gone, or has another owner. */
  forgetPod(namespace: string, pod: string): void {
    this.#entities.delete(keyOf({ cluster: this.#cluster, kind: 'Pod', namespace, name: pod }))
    for (const [fingerprint, { series }] of this.#series)
      if (series.entity.kind === 'Pod' && series.entity.name === pod && series.entity.namespace === namespace)
        this.#series.delete(fingerprint)
  }
}

const ENTITY_LABELS = new Set([
  '__name__',
  'namespace',
  'pod',
  'deployment',
  'statefulset',
  'daemonset',
  'persistentvolumeclaim',
  'node',
])

/** Label order is the server's and stable; a separator that no label can hold keeps sets apart. */
function fingerprintOf(metric: string, labels: LabelSet): string {
  let text = metric
  for (const name in labels) text += `\u0000${name}\u0001${labels[name]}`
  return text
}
