import { keyOf, type MetricSeries } from '@kubewise/contracts'
import { median } from '@kubewise/stats'
import type { Finding } from '../finding.ts'

/** Metrics in which replicas of one workload are compared, with the value below which nobody is a runaway. */
const FLOORS: Readonly<Record<string, number>> = { pod_cpu_utilization_pct: 50, pod_memory_utilization_pct: 50 }
const MIN_MEMBERS = 3
/** This many times the others' median … */
const MIN_RATIO = 5
/** … for this many samples. */
const MIN_SAMPLES = 3
const STALE_INTERVALS = 3
const FORGOTTEN_MS = 3_600_000

interface Member {
  series: MetricSeries
  timeMs: number
  value: number
  highSamples: number
}

export type SiblingsState = [group: string, members: [string, Member][]][]

export const SIBLING_RULE = { name: 'sibling-outlier', version: 1, forMs: 0, clearMs: 30_000 } as const

/**
 * Finds the one replica that is far above the others of its workload. Needs no warm-up, so it works for a workload minutes
 * old; comparing with siblings rather than with the past tells a runaway from load that all of them see.
 */
export class Siblings {
  readonly #groups = new Map<string, Map<string, Member>>()

  static compares(metric: string): boolean {
    return Object.hasOwn(FLOORS, metric)
  }

  /** Learns one sample; @returns the finding on its pod, if it is the outlier */
  observe(series: MetricSeries, timeMs: number, value: number): Finding | undefined {
    const groupKey = `${keyOf(series.target)}|${series.metric}`
    let group = this.#groups.get(groupKey)
    if (!group) this.#groups.set(groupKey, (group = new Map()))
    let member = group.get(series.key)
    if (!member) group.set(series.key, (member = { series, timeMs, value, highSamples: 0 }))
    const isNewSample = timeMs > member.timeMs || member.highSamples === 0
    member.timeMs = timeMs
    member.value = value
    const others: number[] = []
    for (const [key, other] of group) {
      if (timeMs - other.timeMs > STALE_INTERVALS * series.intervalMs) group.delete(key)
      else if (other !== member) others.push(other.value)
    }
    const typical = median(others)
    const floor = FLOORS[series.metric] ?? Number.POSITIVE_INFINITY
    const isHigh = others.length >= MIN_MEMBERS - 1 && value >= floor && value >= MIN_RATIO * Math.max(0, typical)
    if (!isHigh) member.highSamples = 0
    else if (isNewSample) member.highSamples += 1
    if (member.highSamples < MIN_SAMPLES) return undefined
    const ratio = typical > 0 ? value / typical : 1000
    return {
      severity: 'critical',
      say: `${series.entity.name} uses ${value.toFixed(0)} % (${series.metric}) while its ${others.length} siblings are at ${typical.toFixed(0)} %.`,
      features: {
        metric: series.metric,
        value,
        siblings: typical,
        ratio: Math.round(Math.min(1000, ratio) * 10) / 10,
        members: others.length + 1,
      },
      score: 8,
      confidence: 0.95,
      metric: {
        name: series.metric,
        value,
        expected: typical,
        low: 0,
        high: Math.max(floor, MIN_RATIO * typical),
        intervalMs: series.intervalMs,
      },
    }
  }

  /** Forgets a pod that is gone. */
  forget(podKey: string): void {
    for (const [groupKey, group] of this.#groups) {
      for (const [key, member] of group) if (keyOf(member.series.entity) === podKey) group.delete(key)
      if (group.size === 0) this.#groups.delete(groupKey)
    }
  }

  /** Forgets workloads of which nothing is measured any more. */
  forgetStale(nowMs: number): void {
    for (const [groupKey, group] of this.#groups) {
      for (const [key, { timeMs }] of group) if (nowMs - timeMs > FORGOTTEN_MS) group.delete(key)
      if (group.size === 0) this.#groups.delete(groupKey)
    }
  }

  state(): SiblingsState {
    return [...this.#groups].map(([key, members]) => [key, [...members]])
  }

  restore(state: SiblingsState): void {
    this.#groups.clear()
    for (const [key, members] of state) this.#groups.set(key, new Map(members))
  }
}
