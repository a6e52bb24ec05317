export { median } from './median.ts'
export { SeasonalForecaster, WARM_UP_SAMPLES, type Forecast, type ForecasterState } from './seasonal-forecaster.ts'
export { msUntil, trendOf, type Trend } from './trend.ts'
