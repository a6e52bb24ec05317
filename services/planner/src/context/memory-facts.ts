import type { Facts } from '@kubewise/contracts'
import {
  bytesQuantity,
  formatQuantity,
  memoryKillsOf,
  memoryLimitBytes,
  type Pod,
  type PodTemplate,
} from '@kubewise/kube'
import type { Limits } from '@kubewise/policy'
import { templateOf, type Context, type Evidence } from './context.ts'
import type { HealthyRevision } from './last-healthy.ts'

const SECOND = 1000
const MIB = 1024 ** 2
/** A kill this soon after the start came from a limit too low, whatever the use looked like. */
const SOON_MS = 60 * SECOND
/** How much one raise gives. */
const RAISE = 1.5
const DAY_MS = 24 * 3600 * SECOND
const SAME_HOUR_MS = 45 * 60 * SECOND
const KILL_RULE = 'memory-kill'

type Bounds = Pick<Limits, 'maxRaiseStep' | 'maxRaiseTotal'>

const NO_KILLS: Facts['memory'] = {
  container: '',
  kills: 0,
  steady: false,
  limitBytes: 0,
  originalLimitBytes: 0,
  nextLimit: '',
  nextLimitBytes: 0,
  loweredByRollout: false,
  recurring: false,
}

/**
 * One bounded raise: half as much again, in whole Mi, within what one step and the whole incident allow.
 *
 * @param limitBytes the limit now; 0 where there is none, then there is nothing to raise
 * @returns bytes, or 0 where no raise is possible any more
 */
export function nextLimitBytes(
  limitBytes: number,
  originalBytes: number,
  { maxRaiseStep, maxRaiseTotal }: Bounds,
): number {
  const highest = Math.floor(Math.min(limitBytes * maxRaiseStep, originalBytes * maxRaiseTotal) / MIB) * MIB
  const next = Math.min(Math.ceil((limitBytes * RAISE) / MIB) * MIB, highest)
  return next > limitBytes ? next : 0
}

interface Kills {
  container: string
  kills: number
  isSteady: boolean
}

/** What the detector saw, which remembers more deaths than a pod's status shows. */
function detectedKills({ incident, evidence }: Context): Kills[] {
  return incident.signals.flatMap(({ rule, anomaly, resolvedMs }) => {
    const features: Evidence['features'] | undefined = evidence.get(anomaly)?.features
    const { container, kills, steady } = features ?? {}
    if (rule !== KILL_RULE || resolvedMs !== undefined || typeof container !== 'string') return []
    return { container, kills: typeof kills === 'number' ? Math.round(kills) : 2, isSteady: steady === true }
  })
}

/** What the pods' status shows: of each container the last two deaths at most. */
function visibleKills(pods: readonly Pod[]): Kills[] {
  const deaths = pods.flatMap(memoryKillsOf)
  return [...Map.groupBy(deaths, ({ container }) => container)].map(([container, kills]) => ({
    container,
    kills: kills.length,
    isSteady:
      kills.length >= 2 && kills.every(({ startedMs, finishedMs }) => (finishedMs ?? 0) - (startedMs ?? 0) <= SOON_MS),
  }))
}

function killsOf(context: Context): Kills | undefined {
  const visible = visibleKills(context.pods).sort((a, b) => b.kills - a.kills)
  const detected = detectedKills(context).sort((a, b) => b.kills - a.kills)[0]
  // That memory leaks only the detector can tell, who saw its use: without its word, deaths after long runs are no pattern yet.
  if (!detected) return visible.find(({ isSteady }) => isSteady) ?? (visible[0] && { ...visible[0], kills: 1 })
  const same = visible.find(({ container }) => container === detected.container)
  return { ...detected, kills: Math.max(detected.kills, same?.kills ?? 0) }
}

const limitIn = (template: PodTemplate | undefined, container: string) =>
  memoryLimitBytes(template?.spec?.containers.find(({ name }) => name === container)?.resources)

/** What the limit was before this incident's first raise, which the executor keeps under `<container>/memory`. */
function originalBytes({ targetRecord, incident }: Context, container: string, limitBytes: number): number {
  if (targetRecord?.originalsOf !== incident._id) return limitBytes
  const written = targetRecord.originals[`${container}/memory`]
  return (written === undefined ? undefined : memoryLimitBytes({ limits: { memory: written } })) ?? limitBytes
}

/**
 * Killed within the same hour of the day on two days or more, and at no other hour as often: a spike that comes back. By the
 * record of what the detector found, this incident's kills among them.
 */
export function isRecurring({ pastKillsMs, incident }: Pick<Context, 'pastKillsMs' | 'incident'>): boolean {
  const latestMs = Math.max(
    0,
    ...incident.signals.filter(({ rule }) => rule === KILL_RULE).map(({ startedMs }) => startedMs),
  )
  if (latestMs === 0) return false
  const all = [...new Set([...pastKillsMs, latestMs])]
  // By how much of a day two kills are apart at most; the end of a day is near to its beginning.
  const isSameHour = (atMs: number) => {
    const apartMs = Math.abs(latestMs - atMs) % DAY_MS
    return Math.min(apartMs, DAY_MS - apartMs) <= SAME_HOUR_MS
  }
  const near = all.filter(isSameHour)
  const days = new Set(near.map((atMs) => Math.round((latestMs - atMs) / DAY_MS)))
  return days.size >= 2 && near.length > all.length / 2
}

/** What playbooks see of deaths for memory. */
export function memoryFacts(context: Context, healthy: HealthyRevision | undefined, bounds: Bounds): Facts['memory'] {
  const killed = killsOf(context)
  if (!killed) return NO_KILLS
  const template = templateOf(context)
  const limitBytes = limitIn(template, killed.container) ?? 0
  const originalLimitBytes = originalBytes(context, killed.container, limitBytes)
  const next = nextLimitBytes(limitBytes, originalLimitBytes, bounds)
  const before = healthy && (limitIn(healthy.revision.template, killed.container) ?? Number.POSITIVE_INFINITY)
  return {
    container: killed.container,
    kills: killed.kills,
    steady: killed.isSteady,
    limitBytes,
    originalLimitBytes,
    nextLimit: next === 0 ? '' : formatQuantity(bytesQuantity(next)),
    nextLimitBytes: next,
    loweredByRollout: before !== undefined && limitBytes > 0 && before > limitBytes,
    recurring: isRecurring(context),
  }
}
