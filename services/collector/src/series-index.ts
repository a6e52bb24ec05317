import { hash } from 'node:crypto'
import { idOf, keyOf, partitionOf, type Entity, type MetricSeries, type Target } from '@kubewise/contracts'
import { metricNamed, type LabelSet, type Metric, type OwnerLabels } from '@kubewise/metrics'

/** Who owns a pod, as the watches tell it; undefined while unknown. */
export type OwnerLookup = (namespace: string, pod: string) => Target | undefined

/** The node at the address that a scrape's `instance` gives; undefined where none is known. */
export type NodeLookup = (instance: string) => string | undefined

export interface IndexedSeries {
  series: MetricSeries
  partition: number
  seenMs: number
  /** The address by which its node was found; asked again each time, since addresses are given to other nodes. */
  instance?: string
}

/**
 * Why a series is not taken: its owner is not known yet, there are as many as one metric, or the collector, may have, or what
 * it names can be no object.
 */
export const NOT_TAKEN = ['unowned', 'left-out', 'nameless'] as const
export type NotTaken = (typeof NOT_TAKEN)[number]

export interface SeriesLimits {
  perMetric: number
  total: number
}

/** Labels that name an object of a namespace, with its kind. */
const OBJECTS = [
  ['deployment', 'Deployment'],
  ['statefulset', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
  ['persistentvolumeclaim', 'PersistentVolumeClaim'],
  ['horizontalpodautoscaler', 'HorizontalPodAutoscaler'],
  ['resourcequota', 'ResourceQuota'],
] as const

const LIMITS: SeriesLimits = { perMetric: 50_000, total: 500_000 }
/** A series that no answer held for this long is forgotten. */
const UNSEEN_MS = 2 * 3_600_000
/** 64 bits: among half a million series a collision is not to be expected in this universe's time. */
const KEY_LENGTH = 11
/** Labels beside those that name the object, as many and as long as they are passed on. The key stands for all of them, whole. */
const MOST_LABELS = 16
const LONGEST_LABEL = 256
/** Kubernetes names end at 253 characters; an instance is an address, and may be longer. */
const LONGEST_NAME = 512
/** What a series is known by is kept as it is up to this length, as a hash beyond it. */
const LONGEST_FINGERPRINT = 2048

/** What a set of labels is about. `undefined`: a pod that no watch knows (yet): its owner would be guessed. */
export function entityOf(
  cluster: string,
  labels: LabelSet,
  ownerOf: OwnerLookup,
  nodeAt: NodeLookup = () => undefined,
  owners: readonly OwnerLabels[] = [],
): { entity: Entity; target: Target } | undefined {
  for (const owner of owners) {
    const [inNamespace, name] = [owner.namespace, owner.name].map((label) =>
      Object.hasOwn(labels, label) ? labels[label] : undefined,
    )
    if (!inNamespace || !name || name === 'unknown') continue
    const entity = { cluster, kind: owner.kind, namespace: inNamespace, name }
    return { entity, target: entity }
  }
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
 * owner changes. Bounded, per metric and in all: a series that is known is never left out for a new one.
 */
export class SeriesIndex {
  readonly #cluster: string
  readonly #ownerOf: OwnerLookup
  readonly #nodeAt: NodeLookup | undefined
  readonly #limits: SeriesLimits
  /** By the hash of its name and labels, which are long and many. */
  readonly #series = new Map<string, IndexedSeries>()
  readonly #countOf = new Map<string, number>()
  /** Of each pod, by its name, where its series are: thousands of pods may go at once. */
  readonly #ofPod = new Map<string, Set<string>>()
  /** What travels with each series of a metric, the same object for all of them. */
  readonly #known = new Map<Metric, Pick<MetricSeries, 'known'>>()
  readonly #entities = new Map<string, Entity>()

  constructor(cluster: string, ownerOf: OwnerLookup, nodeAt?: NodeLookup, limits: Partial<SeriesLimits> = {}) {
    this.#cluster = cluster
    this.#ownerOf = ownerOf
    this.#nodeAt = nodeAt
    this.#limits = { ...LIMITS, ...limits }
  }

  get size(): number {
    return this.#series.size
  }

  lookup(metric: Metric, labels: LabelSet, nowMs: number): IndexedSeries | NotTaken {
    const fingerprint = fingerprintOf(metric.name, labels)
    const place = hash('sha256', fingerprint, 'base64url')
    const known = this.#series.get(place)
    if (known && this.#isThere(known)) {
      known.seenMs = nowMs
      return known
    }
    if (known) this.#drop(place, known)
    const about = entityOf(this.#cluster, labels, this.#ownerOf, this.#nodeAt, metric.owners)
    if (!about) return 'unowned'
    if (!isName(about.entity.name) || !isName(about.entity.namespace)) return 'nameless'
    const count = this.#countOf.get(metric.name) ?? 0
    if (count >= this.#limits.perMetric || this.#series.size >= this.#limits.total) return 'left-out'
    const { entity, target } = this.#shared(about)
    const rest = Object.fromEntries(
      Object.entries(labels)
        .filter(([name]) => !ENTITY_LABELS.has(name) && name.length <= LONGEST_LABEL)
        .slice(0, MOST_LABELS)
        .map(([name, value]) => [name, value.slice(0, LONGEST_LABEL)]),
    )
    const series: MetricSeries = {
      key: idOf(metric.name, keyOf(about.entity), fingerprint).slice(0, KEY_LENGTH),
      metric: metric.name,
      entity,
      target,
      labels: Object.keys(rest).length > 0 ? rest : NO_LABELS,
      intervalMs: metric.intervalMs,
      ...this.#knownOf(metric),
    }
    const { instance, node } = labels
    const isByAddress = entity.kind === 'Node' && !node && instance !== undefined
    const indexed = { series, partition: partitionOf(target), seenMs: nowMs, ...(isByAddress && { instance }) }
    this.#series.set(place, indexed)
    this.#countOf.set(metric.name, count + 1)
    if (entity.kind === 'Pod') {
      const key = keyOf(entity)
      const places = this.#ofPod.get(key)
      if (places) places.add(place)
      else this.#ofPod.set(key, new Set([place]))
    }
    return indexed
  }

  /** Whether the node at a series' address is still the one that it was. */
  #isThere({ instance, series }: IndexedSeries): boolean {
    return instance === undefined || (this.#nodeAt?.(instance) ?? instance) === series.entity.name
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

  #knownOf(metric: Metric): Pick<MetricSeries, 'known'> {
    let known = this.#known.get(metric)
    if (!known) this.#known.set(metric, (known = knownOf(metric)))
    return known
  }

  /** Forgets a pod's series: it is gone, or has another owner. */
  forgetPod(namespace: string, pod: string): void {
    const key = keyOf({ cluster: this.#cluster, kind: 'Pod', namespace, name: pod })
    this.#entities.delete(key)
    for (const place of this.#ofPod.get(key) ?? []) this.#drop(place, this.#series.get(place)!)
  }

  /** Forgets all series of a metric: another collector measures it. */
  forgetMetric(metric: string): void {
    for (const [place, indexed] of this.#series) if (indexed.series.metric === metric) this.#drop(place, indexed)
  }

  /** Forgets series that no answer holds any more; without it, labels that change would fill the index. */
  forgetUnseen(nowMs: number): void {
    const kept = new Set<Entity>()
    for (const [place, indexed] of this.#series)
      if (nowMs - indexed.seenMs > UNSEEN_MS) this.#drop(place, indexed)
      else kept.add(indexed.series.entity).add(indexed.series.target)
    for (const [key, entity] of this.#entities) if (!kept.has(entity)) this.#entities.delete(key)
  }

  #drop(place: string, { series: { metric, entity } }: IndexedSeries): void {
    this.#series.delete(place)
    this.#countOf.set(metric, (this.#countOf.get(metric) ?? 1) - 1)
    if (entity.kind !== 'Pod') return
    const key = keyOf(entity)
    const places = this.#ofPod.get(key)
    places?.delete(place)
    if (places?.size === 0) this.#ofPod.delete(key)
  }
}

/** What is known of a metric travels with it only where it is not the catalogue's. */
function knownOf({ name, unit, bad, floor, minEffect, limit, isServiceLevel }: Metric): Pick<MetricSeries, 'known'> {
  const words = (metric: Pick<Metric, 'unit' | 'bad' | 'floor' | 'minEffect' | 'limit' | 'isServiceLevel'>) =>
    [metric.unit, metric.bad, metric.floor, metric.minEffect, metric.limit, metric.isServiceLevel].join()
  const known = {
    unit,
    bad,
    floor,
    minEffect,
    ...(limit !== undefined && { limit }),
    ...(isServiceLevel && { isServiceLevel }),
  }
  const listed = metricNamed(name)
  return listed && words(listed) === words(known) ? {} : { known }
}

const NO_LABELS = {}

const ENTITY_LABELS = new Set([
  '__name__',
  'namespace',
  'pod',
  'deployment',
  'statefulset',
  'daemonset',
  'persistentvolumeclaim',
  'horizontalpodautoscaler',
  'resourcequota',
  'node',
])

/** No object's name holds a control character; in a terminal or a log one can do harm. */
const isName = (name: string) => name.length <= LONGEST_NAME && !/\p{Cc}/u.test(name)

/** Label order is the server's and stable; a separator that no label can hold keeps sets apart. */
function fingerprintOf(metric: string, labels: LabelSet): string {
  let text = metric
  for (const name in labels) text += `\u0000${name}\u0001${labels[name]}`
  return text.length > LONGEST_FINGERPRINT ? idOf(text) : text
}
