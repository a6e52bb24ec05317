import { eventually } from '@kubewise/testkit'
import { collectorAndDetector } from '../collector-and-detector.ts'

const PODS = 500
const METRICS = 20
const LOOKED_EVERY_MS = 50
const SECOND = 1000
/** 22 hours in steps of five minutes, two in steps of 15 s; ends may be counted twice or not at all. */
const LEAST_HISTORY_POINTS = PODS * METRICS * (22 * 12 + 2 * 240 - 4)

/**
 * A new installation on a Prometheus that holds a day of 10,000 series, scraped each 15 s: from the start of both services until
 * all history that was served is learnt and a live sample of each series is handled. Collector, detector, nats-server, HTTP, in real time.
 */
export async function coldstart(tell: (say: string) => void) {
  let learnt = 0
  const live = new Set<string>()
  await using both = await collectorAndDetector(
    { pods: PODS, metrics: METRICS, interval: '15s' },
    {},
    ({ isBackfill, of, series }) => {
      if (isBackfill) learnt += of.length
      else for (const i of of) live.add(series[i]!.key)
    },
  )
  const startedMs = performance.now()
  const sinceStart = () => Math.round((performance.now() - startedMs) / 10) / 100
  await both.start()
  let last = 0
  await eventually(
    async () => {
      const served = await both.served()
      if (learnt - last > 500_000) tell(`${(last = learnt)} of ${served} points learnt`)
      return served >= LEAST_HISTORY_POINTS && learnt >= served && live.size >= PODS * METRICS
    },
    {
      timeoutMs: 600 * SECOND,
      everyMs: LOOKED_EVERY_MS,
      say: 'all history is learnt, and a live sample of each series is handled',
    },
  )
  const seconds = sinceStart()
  return {
    figures: { seconds, historyPoints: await both.served() },
    gates: { seconds: 120 },
    measured: `${PODS * METRICS} series, a day of history: 22 h at 5 min, 2 h at 15 s`,
  }
}
