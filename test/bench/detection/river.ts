import { HalfSpaceTrees, MinMaxScaler, ORIGINAL_SETTINGS, RIVER_DEFAULTS, SeasonalForecaster } from '@kubewise/stats'
import { perSecondPerCore } from './per-core.ts'
import { riverPerSecond } from './river-python.ts'
import { SEED, streamOf } from './stream.ts'

const SAMPLES = 40_000
/** River does some hundreds a second with the original's setting. */
const SAMPLES_OF_ORIGINAL = 2000
const SCRAPE_MS = 15_000

function tier1(values: Float64Array): number {
  const forecaster = new SeasonalForecaster(1)
  const series = forecaster.add()
  let i = 0
  return perSecondPerCore(() => {
    for (const value of values) forecaster.learn(series, SCRAPE_MS * i++, value)
  }, values.length)
}

function trees(values: Float64Array, settings: typeof RIVER_DEFAULTS | typeof ORIGINAL_SETTINGS): number {
  const model = new HalfSpaceTrees(1, { ...settings, seed: 42 })
  const scaler = new MinMaxScaler(1)
  const sample = new Float64Array(1)
  return perSecondPerCore(() => {
    for (const value of values) {
      sample[0] = value
      scaler.learn(sample)
      model.learn(sample)
    }
  }, values.length)
}

/**
 * The same stream of one series through River's Half-Space Trees with a scaler, as the original ran them and at River's default,
 * and through what takes their place here, the forecaster of tier 1: samples per second of CPU time. Beside it our own
 * Half-Space Trees, the same algorithm.
 */
export async function river(tell: (say: string) => void) {
  const values = streamOf(SEED, SAMPLES)
  const riverDefault = await riverPerSecond(values, RIVER_DEFAULTS, tell)
  tell(`River's default: ${Math.round(riverDefault)} a second`)
  const riverOriginal = await riverPerSecond(values.slice(0, SAMPLES_OF_ORIGINAL), ORIGINAL_SETTINGS, tell)
  tell(`the original's setting: ${Math.round(riverOriginal)} a second`)
  const ours = tier1(values)
  const round = (ratio: number) => Math.round(ratio * 10) / 10
  const figures = {
    ratioSeedSetting: round(ours / riverOriginal),
    ratioDefaultSetting: round(ours / riverDefault),
    tier1PerSecond: Math.round(ours),
    riverSeedPerSecond: Math.round(riverOriginal),
    riverDefaultPerSecond: Math.round(riverDefault),
    treesRatioSeedSetting: round(trees(values, ORIGINAL_SETTINGS) / riverOriginal),
    treesRatioDefaultSetting: round(trees(values, RIVER_DEFAULTS) / riverDefault),
  }
  return {
    figures,
    gates: { ratioSeedSetting: 100, ratioDefaultSetting: 100 },
    measured: 'one series through River 0.26.1 and through tier 1, in one run; by CPU time of one core',
  }
}
