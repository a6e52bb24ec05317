import { PromqlError } from '../promql/error.ts'
import { evaluateAt, evaluateOver } from '../promql/evaluate.ts'
import { formatValue } from '../promql/number-text.ts'
import { parsePromql } from '../promql/parse.ts'
import type { RangeSeries, Value } from '../promql/value.ts'
import type { SeriesStore } from '../series/series-store.ts'
import { durationOf, timeOf, within, type Parameters } from './parameters.ts'

const MOST_POINTS = 11_000

type Point = [seconds: number, value: string]

const point = (timeMs: number, value: number): Point => [timeMs / 1000, formatValue(value)]

function matrix(series: readonly RangeSeries[]): object[] {
  return series.map(({ labels, timesMs, values }) => ({
    metric: labels,
    values: timesMs.map((timeMs, index) => point(timeMs, values[index]!)),
  }))
}

function instantData(value: Value, atMs: number): object {
  switch (value.type) {
    case 'scalar':
      return { resultType: 'scalar', result: point(atMs, value.value) }
    case 'string':
      return { resultType: 'string', result: [atMs / 1000, value.value] }
    case 'matrix':
      return { resultType: 'matrix', result: matrix(value.series) }
    default:
      return {
        resultType: 'vector',
        result: value.samples.map((sample) => ({ metric: sample.labels, value: point(atMs, sample.value) })),
      }
  }
}

/** `/api/v1/query`. @throws PromqlError */
export function answerQuery(store: SeriesStore, parameters: Parameters, nowMs: number): object {
  const atMs = timeOf(parameters, 'time', nowMs)
  const expression = within('query', () => parsePromql(parameters.get('query') ?? ''))
  return instantData(evaluateAt(store, expression, atMs), atMs)
}

/** `/api/v1/query_range`. @throws PromqlError */
export function answerQueryRange(store: SeriesStore, parameters: Parameters): object {
  const startMs = timeOf(parameters, 'start')
  const endMs = timeOf(parameters, 'end')
  if (endMs < startMs)
    throw new PromqlError('bad_data', 'invalid parameter "end": end timestamp must not be before start time')
  const stepMs = durationOf(parameters, 'step')
  if (stepMs <= 0)
    throw new PromqlError(
      'bad_data',
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    )
  if ((endMs - startMs) / stepMs > MOST_POINTS)
    throw new PromqlError(
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    )
  const expression = within('query', () => parsePromql(parameters.get('query') ?? ''))
  const series = evaluateOver(store, expression, { startMs, endMs, stepMs })
  return { resultType: 'matrix', result: matrix(series) }
}
