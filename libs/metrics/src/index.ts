export { ANSWER_BOUNDS, type AnswerBounds } from './bounded-answer.ts'
export { METRICS, metricNamed } from './catalogue/catalogue.ts'
export { UNKNOWN, type Direction, type Metric, type OwnerLabels, type Unit } from './metric.ts'
export { metricsInForce, NEWEST_SCRAPE } from './metrics-in-force.ts'
export {
  prometheusAt,
  PrometheusError,
  type LabelSet,
  type PromAnswer,
  type Prometheus,
  type PrometheusErrorKind,
} from './prometheus.ts'
export { readQuery, withGoodQueries, type QuerySyntax } from './query-syntax.ts'
export { validateQuery, type QueryVerdict } from './validate-query.ts'
