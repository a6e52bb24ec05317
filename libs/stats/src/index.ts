export { AdaptiveRandomForest, type ForestState } from './adaptive-random-forest.ts'
export { Adwin, type AdwinState } from './adwin.ts'
export { AlertBudget, type BudgetGroupState, type BudgetSettings } from './alert-budget.ts'
export { AlertGuard, rolloutFactor, type Guard } from './alert-guard.ts'
export { Alerts, type AlertMemberState, type AlertStep } from './alerts.ts'
export { BLOCK_MS, BlockMaxima } from './block-maxima.ts'
export { factorInto, solveLower, triangleCells } from './cholesky.ts'
export { CounterRates, type CounterRate } from './counter-rate.ts'
export { Columns, grown } from './columns.ts'
export { Cusum, type Shift } from './cusum.ts'
export { EntityDetector, type Contribution, type EntityScore, type EntityState } from './entity-detector.ts'
export { Episodes, type EpisodeStep } from './episode.ts'
export { EventSurprises, type EventSurprise } from './event-surprise.ts'
export { precisionOf, thresholdShift, type Labels } from './feedback.ts'
export { FlatSeries, type Flatness } from './flat-series.ts'
export { Growth, type GrowthForecast, type GrowthState } from './growth.ts'
export {
  HalfSpaceTrees,
  ORIGINAL_SETTINGS,
  RIVER_DEFAULTS,
  type HalfSpaceTreesSettings,
  type HalfSpaceTreesState,
} from './half-space-trees.ts'
export { Logistic, type LogisticState } from './logistic.ts'
export { median } from './median.ts'
export { MinMaxScaler } from './min-max-scaler.ts'
export {
  isNoveltyOnset,
  NOVELTY_VIEWS,
  NOVELTY_EPISODE_COLUMNS,
  NOVELTY_THRESHOLD,
  NoveltyEnsemble,
  REFRACTORY_SAMPLES,
  type Novelty,
  type NoveltyState,
} from './novelty-ensemble.ts'
export { nextRandom } from './random.ts'
export { Sampling, type Sampled, type SampleKind } from './sampling.ts'
export {
  BYTES_PER_SERIES,
  GREATEST_VALUE,
  SeasonalForecaster,
  WARM_UP_SAMPLES,
  type Forecast,
  type ForecasterState,
} from './seasonal-forecaster.ts'
export {
  ENTITY_BUDGET,
  SERIES_BUDGET,
  SERVICE_LEVEL_BUDGET,
  TREES_BUDGET,
  YOUNG_ENTITY_BUDGET,
  type ShippedBudget,
} from './shipped-budgets.ts'
export { SortedValues } from './sorted-values.ts'
export { msUntil, trendOf, type Trend } from './trend.ts'
export { viewAgreement, viewWeights } from './view-agreement.ts'
