import { keyOf, type MetricSeries } from '@kubewise/contracts'
import { SortedValues } from '@kubewise/stats'
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
  readonly #groups = new Map<string, Group>()

  static compares(metric: string): boolean {
    return Object.hasOwn(FLOORS, metric)
  }

  /** Learns one sample; @returns the finding on its pod, if it is the outlier */
  observe(series: MetricSeries, timeMs: number, value: number): Finding | undefined {
    const groupKey = `${keyOf(series.target)}|${series.metric}`
    let group = this.#groups.get(groupKey)
    if (!group) this.#groups.set(groupKey, (group = new Group()))
    const before = group.get(series.key)
    const isNewSample = before === undefined || timeMs > before.timeMs || before.highSamples === 0
    group.forgetBefore(timeMs - STALE_INTERVALS * series.intervalMs)
    group.put(series.key, { series, timeMs, value, highSamples: before?.highSamples ?? 0 })
    const others = group.size - 1
    const typical = group.medianWithout(value)
    const floor = FLOORS[series.metric] ?? Number.POSITIVE_INFINITY
    const isHigh = others >= MIN_MEMBERS - 1 && value >= floor && value >= MIN_RATIO * Math.max(0, typical)
    const member = group.get(series.key)!
    if (!isHigh) member.highSamples = 0
    else if (isNewSample) member.highSamples += 1
    if (member.highSamples < MIN_SAMPLES) return undefined
    const ratio = typical > 0 ? value / typical : 1000
    return {
      severity: 'critical',
      say: `${series.entity.name} uses ${value.toFixed(0)} % (${series.metric}) while its ${others} siblings are at ${typical.toFixed(0)} %.`,
      features: {
        metric: series.metric,
        value,
        siblings: typical,
        ratio: Math.round(Math.min(1000, ratio) * 10) / 10,
        members: group.size,
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
    this.#forgetWhere((group) => group.forgetPod(podKey))
  }

  /** Forgets workloads of which nothing is measured any more. */
  forgetStale(nowMs: number): void {
    this.#forgetWhere((group) => group.forgetBefore(nowMs - FORGOTTEN_MS))
  }

  state(): SiblingsState {
    return [...this.#groups].map(([key, group]) => [key, group.state()])
  }

  restore(state: SiblingsState): void {
    this.#groups.clear()
    for (const [key, members] of state) this.#groups.set(key, new Group(members))
  }

  #forgetWhere(forgetIn: (group: Group) => void): void {
    for (const [key, group] of this.#groups) {
      forgetIn(group)
      if (group.size === 0) this.#groups.delete(key)
    }
  }
}

/** The replicas of one workload with their last samples, the one heard of longest ago first. */
class Group {
  readonly #members = new Map<string, Member>()
  readonly #values = new SortedValues()

  constructor(members: readonly [string, Member][] = []) {
    for (const [key, member] of members) this.put(key, member)
  }

  get size(): number {
    return this.#members.size
  }

  get(key: string): Member | undefined {
    return this.#members.get(key)
  }

  put(key: string, member: Member): void {
    this.#forget(key)
    this.#members.set(key, member)
    this.#values.add(member.value)
  }

  medianWithout(value: number): number {
    return this.#values.medianWithout(value)
  }

  forgetBefore(timeMs: number): void {
    for (const [key, member] of this.#members) {
      if (member.timeMs >= timeMs) return
      this.#forget(key)
    }
  }

  forgetPod(podKey: string): void {
    for (const [key, { series }] of this.#members) if (keyOf(series.entity) === podKey) this.#forget(key)
  }

  state(): [string, Member][] {
    return [...this.#members]
  }

  #forget(key: string): void {
    const member = this.#members.get(key)
    if (!member) return
    this.#members.delete(key)
    this.#values.remove(member.value)
  }
}
