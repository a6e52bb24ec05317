/**
 * Faults of a real cluster: Nezha's recordings, each day's fault-free part first, then its faults. Which were found on the pod that
 * they were injected into, how soon, how high that pod stood among all of them, and how often quiet pods gave an alert.
 *
 * Every pod is judged with hours of history, so thresholds are those of its workload under those of all. At half an alert a day for each
 * pod; beside it (`…Shipped`) at the budget that ships.
 */
import { Alerts, YOUNG_ENTITY_BUDGET, type ShippedBudget } from '@kubewise/stats'
import { corpusFolder } from './corpora.ts'
import { youngEntityScorer } from './young-entity-scorer.ts'
import { readNezha, samplesOf, type NezhaDay, type NezhaFault } from './nezha-corpus.ts'

const EARLIEST_MS = -30_000
const LATEST_MS = 300_000
const DAY_MS = 86_400_000
const BUDGET: ShippedBudget = { ...YOUNG_ENTITY_BUDGET, perDay: 0.5 }

/** What a metric's name says it is about; a node's metrics are no matter of its pods. */
const VIEWS: readonly [RegExp, string | undefined][] = [
  [/^Node/, undefined],
  [/^Cpu/, 'cpu'],
  [/^Memory/, 'memory'],
  [/^Syscall/, 'system calls'],
  [/^Network/, 'network'],
  [/^Pod(Client|Server)Latency/, 'latency'],
  [/_/, 'latency as callers see it'],
]

export function nezhaViewOf(metric: string): string | undefined {
  const known = VIEWS.find(([pattern]) => pattern.test(metric))
  return known ? known[1] : metric
}

/** How a day went for one pod, sample by sample from the first one that was scored. */
interface Track {
  timesMs: number[]
  /** The score over its threshold of then: 1 and above is an alert. */
  heights: number[]
}

interface DayPlayed {
  tracks: Map<string, Track>
  quietAlerts: number
  quietDays: number
}

function play(day: NezhaDay, budget: ShippedBudget): DayPlayed {
  const alerts = new Alerts(budget)
  const all = alerts.addGroup()
  const groups = new Map<string, number>()
  for (const { workload } of day.pods) if (!groups.has(workload)) groups.set(workload, alerts.addGroup(all))
  const pods = day.pods.map(({ pod, workload, metrics }) => {
    const track: Track = { timesMs: [], heights: [] }
    return { pod, member: alerts.add(groups.get(workload)!), score: youngEntityScorer(metrics.map(nezhaViewOf)), track }
  })
  let quietAlerts = 0
  let quietSamples = 0
  for (const { pod, timeMs, isQuiet, values } of samplesOf(day)) {
    const { member, score, track } = pods[pod]!
    const value = score(timeMs, values)
    if (value === undefined) continue
    const { isOnset, isWorse, theta } = alerts.learn(member, timeMs, value)
    track.timesMs.push(timeMs)
    track.heights.push(value / theta)
    if (!isQuiet) continue
    quietSamples++
    if (isOnset || isWorse) quietAlerts++
  }
  return {
    tracks: new Map(pods.map(({ pod, track }) => [pod, track])),
    quietAlerts,
    quietDays: (quietSamples * day.stepMs) / DAY_MS,
  }
}

interface Verdict {
  isResource: boolean
  isFound: boolean
  /** Steps of the recording from the injection to the first sample above threshold; 0 where that came before. */
  delayScrapes: number
  /** Pods that stood higher than the injected one. */
  higher: number
  /** Share of the other pods that gave an alert in the same window: what hits by chance, and neighbours that suffer. */
  others: number
}

function judge(fault: NezhaFault, { tracks }: DayPlayed, stepMs: number): Verdict {
  const peaks = new Map<string, number>()
  let foundMs: number | undefined
  for (const [pod, { timesMs, heights }] of tracks) {
    let peak = 0
    for (const [i, timeMs] of timesMs.entries()) {
      if (timeMs < fault.timeMs + EARLIEST_MS || timeMs > fault.timeMs + LATEST_MS) continue
      peak = Math.max(peak, heights[i]!)
      if (pod === fault.pod && heights[i]! >= 1) foundMs ??= timeMs
    }
    peaks.set(pod, peak)
  }
  const own = peaks.get(fault.pod) ?? 0
  peaks.delete(fault.pod)
  const others = [...peaks.values()]
  return {
    isResource: fault.isResource,
    isFound: foundMs !== undefined,
    delayScrapes: Math.max(0, ((foundMs ?? 0) - fault.timeMs) / stepMs),
    // A pod without a single unusual sample is nowhere, not first among equals.
    higher: own > 0 ? others.filter((peak) => peak > own).length : others.length,
    others: others.filter((peak) => peak >= 1).length / Math.max(1, others.length),
  }
}

function measure(days: readonly NezhaDay[], budget: ShippedBudget) {
  const played = days.map((day) => ({ day, ...play(day, budget) }))
  const verdicts = played.flatMap(({ day, ...result }) => day.faults.map((fault) => judge(fault, result, day.stepMs)))
  const found = verdicts.filter(({ isFound }) => isFound)
  const sum = (of: (result: DayPlayed) => number) => played.reduce((total, result) => total + of(result), 0)
  const delays = found.map(({ delayScrapes }) => delayScrapes).toSorted((a, b) => a - b)
  return {
    resourceFaults: found.filter(({ isResource }) => isResource).length,
    top3: verdicts.filter(({ higher }) => higher < 3).length,
    allTypes: found.length,
    delayScrapes: round(delays[delays.length >> 1] ?? Number.MAX_SAFE_INTEGER),
    falsePerPodDay: round(sum(({ quietAlerts }) => quietAlerts) / sum(({ quietDays }) => quietDays)),
    top1: verdicts.filter(({ higher }) => higher === 0).length,
    otherPodsShare: round(verdicts.reduce((total, { others }) => total + others, 0) / verdicts.length),
    podDays: round(sum(({ quietDays }) => quietDays)),
  }
}

const round = (value: number) => Math.round(value * 1000) / 1000

export async function nezha(tell: (say: string) => void, dataFolder: string) {
  const days = readNezha(corpusFolder(dataFolder, 'nezha'), { withCalls: true })
  tell(`${days.length} days: ${days.map(({ day, pods }) => `${day}, ${pods.length} pods`).join('; ')}`)
  const figures = measure(days, BUDGET)
  const shipped = measure(days, YOUNG_ENTITY_BUDGET)
  const faults = days.flatMap((day) => day.faults)
  return {
    figures: {
      ...figures,
      resourceFaultsShipped: shipped.resourceFaults,
      allTypesShipped: shipped.allTypes,
      falsePerPodDayShipped: shipped.falsePerPodDay,
      faults: faults.length,
      faultsOfResources: faults.filter(({ isResource }) => isResource).length,
    },
    gates: { resourceFaults: 26, top3: 44, delayScrapes: 2, falsePerPodDay: 2.5 },
    measured: `${days.length} days of Nezha, ${faults.length} faults, the quiet part of each day first. Found: the injected pod is above its threshold from 30 s before to 300 s after. At ${BUDGET.perDay} alerts a day for each pod, and as shipped at ${YOUNG_ENTITY_BUDGET.perDay}.`,
  }
}
