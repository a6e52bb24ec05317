import type { Metric, Prometheus } from '@kubewise/metrics'
import type { Clock, Logger } from '@kubewise/service'
import { takeInto, type Into, type SampleCounts } from './take-into.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** The last hours are learnt at the metric's own interval, what is older at a coarser one: enough for level and season. */
const FINE_MS = 2 * HOUR
const COARSE_STEP_MS = 5 * MINUTE
/** Points of one answer; some tens of megabytes of JSON. */
const POINTS_PER_ANSWER = 500_000
/** Prometheus answers no more for one series. */
const POINTS_PER_SERIES = 10_000
const MOST_WAITING = 1000
const WAIT_MS = 100

export interface BackfillPorts extends Into {
  prometheus: Prometheus
  clock: Clock
  log: Logger
  /** Messages that wait for the bus; history waits while they are many. */
  waiting: () => number
  onSamples(count: SampleCounts): void
}

/** A stretch of history that is asked for at one step. */
interface Stretch {
  startMs: number
  endMs: number
  stepMs: number
}

/** How a window of history is asked for: coarse, then fine, oldest first, each answer bounded. Steps lie on their own grid. */
export function chunksOf(
  { startMs, endMs, intervalMs }: { startMs: number; endMs: number; intervalMs: number },
  seriesCount: number,
): Stretch[] {
  const fineFromMs = Math.max(startMs, endMs - FINE_MS)
  const coarseStepMs = Math.max(COARSE_STEP_MS, intervalMs)
  return [
    ...cut({ startMs, endMs: fineFromMs - 1, stepMs: coarseStepMs }, seriesCount),
    ...cut({ startMs: fineFromMs, endMs, stepMs: intervalMs }, seriesCount),
  ]
}

function cut({ startMs, endMs, stepMs }: Stretch, seriesCount: number): Stretch[] {
  const points = Math.max(1, Math.min(POINTS_PER_SERIES, Math.floor(POINTS_PER_ANSWER / Math.max(1, seriesCount))))
  const chunks: Stretch[] = []
  for (let fromMs = Math.ceil(startMs / stepMs) * stepMs; fromMs <= endMs; fromMs += points * stepMs)
    chunks.push({ startMs: fromMs, endMs: Math.min(endMs, fromMs + (points - 1) * stepMs), stepMs })
  return chunks
}

/** Since when Prometheus holds anything, to the hour; `endMs` where it does not say. */
export async function oldestMs(
  prometheus: Prometheus,
  { startMs, endMs }: { startMs: number; endMs: number },
  signal: AbortSignal,
): Promise<number> {
  const { series } = await prometheus.queryRange('count(up)', { startMs, endMs, stepMs: HOUR / 4 }, signal)
  const first = series[0]?.timeMs[0]
  return first === undefined ? endMs : Math.max(startMs, first - HOUR / 4)
}

/**
 * Sends a metric's history, oldest first, so that its models need not begin blind. For a cold start only: a stream that holds
 * signals already has been learnt from. What cannot be answered is left out, told, never fatal.
 *
 * @param window.isOver whether there is no time left for history
 * @returns how many samples were sent
 */
export async function backfill(
  ports: BackfillPorts,
  metric: Metric,
  window: { startMs: number; endMs: number; isOver: () => boolean },
  signal: AbortSignal,
): Promise<{ samples: number }> {
  const { prometheus, clock, log, batches, waiting, onSamples } = ports
  let samples = 0
  try {
    const { series } = await prometheus.query(`count(${metric.query}\n)`, signal)
    const seriesCount = series[0]?.value[0] ?? 0
    if (seriesCount === 0) return { samples }
    for (const range of chunksOf({ ...window, intervalMs: metric.intervalMs }, seriesCount)) {
      while (waiting() > MOST_WAITING && !window.isOver()) await clock.sleep(WAIT_MS, signal)
      if (signal.aborted) break
      if (window.isOver()) {
        log.warn({ query: metric.name, samples }, 'the rest of its history is left out: it takes too long')
        break
      }
      const answer = await prometheus.queryRange(metric.query, range, signal)
      if (signal.aborted) break
      const taken = takeInto(ports, metric, answer, range, clock.now())
      onSamples(taken.samples)
      samples += taken.samples.taken
      batches.flush()
    }
  } catch (error) {
    if (!signal.aborted) log.warn({ query: metric.name, err: error }, 'no history for this query')
  }
  return { samples }
}
