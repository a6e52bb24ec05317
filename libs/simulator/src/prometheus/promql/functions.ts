import type { FunctionSpec } from './function.ts'
import { COUNTER_FUNCTIONS } from './functions/counter.ts'
import { DATE_FUNCTIONS } from './functions/date.ts'
import { HISTOGRAM_FUNCTIONS } from './functions/histogram.ts'
import { LABEL_FUNCTIONS } from './functions/label.ts'
import { MATH_FUNCTIONS } from './functions/math.ts'
import { OVER_TIME_FUNCTIONS } from './functions/over-time.ts'
import { PRESENCE_FUNCTIONS } from './functions/presence.ts'
import { REGRESSION_FUNCTIONS } from './functions/regression.ts'

/** Every PromQL function that the simulated Prometheus knows, by name. */
export const FUNCTIONS: Record<string, FunctionSpec> = {
  ...COUNTER_FUNCTIONS,
  ...DATE_FUNCTIONS,
  ...HISTOGRAM_FUNCTIONS,
  ...LABEL_FUNCTIONS,
  ...MATH_FUNCTIONS,
  ...OVER_TIME_FUNCTIONS,
  ...PRESENCE_FUNCTIONS,
  ...REGRESSION_FUNCTIONS,
}
