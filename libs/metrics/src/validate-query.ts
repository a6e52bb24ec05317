import { PrometheusError, type LabelSet, type Prometheus } from './prometheus.ts'
import { readQuery } from './query-syntax.ts'

const SAMPLES_SHOWN = 5
/** More series than this from one query are rather a forgotten `by (…)` than a metric. */
const MANY_SERIES = 100_000

/** What became of a query that was tried. */
export interface QueryVerdict {
  /** Does Prometheus take it? */
  isValid: boolean
  resultType: 'vector' | 'matrix' | 'scalar' | undefined
  seriesCount: number
  /** The first few. */
  samples: { labels: LabelSet; value: number }[]
  mistakes: string[]
  /** What is valid, yet hardly what was meant. */
  advice: string[]
}

/**
 * Checks a query as the collector does at its start: by the grammar, then by asking Prometheus once.
 *
 * @throws whatever keeps Prometheus from being asked (away, too slow): that says nothing of the query
 */
export async function validateQuery(prometheus: Prometheus, query: string, signal: AbortSignal): Promise<QueryVerdict> {
  const { mistakes, advice } = readQuery(query)
  const nothing = { resultType: undefined, seriesCount: 0, samples: [] }
  if (mistakes.length > 0) return { isValid: false, ...nothing, mistakes, advice }
  try {
    const answer = await prometheus.query(query, signal)
    const { resultType, series, leftOutSeries, warnings } = answer
    return {
      isValid: resultType !== 'matrix',
      resultType,
      seriesCount: series.length + leftOutSeries,
      samples: series
        .filter(({ value }) => value.length > 0)
        .slice(0, SAMPLES_SHOWN)
        .map(({ labels, value }) => ({ labels, value: value.at(-1)! })),
      mistakes: resultType === 'matrix' ? ['the query gives ranges; put a function such as rate(…) around it'] : [],
      advice: [...advice, ...warnings, ...adviceOnAnswer(answer)],
    }
  } catch (error) {
    if (!(error instanceof PrometheusError) || error.kind !== 'refused') throw error
    return { isValid: false, ...nothing, mistakes: [error.message], advice }
  }
}

function adviceOnAnswer({ series, leftOutSeries, droppedPoints }: Awaited<ReturnType<Prometheus['query']>>): string[] {
  const advice: string[] = []
  if (series.length === 0) advice.push('it answers with nothing now: is what it asks for exported here?')
  if (series.length + leftOutSeries > MANY_SERIES)
    advice.push(`it answers with ${series.length + leftOutSeries} series: group them by what they are about`)
  if (droppedPoints > 0) advice.push(`${droppedPoints} of its values are no finite numbers; these are left out`)
  return advice
}
