import { BYTES_PER_SERIES, SeasonalForecaster } from '@kubewise/stats'
import { perSecondPerCore } from './per-core.ts'
import { SEED, streamOf } from './stream.ts'

const SERIES = 100_000
const SCRAPE_MS = 15_000
const GATES = { tier1PerSecond: 5_000_000, tier1BytesPerSeries: 700 }

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

/** How fast each tier of the detector is, and how much it keeps. */
export async function tiers(tell: (say: string) => void) {
  tell('tier 1…')
  const figures = { tier1PerSecond: Math.round(tier1()), tier1BytesPerSeries: BYTES_PER_SERIES }
  return { figures, gates: GATES, measured: `tier 1 at ${SERIES.toLocaleString('en')} series, by CPU time of one core` }
}
