import { BYTES_PER_SERIES, EntityDetector, NoveltyEnsemble, SeasonalForecaster } from '@kubewise/stats'
import { perSecondPerCore } from './per-core.ts'
import { SEED, streamOf } from './stream.ts'

const SERIES = 100_000
const SCRAPE_MS = 15_000
const NOVEL_SERIES = 1000
const ENTITIES = 100
const METRICS = 38
/** Samples of a series or an entity that is past its youth, in which the costlier parts have less to do, or more. */
const GROWN = 2100
const GATES = {
  tier1PerSecond: 5_000_000,
  tier1BytesPerSeries: 700,
  tier2PerSecond: 150_000,
  tier2BytesPerSeries: 6144,
  tier3PerSecond: 40_000,
}

/** One scrape after the other of so many series, each with noise of its own; the first `grown` are not timed. */
function scrapes(
  model: { add(): number; learn(index: number, timeMs: number, value: number): unknown },
  series: number,
  grown: number,
): number {
  for (let i = 0; i < series; i++) model.add()
  const values = streamOf(SEED, 65_536)
  let scrape = 0
  const learn = () => {
    const timeMs = SCRAPE_MS * scrape
    const offset = (scrape++ * 7919) & 65_535
    for (let i = 0; i < series; i++) model.learn(i, timeMs, values[(offset + i) & 65_535]!)
  }
  for (let i = 0; i < grown; i++) learn()
  return perSecondPerCore(learn, series)
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
  const learn = () => {
    scrape++
    for (let i = 0; i < ENTITIES; i++)
      detector.learn(i, vectors[(scrape + i) & 1023]!, surprises[(scrape * 7 + i) & 1023]!)
  }
  for (let i = 0; i < GROWN; i++) learn()
  return perSecondPerCore(learn, ENTITIES)
}

/** How fast each tier of the detector is, and how much it keeps. */
export async function tiers(tell: (say: string) => void) {
  tell('tier 1…')
  const tier1PerSecond = Math.round(scrapes(new SeasonalForecaster(SERIES), SERIES, 0))
  tell('tier 2…')
  const tier2PerSecond = Math.round(scrapes(new NoveltyEnsemble(NOVEL_SERIES), NOVEL_SERIES, GROWN))
  tell('tier 3…')
  const figures = {
    tier1PerSecond,
    tier1BytesPerSeries: BYTES_PER_SERIES,
    tier2PerSecond,
    tier2BytesPerSeries: NoveltyEnsemble.bytesPerSeries,
    tier3PerSecond: Math.round(tier3()),
  }
  const measured = `tier 1 at ${SERIES.toLocaleString('en')} series, tier 2 at ${NOVEL_SERIES.toLocaleString('en')}, tier 3 at ${ENTITIES} entities of ${METRICS} metrics, by CPU time of one core`
  return { figures, gates: GATES, measured }
}
