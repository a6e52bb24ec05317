import { SeasonalForecaster } from '@kubewise/stats'

const DAY_MS = 86_400_000
const HIGHEST_Z = 50

/** Scores one series' values as they come; learns each after scoring it. Undefined while it warms up: nothing may be learnt from that. */
export type SeriesScorer = (timeMs: number, value: number) => number | undefined

/** Tier 1's residual, its root taken and bounded; from the second day on. */
export function seriesScorer(): SeriesScorer {
  const forecaster = new SeasonalForecaster(1)
  forecaster.add()
  let startMs: number | undefined
  return (timeMs, value) => {
    startMs ??= timeMs
    const { smoothZ } = forecaster.learn(0, timeMs, value)
    return timeMs - startMs < DAY_MS ? undefined : Math.sqrt(Math.min(HIGHEST_Z, Math.abs(smoothZ)))
  }
}
