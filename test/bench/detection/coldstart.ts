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
 * all history is learnt and as many live samples are scored as there are series. Collector, detector, nats-server, HTTP, in real time.
 */
export async function coldstart(tell: (say: string) => void) {
  await using both = await collectorAndDetector({ pods: PODS, metrics: METRICS, interval: '15s' }, {})
  const startedMs = performance.now()
  const sinceStart = () => Math.round((performance.now() - startedMs) / 10) / 100
  await both.start()
  let last = 0
  await eventually(
    async () => {
      const [scored, served] = await Promise.all([both.scored(), both.served()])
      if (scored - last > 500_000) tell(`${(last = scored)} of ${served} points learnt`)
      return served >= LEAST_HISTORY_POINTS && scored >= served + PODS * METRICS
    },
    {
      timeoutMs: 600 * SECOND,
      everyMs: LOOKED_EVERY_MS,
      say: 'all history is learnt, and as many live samples as there are series',
    },
  )
  const seconds = sinceStart()
  return {
    figures: { seconds, historyPoints: await both.served() },
    gates: { seconds: 120 },
    measured: `${PODS * METRICS} series, a day of history: 22 h at 5 min, 2 h at 15 s`,
  }
}
