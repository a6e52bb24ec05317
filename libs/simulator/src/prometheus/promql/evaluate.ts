import { withoutName, type Labels, labelKey } from '../series/labels.ts'
import type { Series } from '../series/series.ts'
import type { SeriesStore } from '../series/series-store.ts'
import { aggregate } from './aggregate.ts'
import { operate } from './binary.ts'
import { PromqlError } from './error.ts'
import { vectorOf } from './function.ts'
import { FUNCTIONS } from './functions.ts'
import type { Aggregation, At, Call, Expression, Selector, Subquery } from './syntax.ts'
import type { Matrix, RangeSeries, Value, VectorSample } from './value.ts'

const MINUTE_MS = 60_000

/** How long a sample stands for its series when no newer one and no staleness marker follows. */
const LOOKBACK_MS = 5 * MINUTE_MS

/** The instants of one query; an instant query starts and ends at once. */
export interface QueryRange {
  startMs: number
  endMs: number
  stepMs: number
}

interface Scope {
  store: SeriesStore
  range: QueryRange
  /** What each selector found, once per query. */
  selected: Map<Selector, Series[]>
}

/** @throws PromqlError of kind `execution` */
export function evaluateAt(store: SeriesStore, expression: Expression, atMs: number): Value {
  return evaluate(scopeOf(store, { startMs: atMs, endMs: atMs, stepMs: 0 }), expression, atMs)
}

/**
 * Evaluates at every step from start to end, both included.
 *
 * @throws PromqlError of kind `bad_data` if the expression is neither scalar nor instant vector, of kind `execution` else
 */
export function evaluateOver(store: SeriesStore, expression: Expression, range: QueryRange): RangeSeries[] {
  return evaluateSteps(scopeOf(store, range), expression, range.startMs, range.endMs, range.stepMs)
}

function scopeOf(store: SeriesStore, range: QueryRange): Scope {
  return { store, range, selected: new Map() }
}

function evaluateSteps(
  scope: Scope,
  expression: Expression,
  fromMs: number,
  toMs: number,
  stepMs: number,
): RangeSeries[] {
  const results = new Map<string, RangeSeries>()
  for (let atMs = fromMs; atMs <= toMs; atMs += stepMs) {
    for (const { labels, value } of stepSamples(evaluate(scope, expression, atMs))) {
      const key = labelKey(labels)
      const series = results.get(key) ?? { labels, timesMs: [], values: [] }
      series.timesMs.push(atMs)
      series.values.push(value)
      results.set(key, series)
    }
  }
  return Array.from(results.values())
}

const NO_LABELS: Labels = withoutName(Object.create(null) as Labels)

function stepSamples(value: Value): VectorSample[] {
  if (value.type === 'vector') return value.samples
  if (value.type === 'scalar') return [{ labels: NO_LABELS, value: value.value }]
  throw new PromqlError(
    'bad_data',
    `invalid expression type ${JSON.stringify(value.type)} for range query, must be Scalar or instant Vector`,
  )
}

function evaluate(scope: Scope, expression: Expression, atMs: number): Value {
  switch (expression.type) {
    case 'number':
      return { type: 'scalar', value: expression.value }
    case 'string':
      return { type: 'string', value: expression.value }
    case 'group':
      return evaluate(scope, expression.operand, atMs)
    case 'negation':
      return negate(evaluate(scope, expression.operand, atMs))
    case 'selector':
      return select(scope, expression, atMs)
    case 'range':
      return selectRange(scope, expression.selector, expression.rangeMs, atMs)
    case 'subquery':
      return evaluateSubquery(scope, expression, atMs)
    case 'binary':
      return operate(expression, evaluate(scope, expression.left, atMs), evaluate(scope, expression.right, atMs))
    case 'call':
      return call(scope, expression, atMs)
    default:
      return evaluateAggregation(scope, expression, atMs)
  }
}

function evaluateAggregation(scope: Scope, expression: Aggregation, atMs: number): Value {
  const { operator, grouping, isWithout } = expression
  const operand = evaluate(scope, expression.operand, atMs)
  const parameter = expression.parameter && evaluate(scope, expression.parameter, atMs)
  const samples = operand.type === 'vector' ? operand.samples : []
  return { type: 'vector', samples: aggregate(operator, grouping, isWithout, samples, parameter) }
}

function negate(value: Value): Value {
  if (value.type === 'scalar') return { type: 'scalar', value: -value.value }
  if (value.type !== 'vector') throw new TypeError(`cannot negate ${value.type}`)
  return vectorOf(value.samples.map((sample) => ({ labels: withoutName(sample.labels), value: -sample.value })))
}

function call(scope: Scope, { name, arguments: expressions }: Call, atMs: number): Value {
  const values = expressions.map((argument) => evaluate(scope, argument, atMs))
  const spec = FUNCTIONS[name]
  if (!spec) throw new PromqlError('bad_data', `parse error: unknown function with name ${JSON.stringify(name)}`)
  return spec.call({ values, expressions, atMs })
}

function shifted(scope: Scope, { at, offsetMs }: { at: At | undefined; offsetMs: number }, atMs: number): number {
  if (at === undefined) return atMs - offsetMs
  if (at === 'start') return scope.range.startMs - offsetMs
  return (at === 'end' ? scope.range.endMs : at.atMs) - offsetMs
}

function seriesOf(scope: Scope, selector: Selector): Series[] {
  const known = scope.selected.get(selector)
  if (known) return known
  const found = scope.store.select(selector.matchers)
  scope.selected.set(selector, found)
  return found
}

function select(scope: Scope, selector: Selector, atMs: number): Value {
  const readMs = shifted(scope, selector, atMs)
  const samples: VectorSample[] = []
  for (const series of seriesOf(scope, selector)) {
    const found = scope.store.at(series, readMs, LOOKBACK_MS)
    if (found) samples.push({ labels: series.labels, value: found.value, sampledMs: found.timeMs })
  }
  return { type: 'vector', samples }
}

function selectRange(scope: Scope, selector: Selector, rangeMs: number, atMs: number): Matrix {
  const toMs = shifted(scope, selector, atMs)
  const fromMs = toMs - rangeMs
  const found: RangeSeries[] = []
  for (const series of seriesOf(scope, selector)) {
    const points = scope.store.between(series, fromMs, toMs)
    if (points.timesMs.length > 0) found.push({ labels: series.labels, ...points })
  }
  return { type: 'matrix', series: found, fromMs, toMs }
}

/** The steps of a subquery lie on multiples of its step, wherever the query begins. */
function evaluateSubquery(scope: Scope, subquery: Subquery, atMs: number): Matrix {
  const toMs = shifted(scope, subquery, atMs)
  const fromMs = toMs - subquery.rangeMs
  const stepMs = subquery.stepMs ?? MINUTE_MS
  const firstMs = Math.ceil(fromMs / stepMs) * stepMs
  return { type: 'matrix', series: evaluateSteps(scope, subquery.expression, firstMs, toMs, stepMs), fromMs, toMs }
}
