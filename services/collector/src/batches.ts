import { PARTITIONS, type Entity, type MetricBatch, type MetricSeries, type Target } from '@kubewise/contracts'
import type { IndexedSeries } from './series-index.ts'

/** Samples in one message; some hundreds keep it far below the server's limit and cheap to validate. */
export const SAMPLES_PER_BATCH = 500
/** Long labels close a batch earlier: characters of what it names, far below the server's megabyte however they are encoded. */
const CHARACTERS_PER_BATCH = 150_000

/** One batch being filled, with the place of everything it has named already. */
class Pending {
  readonly batch: MetricBatch
  readonly #metrics = new Map<string, number>()
  readonly #targets = new Map<Target, number>()
  readonly #entities = new Map<Entity, number>()
  readonly #series = new Map<string, number>()
  characters = 0

  constructor(cluster: string, partition: number, isBackfill: boolean, nowMs: number) {
    this.batch = {
      kind: 'metric-batch',
      cluster,
      partition,
      collectedMs: nowMs,
      isBackfill,
      metrics: [],
      targets: [],
      entities: [],
      series: [],
      of: [],
      startMs: nowMs,
      afterMs: [],
      value: [],
    }
  }

  add(series: MetricSeries, timeMs: number, value: number): void {
    const { batch } = this
    batch.of.push(this.#placeOf(series))
    batch.afterMs.push(timeMs - batch.startMs)
    batch.value.push(value)
  }

  #placeOf(series: MetricSeries): number {
    const known = this.#series.get(series.key)
    if (known !== undefined) return known
    const { key, labels, metric, intervalMs, known: own, entity, target } = series
    const { batch } = this
    const place = {
      key,
      metric: placed(this.#metrics, metric, () =>
        batch.metrics.push(own ? { name: metric, intervalMs, known: own } : { name: metric, intervalMs }),
      ),
      entity: placed(this.#entities, entity, () =>
        batch.entities.push({
          ...named(entity),
          target: placed(this.#targets, target, () => batch.targets.push(named(target))),
        }),
      ),
    }
    const index = batch.series.push(hasAny(labels) ? { ...place, labels: { ...labels } } : place) - 1
    this.#series.set(key, index)
    this.characters += key.length + entity.name.length + target.name.length
    for (const name in labels) this.characters += name.length + labels[name]!.length
    return index
  }
}

const named = ({ kind, namespace, name }: Entity) => ({ kind, namespace, name })

function hasAny(labels: object): boolean {
  for (const _ in labels) return true
  return false
}

/** The place of something, given it by `push` when it is new. */
function placed<T>(places: Map<T, number>, thing: T, push: () => number): number {
  let place = places.get(thing)
  if (place === undefined) places.set(thing, (place = push() - 1))
  return place
}

/** Gathers samples into one batch for each partition. */
export class Batches {
  readonly #cluster: string
  readonly #isBackfill: boolean
  readonly #emit: (batch: MetricBatch) => void
  readonly #pending: (Pending | undefined)[] = Array.from({ length: PARTITIONS })

  constructor(cluster: string, isBackfill: boolean, emit: (batch: MetricBatch) => void) {
    this.#cluster = cluster
    this.#isBackfill = isBackfill
    this.#emit = emit
  }

  add({ series, partition }: IndexedSeries, timeMs: number, value: number, nowMs: number): void {
    const pending = (this.#pending[partition] ??= new Pending(this.#cluster, partition, this.#isBackfill, nowMs))
    pending.add(series, timeMs, value)
    if (pending.batch.of.length >= SAMPLES_PER_BATCH || pending.characters >= CHARACTERS_PER_BATCH)
      this.#send(partition)
  }

  flush(): void {
    for (let partition = 0; partition < PARTITIONS; partition++) this.#send(partition)
  }

  #send(partition: number): void {
    const pending = this.#pending[partition]
    if (!pending) return
    this.#pending[partition] = undefined
    this.#emit(pending.batch)
  }
}
