import type { Metric } from '@kubewise/metrics'
import { every, type Clock, type Logger } from '@kubewise/service'
import { backfill, oldestMs, type BackfillPorts } from './backfill.ts'
import type { Batches } from './batches.ts'
import { createPoller, type PollerPorts } from './poller.ts'
import type { SeriesIndex } from './series-index.ts'

const FLUSH_MS = 1000
const FORGET_MS = 60_000
/** Questions about history that Prometheus is asked at a time. */
const HISTORIES_AT_ONCE = 3
const SPREAD_MS = 5000
/** All of history together takes no longer; what is happening now matters more. */
const HISTORY_MS = 300_000

export interface MeasurePorts extends PollerPorts {
  clock: Clock
  log: Logger
  index: SeriesIndex
  /** Of history: it is learnt from, it opens no anomaly. */
  history: Batches
  /** Messages that wait for the bus. */
  waiting: () => number
  /** Of history. */
  onSamples: BackfillPorts['onSamples']
}

/**
 * Collects every metric for as long as the signal lasts. On a cold start each one's history comes first, a few at a time; a metric
 * is polled as soon as its own history is sent, and after five minutes in any case.
 *
 * @param historyMs how far back history is asked for; 0 for a start that is not cold
 */
export async function measure(
  ports: MeasurePorts,
  metrics: readonly Metric[],
  historyMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, index, batches } = ports
  const poll = createPoller(ports)
  const learn = historyMs > 0 ? await createHistory(ports, historyMs, signal) : undefined
  const loops = metrics.map(async (metric, position) => {
    await learn?.(metric)
    // Spread over the interval, so that Prometheus is not asked everything at once.
    const waitMs = (position / metrics.length) * Math.min(metric.intervalMs, SPREAD_MS)
    await clock.sleep(waitMs, signal).catch(() => undefined)
    await poll(metric, signal)
  })
  const report = (error: unknown) => log.error({ err: error }, 'batches not sent')
  await Promise.all([
    ...loops,
    every(clock, FLUSH_MS, signal, () => batches.flush(), report),
    every(clock, FORGET_MS, signal, () => index.forgetUnseen(clock.now()), report),
  ])
  batches.flush()
}

/** Sends histories in the order they are asked for, a few at a time. */
async function createHistory(
  { prometheus, clock, log, index, history, waiting, onSamples }: MeasurePorts,
  historyMs: number,
  signal: AbortSignal,
): Promise<(metric: Metric) => Promise<void>> {
  const endMs = clock.now()
  const window = { startMs: endMs - historyMs, endMs }
  const ports: BackfillPorts = { prometheus, clock, log, index, batches: history, waiting, onSamples }
  const startedMs = clock.monotonic()
  const isOver = () => clock.monotonic() - startedMs > HISTORY_MS
  const startMs = await oldestMs(prometheus, window, signal).catch((error: unknown) => {
    if (!signal.aborted) log.warn({ err: error }, 'Prometheus does not say how far its history goes')
    return window.startMs
  })
  const turns: Promise<unknown>[] = Array.from({ length: HISTORIES_AT_ONCE }, () => Promise.resolve())
  let next = 0
  return async (metric) => {
    const place = next++ % HISTORIES_AT_ONCE
    const turn = turns[place]!.then(() => backfill(ports, metric, { startMs, endMs, isOver }, signal))
    turns[place] = turn
    const { samples } = await turn
    if (samples > 0) log.debug({ query: metric.name, samples }, 'history sent')
  }
}
