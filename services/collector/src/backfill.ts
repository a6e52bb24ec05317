import type { Clock, Logger } from '@kubewise/service'
import { Batches } from './batches.ts'
import type { Prometheus } from './prometheus.ts'
import type { MetricQuery } from './queries.ts'
import type { SeriesIndex } from './series-index.ts'

const HOUR_MS = 3_600_000
/** History that a model learns from before the first live sample. */
const WINDOW_MS = 2 * HOUR_MS

/**
 * Sends the last two hours of every query as history, oldest first, so that models need not begin blind. For a cold start only:
 * a stream that holds signals already has been learnt from. A query that cannot be answered is left out, told, never fatal.
 */
export async function backfill(
  {
    prometheus,
    clock,
    log,
    index,
    batches,
  }: { prometheus: Prometheus; clock: Clock; log: Logger; index: SeriesIndex; batches: Batches },
  queries: readonly MetricQuery[],
  signal: AbortSignal,
): Promise<{ samples: number }> {
  const endMs = clock.now()
  let samples = 0
  for (const query of queries) {
    if (signal.aborted) break
    try {
      const answer = await prometheus.queryRange(
        query.query,
        { startMs: endMs - WINDOW_MS, endMs, stepMs: query.intervalMs },
        signal,
      )
      for (const { labels, timeMs, value } of answer.series) {
        const series = index.lookup(query, labels)
        if (!series) continue
        for (let i = 0; i < value.length; i++) batches.add(series, timeMs[i]!, value[i]!, endMs)
        samples += value.length
      }
      batches.flush()
    } catch (error) {
      if (!signal.aborted) log.warn({ query: query.name, err: error }, 'no history for this query')
    }
  }
  return { samples }
}
