import { CounterRates } from '@kubewise/stats'
import type { Batches } from './batches.ts'
import type { FreshnessBoard } from './freshness.ts'
import type { MeasuredMetrics } from './measured-metrics.ts'
import type { IndexedSeries, NotTaken, SeriesIndex } from './series-index.ts'
import type { Sample } from './usage-samples.ts'

export interface UsagePorts {
  metrics: MeasuredMetrics
  index: SeriesIndex
  batches: Batches
  freshness: FreshnessBoard
  onNotTaken(metric: string, count: Readonly<Record<NotTaken, number>>): void
}

/** What is remembered of a series between two answers. */
interface Known {
  sentMs: number
  /** Of its counter. */
  rate?: number
}

/** Puts samples into batches: each metric at its own interval, none twice, counters as rates. */
export class UsageTaker {
  readonly #ports: UsagePorts
  readonly #everyMs: number
  readonly #known = new Map<IndexedSeries, Known>()
  readonly #rates = new CounterRates()
  readonly #freeRates: number[] = []

  /** @param everyMs between two answers */
  constructor(ports: UsagePorts, everyMs: number) {
    this.#ports = ports
    this.#everyMs = everyMs
  }

  take(samples: readonly Sample[], nowMs: number): void {
    const { metrics, index, batches, freshness, onNotTaken } = this.#ports
    const newestMs = new Map<string, number>()
    const notTaken = new Map<string, Record<NotTaken, number>>()
    for (const { metric: name, labels, timeMs, value, isCounter } of samples) {
      const metric = metrics[name]
      const counts = notTaken.get(name) ?? { unowned: 0, 'left-out': 0, nameless: 0 }
      notTaken.set(name, counts)
      newestMs.set(name, Math.max(newestMs.get(name) ?? 0, timeMs))
      const indexed = index.lookup(metric, labels, nowMs)
      if (typeof indexed === 'string') {
        counts[indexed] += 1
        continue
      }
      const known = this.#knownOf(indexed)
      // A kubelet measures at its own beat: half an answer early is not early.
      if (timeMs - known.sentMs < Math.max(1, metric.intervalMs - this.#everyMs / 2)) continue
      known.sentMs = timeMs
      const told = isCounter ? this.#rateOf(known, timeMs, value, metric.intervalMs) : value
      if (told !== undefined) batches.add(indexed, timeMs, told, nowMs)
    }
    for (const [name, timeMs] of newestMs) freshness.sampled(name, timeMs, metrics[name as Sample['metric']].intervalMs)
    for (const [name, counts] of notTaken) onNotTaken(name, counts)
  }

  /** Forgets what the index has forgotten, or has not seen since. */
  forget(unseenSinceMs: number): void {
    for (const [indexed, { rate }] of this.#known) {
      if (indexed.seenMs >= unseenSinceMs) continue
      this.#known.delete(indexed)
      if (rate === undefined) continue
      this.#rates.reset(rate)
      this.#freeRates.push(rate)
    }
  }

  #knownOf(indexed: IndexedSeries): Known {
    const known = this.#known.get(indexed) ?? { sentMs: Number.NEGATIVE_INFINITY }
    this.#known.set(indexed, known)
    return known
  }

  #rateOf(known: Known, timeMs: number, value: number, stepMs: number): number | undefined {
    known.rate ??= this.#freeRates.pop() ?? this.#rates.add()
    return this.#rates.learn(known.rate, timeMs, value, stepMs).perSecond
  }
}
