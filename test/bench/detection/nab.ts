/**
 * Tier 2 on the Numenta Anomaly Benchmark: its own scores for the three cost profiles, strictly online, in the shipped setting.
 *
 * `standard`, `lowFp`, `lowFn` take the threshold that is best for the profile, as NAB itself does; `standardCv` takes for each half of the
 * files the threshold that is best on the other half; `standardConstant` the one that ships. Means of five seeds. Episodes are the
 * detector's own: for each threshold its onsets are what is scored.
 */
import { isNoveltyOnset, NOVELTY_EPISODE_COLUMNS, NOVELTY_THRESHOLD, NoveltyEnsemble } from '@kubewise/stats'
import { corpusFolder } from './corpora.ts'
import { nabCosts, nabReferences, nabSeries, PROFILES, type Costs, type NabSeries, type Profile } from './nab-corpus.ts'
import { NabScorer } from './nab-scorer.ts'

const SEEDS = [1, 2, 3, 4, 5]
const DAY_MS = 86_400_000
const THRESHOLDS = Array.from({ length: 71 }, (_, i) => (20 + i) / 10)
const GATES = { standard: 69.5, lowFp: 61, lowFn: 74, scorerMaxError: 1e-9, artificialNoAnomaly: 0 }

export async function nab(tell: (say: string) => void, dataFolder: string) {
  const folder = corpusFolder(dataFolder, 'nab')
  const series = nabSeries(folder)
  const costs = nabCosts(folder)
  const runs = SEEDS.map((seed) => {
    const scores = series.map((one) => noveltyOf(one, seed))
    const standard = bestThreshold(series, scores, costs.standard).score
    const run = {
      standard,
      lowFp: bestThreshold(series, scores, costs.reward_low_FP_rate).score,
      lowFn: bestThreshold(series, scores, costs.reward_low_FN_rate).score,
      standardCv: crossValidated(series, scores, costs.standard),
      standardConstant: scoreAt(series, scores, costs.standard, NOVELTY_THRESHOLD),
      ...falseAlerts(series, scores),
    }
    tell(`seed ${seed}: ${JSON.stringify(run)}`)
    return run
  })
  const mean = (figure: keyof (typeof runs)[number]) =>
    Number((runs.reduce((sum, run) => sum + run[figure], 0) / runs.length).toFixed(3))
  return {
    figures: {
      standard: mean('standard'),
      lowFp: mean('lowFp'),
      lowFn: mean('lowFn'),
      standardCv: mean('standardCv'),
      standardConstant: mean('standardConstant'),
      seeds: SEEDS.length,
      scorerMaxError: scorerError(folder, series, costs, tell),
      falsePerSeriesDay: mean('falsePerSeriesDay'),
      artificialNoAnomaly: mean('artificialNoAnomaly'),
      bytesPerSeries: NoveltyEnsemble.bytesPerSeries,
    },
    gates: GATES,
    measured: `NAB, ${series.length} series; best thresholds but where said`,
  }
}

function noveltyOf({ times, values }: NabSeries, seed: number): Float64Array {
  const ensemble = new NoveltyEnsemble(1, { seed })
  const index = ensemble.add()
  return values.map((value, row) => ensemble.learn(index, times[row]!, value).score)
}

/** 1 at each row where the detector with that threshold alerts, else 0. */
function onsets(scores: Float64Array, threshold: number): Uint8Array {
  const episode = new Float64Array(NOVELTY_EPISODE_COLUMNS)
  return Uint8Array.from(scores, (score) => Number(isNoveltyOnset(episode, 0, score, threshold)))
}

function scoreAt(
  series: readonly NabSeries[],
  scores: readonly Float64Array[],
  costs: Costs,
  threshold: number,
): number {
  return new NabScorer(series).at(
    1,
    scores.map((one) => onsets(one, threshold)),
    costs,
  )
}

function bestThreshold(series: readonly NabSeries[], scores: readonly Float64Array[], costs: Costs) {
  return THRESHOLDS.map((threshold) => ({ threshold, score: scoreAt(series, scores, costs, threshold) })).reduce(
    (best, one) => (one.score > best.score ? one : best),
  )
}

/** Every other file is scored with the threshold of the rest; the halves count by their windows. */
function crossValidated(series: readonly NabSeries[], scores: readonly Float64Array[], costs: Costs): number {
  const halves = [0, 1].map((odd) => ({
    series: series.filter((_, i) => i % 2 === odd),
    scores: scores.filter((_, i) => i % 2 === odd),
  }))
  let total = 0
  let windows = 0
  halves.forEach((half, h) => {
    const other = halves[1 - h]!
    const { threshold } = bestThreshold(other.series, other.scores, costs)
    const own = half.series.reduce((sum, one) => sum + one.windows.length, 0)
    total += own * scoreAt(half.series, half.scores, costs, threshold)
    windows += own
  })
  return total / windows
}

/** Alerts of the shipped setting outside all windows, a day and series; and those on files that have no anomaly at all. */
function falseAlerts(series: readonly NabSeries[], scores: readonly Float64Array[]) {
  let alerts = 0
  let days = 0
  let artificialNoAnomaly = 0
  series.forEach(({ name, times, windows }, i) => {
    days += (times.at(-1)! - times[0]!) / DAY_MS
    onsets(scores[i]!, NOVELTY_THRESHOLD).forEach((onset, row) => {
      if (!onset || windows.some(([first, last]) => row >= first && row <= last)) return
      alerts++
      if (name.startsWith('artificialNoAnomaly/')) artificialNoAnomaly++
    })
  })
  return { falsePerSeriesDay: alerts / days, artificialNoAnomaly }
}

/** How far the scorer is from what NAB published; 0 where nothing published is there. */
function scorerError(
  folder: string,
  series: readonly NabSeries[],
  costs: Record<Profile, Costs>,
  tell: (say: string) => void,
): number {
  let most = 0
  const scorer = new NabScorer(series)
  for (const { detector, scores, thresholds, published } of nabReferences(folder)) {
    if (series.some(({ name }) => !scores[name])) continue
    const rows = series.map(({ name }) => scores[name]!)
    for (const profile of PROFILES) {
      const error = Math.abs(scorer.at(thresholds[profile].threshold, rows, costs[profile]) - published[profile])
      tell(`${detector} ${profile}: ${error} from what was published`)
      most = Math.max(most, error)
    }
  }
  return most
}
