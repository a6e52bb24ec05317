import type { KeyValue } from '@kubewise/bus'
import type { Freshness } from '@kubewise/contracts'

/** What was seen last, for the guards: a plan may be carried out only on fresh evidence. */
export class FreshnessBoard {
  readonly #cluster: string
  readonly #metrics: Record<string, { lastSampleMs: number; intervalMs: number }> = {}

  constructor(cluster: string) {
    this.#cluster = cluster
  }

  sampled(metric: string, lastSampleMs: number, intervalMs: number): void {
    this.#metrics[metric] = { lastSampleMs, intervalMs }
  }

  async write(
    bucket: KeyValue,
    nowMs: number,
    watches: Record<string, number>,
    clockSkewMs: number | undefined,
  ): Promise<void> {
    const freshness: Freshness = {
      cluster: this.#cluster,
      writtenMs: nowMs,
      metrics: this.#metrics,
      watches,
      ...(clockSkewMs !== undefined && { clockSkewMs }),
    }
    await bucket.put(this.#cluster, freshness)
  }
}
