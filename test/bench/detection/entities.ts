/**
 * Entities with many metrics, train part and then test part as one stream, learning throughout: average precision and volume under
 * the surface of precision and recall (buffers up to 100 samples) as means over a set's entities, without point adjustment; and at a
 * threshold that half an episode a day exceeds on the train part, how many labelled segments were found and how many episodes a day
 * were false. Every folder of the corpora that holds entities is a set. One setting for all: what ships.
 *
 * Beside tier 3 in the same run: the original's Half-Space Trees (mean of 5 seeds), and a Mahalanobis length that was fitted on the
 * whole train part.
 */
import { join } from 'node:path'
import { averagePrecision } from './average-precision.ts'
import { atBudget } from './budgeted-episodes.ts'
import { corpusFolder } from './corpora.ts'
import { entitySets, readEntity } from './entity-corpus.ts'
import { batchMahalanobis, originalTrees, shipped, type EntityScorer } from './entity-scorers.ts'
import { vusPr } from './vus-pr.ts'

const EPISODES_PER_DAY = 0.5

const SEEDS = [1, 2, 3, 4, 5]

/** Figures are means where there are several. */
const BASELINES: Readonly<Record<string, readonly EntityScorer[]>> = {
  hst: SEEDS.map(originalTrees),
  mahalanobis: [batchMahalanobis],
}

export const ENTITY_GATES = {
  'sets.smd.ap': 0.43,
  'sets.smd.vusPr': 0.49,
  'sets.asd.ap': 0.4,
  'sets.asd.vusPr': 0.57,
} as const

interface Accuracy {
  ap: number
  vusPr: number
  recallAtBudget: number
  falsePerDay: number
}

/** Of one detector on one set. */
class Tally {
  #runs = 0
  #precision = 0
  #volume = 0
  #found = 0
  #segments = 0
  #falseEpisodes = 0
  #days = 0

  add(run: ReturnType<EntityScorer>): void {
    const scores = run.scores.subarray(run.testFrom)
    this.#runs++
    this.#precision += averagePrecision(scores, run.labels)
    this.#volume += vusPr(scores, run.labels)
    const { found, segments, falseEpisodes, days } = atBudget(run, EPISODES_PER_DAY)
    this.#found += found
    this.#segments += segments
    this.#falseEpisodes += falseEpisodes
    this.#days += days
  }

  accuracy(): Accuracy {
    return {
      ap: rounded(this.#precision / this.#runs),
      vusPr: rounded(this.#volume / this.#runs),
      recallAtBudget: rounded(this.#found / this.#segments),
      falsePerDay: rounded(this.#falseEpisodes / this.#days),
    }
  }
}

const rounded = (figure: number): number => Math.round(figure * 1e4) / 1e4

/** @param dataFolder the corpora, one folder for each */
export async function entities(tell: (say: string) => void, dataFolder: string) {
  const sets = entitySets(dataFolder)
  if (sets.length === 0) for (const set of ['smd', 'asd'] as const) corpusFolder(dataFolder, set)
  const figures = Object.fromEntries(
    sets.map(({ set, entities: names }) => {
      const ours = new Tally()
      const baselines = Object.entries(BASELINES).map(([name, scorers]) => ({ name, scorers, tally: new Tally() }))
      for (const name of names) {
        tell(`${set} ${name}`)
        const entity = readEntity(join(dataFolder, set), name)
        ours.add(shipped(entity))
        for (const { scorers, tally } of baselines) for (const scorer of scorers) tally.add(scorer(entity))
      }
      const beside = Object.fromEntries(baselines.map(({ name, tally }) => [name, { ...tally.accuracy() }]))
      return [set, { ...ours.accuracy(), entities: names.length, ...beside }]
    }),
  )
  return {
    figures: { sets: figures },
    gates: ENTITY_GATES,
    measured: `Entities of ${sets.map(({ set, entities: names }) => `${set} (${names.length})`).join(', ')}; without point adjustment`,
  }
}
