import { PARTITIONS, type MetricBatch } from '@kubewise/contracts'
import type { IndexedSeries } from './series-index.ts'

/** Samples in one message; some hundreds keep it far below the server's limit and cheap to validate. */
export const SAMPLES_PER_BATCH = 500

interface Pending {
  batch: MetricBatch
  /** Where a series stands in the batch. */
  at: Map<string, number>
}

/** Gathers samples into one batch for each partition, as columns. */
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
    const pending = (this.#pending[partition] ??= this.#begin(partition, nowMs))
    let index = pending.at.get(series.key)
    if (index === undefined) {
      index = pending.batch.series.push(series) - 1
      pending.at.set(series.key, index)
    }
    pending.batch.of.push(index)
    pending.batch.timeMs.push(timeMs)
    pending.batch.value.push(value)
    if (pending.batch.of.length >= SAMPLES_PER_BATCH) this.#send(partition)
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

  #begin(partition: number, nowMs: number): Pending {
    return {
      at: new Map(),
      batch: {
        kind: 'metric-batch',
        cluster: this.#cluster,
        partition,
        collectedMs: nowMs,
        isBackfill: this.#isBackfill,
        series: [],
        of: [],
        timeMs: [],
        value: [],
      },
    }
  }
}
