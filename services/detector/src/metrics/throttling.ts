import { keyOf, type MetricSeries, type Target } from '@kubewise/contracts'
import { median } from '@kubewise/stats'
import type { EpisodeRule } from '../episodes.ts'
import type { Finding } from '../finding.ts'

const THROTTLED = 'pod_cpu_throttled_pct'
const USE = 'pod_cpu_utilization_pct'
/** A container held back in more than one period of four … */
const MIN_THROTTLED_PCT = 25
/** … that uses what it is given: short bursts are held back too, and nobody notices. */
const MIN_USE_PCT = 70
const STALE_INTERVALS = 3
const FORGOTTEN_MS = 3_600_000
/** Work that runs to its end may well use all that it is given. */
const BATCH_KINDS = new Set(['Job', 'CronJob'])

interface Reading {
  value: number
  timeMs: number
  intervalMs: number
}

type Member = Partial<Record<typeof THROTTLED | typeof USE, Reading>>

export type ThrottlingState = [target: string, members: [pod: string, Member][]][]

export const THROTTLING_RULE: EpisodeRule = {
  name: 'cpu-throttled',
  version: 1,
  forMs: 5 * 60_000,
  clearMs: 2 * 60_000,
}

/** Finds workloads all of whose replicas are held back at their CPU limit. One alone is a runaway, not a limit too low. */
export class Throttling {
  readonly #groups = new Map<string, Map<string, Member>>()

  /** @returns `false` where the sample decides nothing; else the finding on the workload, if there is one */
  observe(series: MetricSeries, timeMs: number, value: number): { target: Target; finding?: Finding } | false {
    const { metric, target, entity, intervalMs } = series
    if ((metric !== THROTTLED && metric !== USE) || entity.kind !== 'Pod' || BATCH_KINDS.has(target.kind)) return false
    const groupKey = keyOf(target)
    const group = this.#groups.get(groupKey) ?? new Map<string, Member>()
    this.#groups.set(groupKey, group)
    const podKey = keyOf(entity)
    group.set(podKey, { ...group.get(podKey), [metric]: { value, timeMs, intervalMs } })
    if (metric === USE) return false
    const finding = this.#look(group, timeMs)
    return finding ? { target, finding } : { target }
  }

  forget(podKey: string): void {
    for (const [groupKey, group] of this.#groups) {
      group.delete(podKey)
      if (group.size === 0) this.#groups.delete(groupKey)
    }
  }

  /** Forgets workloads of which nothing is measured any more. */
  forgetStale(nowMs: number): void {
    for (const [groupKey, group] of this.#groups) {
      for (const [pod, member] of group)
        if (Object.values(member).every(({ timeMs }) => nowMs - timeMs > FORGOTTEN_MS)) group.delete(pod)
      if (group.size === 0) this.#groups.delete(groupKey)
    }
  }

  state(): ThrottlingState {
    return [...this.#groups].map(([key, members]) => [key, [...members]])
  }

  restore(state: ThrottlingState): void {
    this.#groups.clear()
    for (const [key, members] of state) this.#groups.set(key, new Map(members))
  }

  #look(group: Map<string, Member>, nowMs: number): Finding | undefined {
    const isFresh = (reading: Reading | undefined): reading is Reading =>
      reading !== undefined && nowMs - reading.timeMs <= STALE_INTERVALS * reading.intervalMs
    const throttled: number[] = []
    const use: number[] = []
    for (const [pod, member] of group) {
      const { [THROTTLED]: held, [USE]: used } = member
      if (!isFresh(held) && !isFresh(used)) group.delete(pod)
      if (!isFresh(used)) continue
      // Without a limit nothing is held back, and there is no sample.
      const heldPct = isFresh(held) ? held.value : 0
      if (heldPct < MIN_THROTTLED_PCT || used.value < MIN_USE_PCT) return undefined
      throttled.push(heldPct)
      use.push(used.value)
    }
    if (throttled.length === 0) return undefined
    const throttledPct = Math.round(median(throttled))
    return {
      severity: throttled.length > 1 ? 'warning' : 'info',
      say: `All ${throttled.length} replicas are held back at their CPU limit, in ${throttledPct} % of the time.`,
      features: { replicas: throttled.length, throttledPct, usePct: Math.round(median(use)) },
      score: 8,
      // One replica alone may as well be running away.
      confidence: throttled.length > 1 ? 0.9 : 0.6,
    }
  }
}
