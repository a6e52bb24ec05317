import { PrometheusError, NEWEST_SCRAPE, type Metric, type PromAnswer, type Prometheus } from '@kubewise/metrics'
import type { Clock, Logger } from '@kubewise/service'
import { backOffMs } from './back-off.ts'
import type { Batches } from './batches.ts'
import type { FreshnessBoard } from './freshness.ts'
import type { NotTaken, SeriesIndex } from './series-index.ts'

export interface PollerPorts {
  prometheus: Prometheus
  clock: Clock
  log: Logger
  index: SeriesIndex
  batches: Batches
  freshness: FreshnessBoard
  onPolled(metric: string, outcome: 'ok' | 'failed', answer?: PromAnswer): void
  /** How many series of the newest answer were not taken. */
  onNotTaken(metric: string, count: Readonly<Record<NotTaken, number>>): void
}

/**
 * Polls one metric at its interval for as long as the signal lasts. Where Prometheus refuses the query it is asked ever more
 * seldom, up to every five minutes; where Prometheus is away, at each beat. Its trouble is told once and each hour; none is ever
 * given up: a metric that an exporter brings tomorrow is collected tomorrow.
 */
export function createPoller(ports: PollerPorts): (metric: Metric, signal: AbortSignal) => Promise<void> {
  const scrapedMs = createScrapeAge(ports)
  const { clock, log, onPolled } = ports
  return async (metric, signal) => {
    let refusals = 0
    let toldMs = Number.NEGATIVE_INFINITY
    let isFailing = false
    while (!signal.aborted) {
      const startedMs = clock.monotonic()
      try {
        await pollOnce(ports, metric, await scrapedMs(signal), signal)
        if (isFailing) log.info({ query: metric.name }, 'query answers again')
        isFailing = false
        refusals = 0
      } catch (error) {
        if (signal.aborted) return
        onPolled(metric.name, 'failed')
        refusals = error instanceof PrometheusError && error.kind === 'refused' ? refusals + 1 : 0
        if (!isFailing || startedMs - toldMs >= TOLD_AGAIN_MS) {
          toldMs = startedMs
          log.warn({ query: metric.name, err: error }, 'query failed, asking on')
        }
        isFailing = true
      }
      const restMs = backOffMs(metric.intervalMs, refusals) - (clock.monotonic() - startedMs)
      await clock.sleep(Math.max(0, restMs), signal).catch(() => undefined)
    }
  }
}

const TOLD_AGAIN_MS = 3_600_000

async function pollOnce(
  { prometheus, clock, index, batches, freshness, onPolled, onNotTaken }: PollerPorts,
  metric: Metric,
  scrapedMs: number,
  signal: AbortSignal,
): Promise<void> {
  const answer = await prometheus.query(metric.query, signal)
  if (answer.resultType === 'matrix')
    throw new PrometheusError('refused', 'the query gives ranges; put a function such as rate(…) around it')
  const nowMs = clock.now()
  const notTaken = takeInto(index, batches, metric, answer, nowMs)
  // An instant query is always dated now; what it rests on is not younger than the newest scrape.
  freshness.sampled(metric.name, Math.min(nowMs, scrapedMs), metric.intervalMs)
  onPolled(metric.name, 'ok', answer)
  onNotTaken(metric.name, notTaken)
}

/** Puts an answer's points into batches. @returns how many of its series were not taken, by why */
export function takeInto(
  index: SeriesIndex,
  batches: Batches,
  metric: Metric,
  { series }: PromAnswer,
  nowMs: number,
): Readonly<Record<NotTaken, number>> {
  const notTaken = { unowned: 0, 'left-out': 0 }
  for (const { labels, timeMs, value } of series) {
    const indexed = index.lookup(metric, labels, nowMs)
    if (typeof indexed === 'string') {
      notTaken[indexed] += 1
      continue
    }
    for (let i = 0; i < value.length; i++) batches.add(indexed, timeMs[i]!, value[i]!, nowMs)
  }
  return notTaken
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
