import { every, type Clock, type Logger } from '@kubewise/service'
import { Batches } from './batches.ts'
import type { FreshnessBoard } from './freshness.ts'
import type { PromAnswer, Prometheus } from './prometheus.ts'
import { NEWEST_SCRAPE, type MetricQuery } from './queries.ts'
import type { SeriesIndex } from './series-index.ts'

export interface PollerPorts {
  prometheus: Prometheus
  clock: Clock
  log: Logger
  index: SeriesIndex
  batches: Batches
  freshness: FreshnessBoard
  onPolled(query: string, outcome: 'ok' | 'failed', answer?: PromAnswer): void
}

const FLUSH_MS = 1000

/**
 * Polls every query at its own interval for as long as the signal lasts. A query that fails is asked again at its next beat:
 * none is ever given up, a broken one is counted and its trouble told once.
 */
export async function poll(ports: PollerPorts, queries: readonly MetricQuery[], signal: AbortSignal): Promise<void> {
  const scrape = createScrapeAge(ports)
  const failing = new Set<string>()
  const loops = queries.map(async (query, position) => {
    // Spread over the interval, so that Prometheus is not asked everything at once.
    await ports.clock
      .sleep((position / queries.length) * Math.min(query.intervalMs, 5000), signal)
      .catch(() => undefined)
    await every(
      ports.clock,
      query.intervalMs,
      signal,
      async () => {
        await pollOnce(ports, query, await scrape(signal), signal)
        if (failing.delete(query.name)) ports.log.info({ query: query.name }, 'query answers again')
      },
      (error) => {
        ports.onPolled(query.name, 'failed')
        if (!failing.has(query.name)) ports.log.warn({ query: query.name, err: error }, 'query failed, asking on')
        failing.add(query.name)
      },
    )
  })
  const flushing = every(
    ports.clock,
    FLUSH_MS,
    signal,
    () => ports.batches.flush(),
    (error) => ports.log.error({ err: error }, 'batches not sent'),
  )
  await Promise.all([...loops, flushing])
  ports.batches.flush()
}

async function pollOnce(
  { prometheus, clock, index, batches, freshness, onPolled }: PollerPorts,
  query: MetricQuery,
  scrapedMs: number,
  signal: AbortSignal,
): Promise<void> {
  const answer = await prometheus.query(query.query, signal)
  const nowMs = clock.now()
  for (const { labels, timeMs, value } of answer.series) {
    const series = index.lookup(query, labels)
    if (!series) continue
    for (let i = 0; i < value.length; i++) batches.add(series, timeMs[i]!, value[i]!, nowMs)
  }
  // An instant query is always dated now; what it rests on is not younger than the newest scrape.
  freshness.sampled(query.name, Math.min(nowMs, scrapedMs), query.intervalMs)
  onPolled(query.name, 'ok', answer)
}

const SCRAPE_ASKED_MS = 5000

/** When Prometheus last scraped anything, asked at most every 5 s; 0 (long ago) where it does not say. */
function createScrapeAge({ prometheus, clock }: PollerPorts): (signal: AbortSignal) => Promise<number> {
  let askedMs = Number.NEGATIVE_INFINITY
  let answer: Promise<number> = Promise.resolve(0)
  return (signal) => {
    if (clock.monotonic() - askedMs >= SCRAPE_ASKED_MS) {
      askedMs = clock.monotonic()
      answer = prometheus.query(NEWEST_SCRAPE, signal).then(
        ({ series }) => (series[0]?.value[0] ?? 0) * 1000,
        () => 0,
      )
    }
    return answer
  }
}
