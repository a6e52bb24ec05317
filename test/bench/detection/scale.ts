import { eventually } from '@kubewise/testkit'
import { collectorAndDetector } from '../collector-and-detector.ts'

const PODS = 5000
const METRICS = 20
const SCRAPE_MS = 15_000
const MEASURED_SCRAPES = 4
/** After so many every entity has its place in tier 3. */
const SETTLED_SCRAPES = 12
const MB = 1024 ** 2

/**
 * 100,000 series of 5,000 pods, each an entity of tier 3, at a scrape of 15 s, collector and detector in this process with NATS and HTTP between: the share
 * of one core over whole scrapes, and the resident memory at their end.
 */
export async function scale(tell: (say: string) => void) {
  await using both = await collectorAndDetector(
    { pods: PODS, metrics: METRICS, interval: `${SCRAPE_MS}ms` },
    { KUBEWISE_HISTORY_SECONDS: '0' },
  )
  await both.start()
  await eventually(async () => (await both.scored()) >= SETTLED_SCRAPES * PODS * METRICS, {
    timeoutMs: 2 * SETTLED_SCRAPES * SCRAPE_MS,
    say: 'entities are looked at as a whole',
  })
  tell(`measuring ${MEASURED_SCRAPES} scrapes…`)
  const before = { cpu: process.cpuUsage(), ms: performance.now(), scored: await both.scored() }
  await both.sleep(MEASURED_SCRAPES * SCRAPE_MS)
  const { user, system } = process.cpuUsage(before.cpu)
  const elapsedMs = performance.now() - before.ms
  return {
    figures: {
      series: PODS * METRICS,
      coreShare: Math.round((user + system) / elapsedMs) / 1000,
      rssMb: Math.round(process.memoryUsage.rss() / MB),
      scoredPerScrape: Math.round((((await both.scored()) - before.scored) * SCRAPE_MS) / elapsedMs),
    },
    gates: { coreShare: 0.6, rssMb: 600 },
    measured: `${PODS} pods, ${METRICS} metrics each, ${SCRAPE_MS / 1000} s`,
  }
}
