import { BYTES_PER_SERIES, EntityDetector, SeasonalForecaster } from '@kubewise/stats'
import { perSecondPerCore } from './per-core.ts'
import { SEED, streamOf } from './stream.ts'

const SERIES = 100_000
const SCRAPE_MS = 15_000
const ENTITIES = 100
const METRICS = 38
const GATES = { tier1PerSecond: 5_000_000, tier1BytesPerSeries: 700, tier3PerSecond: 40_000 }

/** One scrape after the other of so many series, each with noise of its own. */
function tier1(): number {
  const forecaster = new SeasonalForecaster(SERIES)
  for (let i = 0; i < SERIES; i++) forecaster.add()
  const values = streamOf(SEED, 65_536)
  let scrape = 0
  return perSecondPerCore(() => {
    const timeMs = SCRAPE_MS * scrape
    const offset = (scrape++ * 7919) & 65_535
    for (let i = 0; i < SERIES; i++) forecaster.learn(i, timeMs, values[(offset + i) & 65_535]!)
  }, SERIES)
}

/** One vector after the other of so many entities, each metric with noise of its own; tier 1's part of it is not counted again. */
function tier3(): number {
  const detector = new EntityDetector(METRICS, ENTITIES)
  for (let i = 0; i < ENTITIES; i++) detector.add()
  const numbers = streamOf(SEED, 65_536)
  const vectorAt = (n: number) => {
    const from = (n * 7919) % (numbers.length - METRICS)
    return numbers.subarray(from, from + METRICS)
  }
  const vectors = Array.from({ length: 1024 }, (_, n) => vectorAt(n))
  const surprises = vectors.map((vector) => vector.map((value) => (value - 50) / 10))
  let scrape = 0
  return perSecondPerCore(() => {
    scrape++
    for (let i = 0; i < ENTITIES; i++)
      detector.learn(i, vectors[(scrape + i) & 1023]!, surprises[(scrape * 7 + i) & 1023]!)
  }, ENTITIES)
}

/** How fast each tier of the detector is, and how much it keeps. */
export async function tiers(tell: (say: string) => void) {
  tell('tier 1…')
  const first = { tier1PerSecond: Math.round(tier1()), tier1BytesPerSeries: BYTES_PER_SERIES }
  tell('tier 3…')
  const figures = { ...first, tier3PerSecond: Math.round(tier3()) }
  const measured = `tier 1 at ${SERIES.toLocaleString('en')} series, tier 3 at ${ENTITIES} entities of ${METRICS} metrics, by CPU time of one core`
  return { figures, gates: GATES, measured }
}
