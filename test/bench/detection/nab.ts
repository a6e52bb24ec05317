import { corpusFolder } from './corpora.ts'
import { nabCosts, nabReferences, nabSeries, PROFILES } from './nab-corpus.ts'
import { NabScorer } from './nab-scorer.ts'

/** How far the scorer is from the results that NAB published. */
export async function nab(tell: (say: string) => void, dataFolder: string) {
  const folder = corpusFolder(dataFolder, 'nab')
  const series = nabSeries(folder)
  const costs = nabCosts(folder)
  const scorer = new NabScorer(series)
  let scorerMaxError = 0
  for (const { detector, scores, thresholds, published } of nabReferences(folder))
    for (const profile of PROFILES) {
      const rows = series.map(({ name }) => scores[name] ?? [])
      const error = Math.abs(scorer.at(thresholds[profile].threshold, rows, costs[profile]) - published[profile])
      tell(`${detector} ${profile}: ${error} from what was published`)
      scorerMaxError = Math.max(scorerMaxError, error)
    }
  return { figures: { scorerMaxError }, gates: { scorerMaxError: 1e-9 }, measured: `NAB, ${series.length} series` }
}
