import { PrometheusError, NEWEST_SCRAPE, type Metric, type PromAnswer, type Prometheus } from '@kubewise/metrics'
import type { Clock, Logger } from '@kubewise/service'
import { backOffMs } from './back-off.ts'
import { failureOf, type Failure } from './failure.ts'
import type { FreshnessBoard } from './freshness.ts'
import { CLOCK_TOLERANCE_MS, takeInto, type Into, type Taken } from './take-into.ts'

export interface PollerPorts extends Into {
  prometheus: Prometheus
  clock: Clock
  log: Logger
  freshness: FreshnessBoard
  /** @param hasWarnings of Prometheus */
  onPolled(metric: string, taken: Taken, hasWarnings: boolean): void
  onFailed(metric: string, why: Failure): void
}

/**
 * Polls one metric at its interval for as long as the signal lasts. Where Prometheus refuses the query it is asked ever more
 * seldom, up to every five minutes; where Prometheus is away, at each beat. Its trouble is told once and each hour; none is ever
 * given up: a metric that an exporter brings tomorrow is collected tomorrow.
 */
export function createPoller(ports: PollerPorts): (metric: Metric, signal: AbortSignal) => Promise<void> {
  const scrapedMs = createScrapeAge(ports)
  const { clock, log } = ports
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
        ports.onFailed(metric.name, failureOf(error))
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

async function pollOnce(ports: PollerPorts, metric: Metric, scrapedMs: number, signal: AbortSignal): Promise<void> {
  const { clock, freshness } = ports
  const answer = await ports.prometheus.query(metric.query, signal)
  // Another collector measures it by now, and answers for how fresh it is.
  signal.throwIfAborted()
  if (answer.resultType === 'matrix')
    throw new PrometheusError('refused', 'the query gives ranges; put a function such as rate(…) around it')
  const nowMs = clock.now()
  const taken = takeInto(ports, metric, answer, { startMs: nowMs, endMs: nowMs }, nowMs)
  ports.onPolled(metric.name, taken, answer.warnings.length > 0)
  const { samples } = taken
  if (samples.taken === 0 && samples.ahead + samples.behind > 0)
    throw new PrometheusError('misdated', `${misdated(answer.series, nowMs)}: is a clock off?`)
  // An instant query is always dated now; what it rests on is not younger than the newest scrape.
  freshness.sampled(metric.name, Math.min(nowMs, scrapedMs), metric.intervalMs)
}

function misdated(series: PromAnswer['series'], nowMs: number): string {
  const offMs = Math.max(...series.flatMap(({ timeMs }) => timeMs.slice(0, 1)).slice(0, 100)) - nowMs
  return `Prometheus dates all samples wrong, by ${Math.round(Math.abs(offMs) / 1000)} s ${offMs > 0 ? 'ahead' : 'behind'}`
}

const SCRAPE_ASKED_MS = 5000

/** When Prometheus last scraped anything, asked at most every 5 s; 0 (long ago) where it does not say, or says a time to come. */
function createScrapeAge({ prometheus, clock }: PollerPorts): (signal: AbortSignal) => Promise<number> {
  let askedMs = Number.NEGATIVE_INFINITY
  let answer: Promise<number> = Promise.resolve(0)
  return (signal) => {
    if (clock.monotonic() - askedMs >= SCRAPE_ASKED_MS) {
      askedMs = clock.monotonic()
      answer = prometheus.query(NEWEST_SCRAPE, signal).then(
        ({ series }) => {
          const ms = (series[0]?.value[0] ?? 0) * 1000
          return ms > clock.now() + CLOCK_TOLERANCE_MS ? 0 : ms
        },
        () => 0,
      )
    }
    return answer
  }
}
