import { PromqlError } from '../promql/error.ts'
import { parseSelector } from '../promql/parse.ts'
import type { Series } from '../series/series.ts'
import type { SeriesStore } from '../series/series-store.ts'
import { timeOf, within, type Parameters } from './parameters.ts'

/** Series by `match[]` (all, where none is given) that have a sample between `start` and `end`. */
function findSeries(store: SeriesStore, parameters: Parameters): Set<Series> {
  const fromMs = timeOf(parameters, 'start', 0)
  const toMs = timeOf(parameters, 'end', Number.MAX_SAFE_INTEGER)
  const given = parameters.getAll('match[]')
  const matches = within('match[]', () => given.map(parseSelector))
  const found = matches.length > 0 ? matches.flatMap((matchers) => store.select(matchers)) : store.select([])
  return new Set(found.filter((series) => store.hasSampleBetween(series, fromMs, toMs)))
}

/** `/api/v1/series`. @throws PromqlError */
export function answerSeries(store: SeriesStore, parameters: Parameters): object {
  if (!parameters.has('match[]')) throw new PromqlError('bad_data', 'no match[] parameter provided')
  return Array.from(findSeries(store, parameters), (series) => series.labels)
}

/** `/api/v1/labels`. @throws PromqlError */
export function answerLabels(store: SeriesStore, parameters: Parameters): object {
  const names = new Set(Array.from(findSeries(store, parameters)).flatMap((series) => Object.keys(series.labels)))
  return Array.from(names).sort()
}

/** `/api/v1/label/NAME/values`. @throws PromqlError */
export function answerLabelValues(store: SeriesStore, parameters: Parameters, name: string): object {
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
    throw new PromqlError('bad_data', `invalid label name: ${JSON.stringify(name)}`)
  const values = Array.from(findSeries(store, parameters), (series) => series.labels[name] ?? '')
  return Array.from(new Set(values.filter((value) => value !== ''))).sort()
}
