export {
  HalfSpaceTrees,
  ORIGINAL_SETTINGS,
  RIVER_DEFAULTS,
  type HalfSpaceTreesSettings,
  type HalfSpaceTreesState,
} from './half-space-trees.ts'
export { median } from './median.ts'
export { MinMaxScaler } from './min-max-scaler.ts'
export {
  BYTES_PER_SERIES,
  GREATEST_VALUE,
  SeasonalForecaster,
  WARM_UP_SAMPLES,
  type Forecast,
  type ForecasterState,
} from './seasonal-forecaster.ts'
export { msUntil, trendOf, type Trend } from './trend.ts'
export {
  isNoveltyOnset,
  NOVELTY_EPISODE_COLUMNS,
  NOVELTY_THRESHOLD,
  NoveltyEnsemble,
  REFRACTORY_SAMPLES,
  type Novelty,
  type NoveltyState,
} from './novelty-ensemble.ts'
