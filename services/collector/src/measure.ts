import type { Metric } from '@kubewise/metrics'
import { every, type Clock, type Logger } from '@kubewise/service'
import { backfill, oldestMs, type BackfillPorts } from './backfill.ts'
import type { Batches } from './batches.ts'
import { createPoller, type PollerPorts } from './poller.ts'

const FLUSH_MS = 1000
const FORGET_MS = 60_000
/** Questions about history that Prometheus is asked at a time. */
const HISTORIES_AT_ONCE = 3
const SPREAD_MS = 5000
/** All of history together takes no longer; what is happening now matters more. */
export const HISTORY_MS = 300_000

export interface MeasurePorts extends PollerPorts {
  clock: Clock
  log: Logger
  /** Of history: it is learnt from, it opens no anomaly. */
  history: Batches
  /** Messages that wait for the bus. */
  waiting: () => number
  /** Of history. */
  onSamples: BackfillPorts['onSamples']
  /** A metric is measured here no more. */
  onMoved: (metric: string) => void
}

/** Measures what it is told to, which may change at any time. */
export interface Measuring {
  /** From now on exactly these. What is measured already goes on undisturbed. */
  share(metrics: readonly Metric[]): void
  /** Resolves when the signal has aborted and everything is handed on. */
  readonly done: Promise<void>
}

/**
 * Collects metrics for as long as the signal lasts. On a cold start each one's history comes first, a few at a time; a metric
 * is polled as soon as its own history is sent, and after five minutes in any case.
 *
 * @param historyMs how far back history is asked for; 0 for a start that is not cold
 */
export function startMeasuring(ports: MeasurePorts, historyMs: number, signal: AbortSignal): Measuring {
  const { clock, log, index, batches } = ports
  const poll = createPoller(ports)
  const learn = historyMs > 0 ? createHistory(ports, historyMs, signal) : undefined
  const measured = new Map<string, AbortController>()
  const loops = new Set<Promise<void>>()

  async function measure(metric: Metric, waitMs: number, own: AbortSignal): Promise<void> {
    await learn?.(metric, own)
    await clock.sleep(waitMs, own).catch(() => undefined)
    await poll(metric, own)
  }

  function start(metric: Metric, waitMs: number): void {
    const own = new AbortController()
    measured.set(metric.name, own)
    const loop = measure(metric, waitMs, AbortSignal.any([signal, own.signal])).finally(() => loops.delete(loop))
    loops.add(loop)
  }

  function stop(name: string, own: AbortController): void {
    measured.delete(name)
    own.abort(new Error('another collector measures it'))
    ports.freshness.forget(name)
    index.forgetMetric(name)
    ports.onMoved(name)
  }

  const report = (error: unknown) => log.error({ err: error }, 'batches not sent')
  const done = Promise.all([
    every(clock, FLUSH_MS, signal, () => batches.flush(), report),
    every(clock, FORGET_MS, signal, () => index.forgetUnseen(clock.now()), report),
  ]).then(async () => {
    await Promise.all(loops)
    batches.flush()
  })

  return {
    share(metrics) {
      const wanted = new Set(metrics.map(({ name }) => name))
      for (const [name, own] of measured) if (!wanted.has(name)) stop(name, own)
      const added = metrics.filter(({ name }) => !measured.has(name))
      // Spread over the interval, so that Prometheus is not asked everything at once.
      for (const [place, metric] of added.entries())
        start(metric, (place / added.length) * Math.min(metric.intervalMs, SPREAD_MS))
    },
    done,
  }
}

/** Sends histories in the order they are asked for, a few at a time. */
function createHistory(
  ports: MeasurePorts,
  historyMs: number,
  signal: AbortSignal,
): (metric: Metric, own: AbortSignal) => Promise<void> {
  const { prometheus, clock, log } = ports
  const endMs = clock.now()
  const window = { startMs: endMs - historyMs, endMs }
  const backfilling: BackfillPorts = { ...ports, batches: ports.history }
  const startedMs = clock.monotonic()
  const isOver = () => clock.monotonic() - startedMs > HISTORY_MS
  const oldest = oldestMs(prometheus, window, signal).catch((error: unknown) => {
    if (!signal.aborted) log.warn({ err: error }, 'Prometheus does not say how far its history goes')
    return window.startMs
  })
  const turns: Promise<unknown>[] = Array.from({ length: HISTORIES_AT_ONCE }, () => Promise.resolve())
  let next = 0
  return async (metric, own) => {
    if (isOver()) return
    const startMs = await oldest
    const place = next++ % HISTORIES_AT_ONCE
    const turn = turns[place]!.then(() => backfill(backfilling, metric, { startMs, endMs, isOver }, own))
    turns[place] = turn
    const { samples } = await turn
    if (samples > 0) log.debug({ query: metric.name, samples }, 'history sent')
  }
}
