/**
 * How seldom quiet things give an alert, at the budgets that ship: entities of ASD and SMD outside their labelled anomalies, by tier 3
 * (and by the agreement of their views, `…ByViews`, which does not count in the sums), the pods of Nezha's fault-free hours by their views, and
 * the series of NAB outside its windows by tier 2 (and by tier 1, `…BySurprise`, and the original's trees, `…ByTrees`, which do not count). An alert of an open episode that became much worse counts as one more.
 *
 * All is learnt as it comes, the labelled stretches too; members of a set share the group above their own, as workloads of a namespace do.
 */
import {
  Alerts,
  ENTITY_BUDGET,
  SERIES_BUDGET,
  SERVICE_LEVEL_BUDGET,
  TREES_BUDGET,
  YOUNG_ENTITY_BUDGET,
  type ShippedBudget,
} from '@kubewise/stats'
import { join } from 'node:path'
import { corpusFolder } from './corpora.ts'
import { entitySets, readEntity, type Entity } from './entity-corpus.ts'
import { shipped } from './entity-scorers.ts'
import { nabSeries, type NabSeries } from './nab-corpus.ts'
import { readNezha, type NezhaDay } from './nezha-corpus.ts'
import { nezhaViewOf } from './nezha.ts'
import { byNovelty, bySurprise, byTrees, type SeriesScorer } from './series-scorer.ts'
import { youngEntityScorer } from './young-entity-scorer.ts'

const DAY_MS = 86_400_000
/** A label's border is a person's guess: so near to one, an alert is neither false nor right. */
const BORDER_MS = 3_600_000
const WITHOUT_ANOMALY = /^artificialNoAnomaly\//

/** What one member did: its scores over time (NaN while it warmed up), and where it was quiet. */
interface Member {
  name: string
  /** Of those with the same group thresholds are shared. */
  group: string
  stepMs: number
  timesMs: Float64Array
  scores: Float64Array
  isQuiet: Uint8Array
}

interface Tally {
  alerts: number
  days: number
}

/** Plays the members side by side in the order of their times. @returns alerts and days of each member's quiet stretches */
function tally(members: readonly Member[], budget: ShippedBudget): Tally[] {
  const alerts = new Alerts(budget)
  const all = alerts.addGroup()
  const groups = new Map<string, number>()
  for (const { group } of members) {
    if (!groups.has(group)) groups.set(group, alerts.addGroup(all))
    alerts.add(groups.get(group)!)
  }
  const tallies = members.map(() => ({ alerts: 0, days: 0 }))
  const next = new Uint32Array(members.length)
  for (;;) {
    let first = -1
    for (const [m, { timesMs }] of members.entries())
      if (next[m]! < timesMs.length && (first < 0 || timesMs[next[m]!]! < members[first]!.timesMs[next[first]!]!))
        first = m
    if (first < 0) return tallies
    const { timesMs, scores, isQuiet, stepMs } = members[first]!
    const i = next[first]!++
    if (Number.isNaN(scores[i]!)) continue
    const { isOnset, isWorse } = alerts.learn(first, timesMs[i]!, scores[i]!)
    if (isQuiet[i] === 0) continue
    tallies[first]!.days += stepMs / DAY_MS
    if (isOnset || isWorse) tallies[first]!.alerts++
  }
}

/** Scores of the train part, then of the test part; NaN while the scorer warms up. */
type Scores = (entity: Entity) => Float64Array

const byTier3: Scores = (entity) => shipped(entity).scores.map((score) => (score === 0 ? Number.NaN : score))

const byViews: Scores = ({ train, test, stepMs }) => {
  const score = youngEntityScorer(train.columns)
  const width = train.columns.length
  return Float64Array.from({ length: train.rows + test.rows }, (_, row) => {
    const { values } = row < train.rows ? train : test
    const at = (row < train.rows ? row : row - train.rows) * width
    return score(row * stepMs, values.subarray(at, at + width)) ?? Number.NaN
  })
}

function entitiesOf(folder: string, set: string, scoresOf: Scores): Member[] {
  const names = entitySets(folder).find((each) => each.set === set)?.entities ?? []
  return names.map((name) => {
    const entity = readEntity(join(folder, set), name)
    const { train, labels, stepMs } = entity
    const scores = scoresOf(entity)
    const isQuiet = new Uint8Array(scores.length).fill(1)
    const border = BORDER_MS / stepMs
    for (const [i, label] of labels.entries())
      if (label === 1) isQuiet.fill(0, Math.max(0, train.rows + i - border), train.rows + i + border + 1)
    return { name, group: name, stepMs, timesMs: scores.map((_, row) => row * stepMs), scores, isQuiet }
  })
}

function podsOf({ day, pods, stepMs, timesMs, faultsFrom }: NezhaDay): Member[] {
  const times = timesMs.slice(0, faultsFrom)
  return pods.map(({ pod, workload, metrics, values }) => {
    const score = youngEntityScorer(metrics.map(nezhaViewOf))
    const scores = times.map(
      (timeMs, row) => score(timeMs, values.subarray(row * metrics.length, (row + 1) * metrics.length)) ?? Number.NaN,
    )
    const isQuiet = new Uint8Array(times.length).fill(1)
    return { name: `${day} ${pod}`, group: workload, stepMs, timesMs: times, scores, isQuiet }
  })
}

function seriesOf({ name, times, values, windows }: NabSeries, scorer: () => SeriesScorer): Member {
  const score = scorer()
  const timesMs = times.map((time) => time - times[0]!)
  const isQuiet = new Uint8Array(times.length).fill(1)
  for (const [from, to] of windows) isQuiet.fill(0, from, to + 1)
  return {
    name,
    group: name,
    stepMs: (times.at(-1)! - times[0]!) / (times.length - 1),
    timesMs,
    scores: values.map((value, i) => score(times[i]!, value) ?? Number.NaN),
    isQuiet,
  }
}

const sum = (tallies: readonly Tally[]): Tally => ({
  alerts: tallies.reduce((total, { alerts }) => total + alerts, 0),
  days: tallies.reduce((total, { days }) => total + days, 0),
})
const round = (value: number) => Math.round(value * 10_000) / 10_000

export async function quiet(tell: (say: string) => void, dataFolder: string) {
  const entities: Tally[] = []
  const sets: Record<string, { alerts: number; days: number; ratio: number }> = {}
  const take = (name: string, members: readonly Member[], budget: ShippedBudget) => {
    const tallies = tally(members, budget)
    const { alerts, days } = sum(tallies)
    sets[name] = { alerts, days: Math.round(days), ratio: round(alerts / (days * budget.perDay)) }
    tell(`${name}: ${alerts} alerts in ${Math.round(days)} days`)
    return tallies
  }
  for (const set of ['asd', 'smd'] as const) {
    corpusFolder(dataFolder, set)
    entities.push(...take(set, entitiesOf(dataFolder, set, byTier3), ENTITY_BUDGET))
    take(`${set}ByViews`, entitiesOf(dataFolder, set, byViews), YOUNG_ENTITY_BUDGET)
  }
  for (const day of readNezha(corpusFolder(dataFolder, 'nezha'), { withCalls: true }))
    entities.push(...take(`nezha-${day.day}`, podsOf(day), YOUNG_ENTITY_BUDGET))

  const corpus = nabSeries(corpusFolder(dataFolder, 'nab'))
  const members = corpus.map((each) => seriesOf(each, byNovelty))
  const series = take('nab', members, SERVICE_LEVEL_BUDGET)
  const besides = [
    ['nabBySurprise', bySurprise, SERIES_BUDGET],
    ['nabByTrees', byTrees, TREES_BUDGET],
  ] as const
  for (const [name, scorer, budget] of besides)
    take(
      name,
      corpus.map((each) => seriesOf(each, scorer)),
      budget,
    )

  const ofEntities = sum(entities)
  const ofSeries = sum(series)
  return {
    figures: {
      falsePerEntityDay: round(ofEntities.alerts / ofEntities.days),
      falsePerSeriesDay: round(ofSeries.alerts / ofSeries.days),
      budgetRatio: round(ofEntities.alerts / (ofEntities.days * ENTITY_BUDGET.perDay)),
      artificialNoAnomaly: sum(series.filter((_, i) => WITHOUT_ANOMALY.test(members[i]!.name))).alerts,
      entityDays: Math.round(ofEntities.days),
      seriesDays: Math.round(ofSeries.days),
      sets,
    },
    gates: { falsePerEntityDay: 0.1, falsePerSeriesDay: 0.09, budgetRatio: 2, artificialNoAnomaly: 0 },
    measured: `Quiet stretches of ASD, SMD, Nezha and NAB, at the budgets that ship: ${ENTITY_BUDGET.perDay} alerts a day for an entity, ${SERVICE_LEVEL_BUDGET.perDay} for a series.`,
  }
}
