import { decodeFreshness, type Freshness } from '@kubewise/contracts'

type Metrics = Freshness['metrics']

/** What was seen last of the metrics that this collector measures, for the guards: a plan may be carried out only on fresh evidence. */
export class FreshnessBoard {
  readonly #metrics = new Map<string, Metrics[string]>()

  get metrics(): Metrics {
    return Object.fromEntries(this.#metrics)
  }

  sampled(metric: string, lastSampleMs: number, intervalMs: number): void {
    this.#metrics.set(metric, { lastSampleMs, intervalMs })
  }

  /** Another collector answers for it now. */
  forget(metric: string): void {
    this.#metrics.delete(metric)
  }
}

/** What all collectors together know: of a metric that several measure parts of, the oldest part. What is no such word counts for nothing. */
export function togetherOf(own: Metrics, words: readonly unknown[]): Metrics {
  const together = new Map(Object.entries(own))
  for (const word of words) {
    const decoded = decodeFreshness(word)
    for (const [name, one] of decoded.ok ? Object.entries(decoded.value.metrics) : []) {
      const known = together.get(name)
      if (!known || one.lastSampleMs < known.lastSampleMs) together.set(name, one)
    }
  }
  return Object.fromEntries(together)
}
