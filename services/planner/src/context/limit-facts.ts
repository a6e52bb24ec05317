import { QUIET, type Facts, type IncidentSignal, type PodFacts } from '@kubewise/contracts'
import { formatQuantity, millicoresQuantity, rolloutStartedMs } from '@kubewise/kube'
import type { Limits } from '@kubewise/policy'
import { originalOf, raised } from './bounded.ts'
import { rolloutWorkload, templateOf, type Context } from './context.ts'
import { allEvidence, findEvidence, type FoundEvidence } from './evidence-features.ts'
import { amountOf } from './template-references.ts'

const RAISE = 1.5
const MILLI = 1000
/** Growth that began this soon after a rollout began with it. */
const WITH_ROLLOUT_MS = 15 * 60_000

const isThrottle = ({ rule, metric = '' }: IncidentSignal) => /throttl/.test(`${rule} ${metric}`)

/** The container that is throttled: as the detector names it, else the only one with a limit. */
function throttledContainer(context: Context, found: readonly FoundEvidence[]): string {
  const containers = templateOf(context)?.spec?.containers ?? []
  const named = found.map(({ text }) => text('container')).find((name) => containers.some((each) => each.name === name))
  if (named !== undefined) return named
  const limited = containers.filter(({ resources }) => resources?.limits?.['cpu'] !== undefined)
  return limited.length === 1 ? (limited[0]?.name ?? '') : ''
}

/** By metrics: which replicas the detector saw throttled; the limit by the template. */
export function cpuFacts(
  context: Context,
  pods: readonly PodFacts[],
  { maxRaiseStep, maxRaiseTotal }: Pick<Limits, 'maxRaiseStep' | 'maxRaiseTotal'>,
): Facts['cpu'] {
  const found = allEvidence(context, isThrottle)
  if (found.length === 0) return QUIET.cpu
  const container = throttledContainer(context, found)
  const quantity = templateOf(context)?.spec?.containers?.find(({ name }) => name === container)?.resources?.limits?.[
    'cpu'
  ]
  const millicores = Math.round((amountOf(quantity) ?? 0) * MILLI)
  const original = Math.round(originalOf(context, `${container}/cpu`, millicores / MILLI) * MILLI)
  const next = raised(millicores, RAISE, 1, Math.min(millicores * maxRaiseStep, original * maxRaiseTotal))
  const running = pods.filter(({ terminating, phase }) => !terminating && phase === 'Running')
  const isThrottled = ({ uid, name }: PodFacts) =>
    found.some(({ signal: { entity } }) => (entity.uid ? entity.uid === uid : entity.name === name))
  const onWorkload = found.some(({ signal }) => signal.entity.kind !== 'Pod')
  return {
    throttled: true,
    allReplicas: onWorkload || (running.length > 0 && running.every(isThrottled)),
    container,
    limit: quantity === undefined ? '' : String(quantity),
    nextLimit: next === 0 ? '' : formatQuantity(millicoresQuantity(next)),
  }
}

/** What each rule of the detector foretells. */
export const FORECASTS: Readonly<Record<string, string>> = {
  'memory-forecast': 'memory',
  'volume-forecast': 'volume',
  'disk-forecast': 'disk',
  'inodes-forecast': 'inodes',
  'file-handles-forecast': 'files',
  'quota-forecast': 'quota',
}

/** By metrics: the limit that will be reached first at the present pace. */
export function forecastFacts(context: Context): Facts['forecast'] {
  const found = allEvidence(context, ({ rule }) => Object.hasOwn(FORECASTS, rule))
    .map((each) => ({ ...each, secondsLeft: Math.max(0, each.number('secondsLeft') ?? 0) }))
    .sort((a, b) => a.secondsLeft - b.secondsLeft)[0]
  if (!found) return QUIET.forecast
  const { signal, text, secondsLeft } = found
  return {
    exists: true,
    resource: FORECASTS[signal.rule] ?? '',
    name: text('container') || text('claim') || signal.entity.name,
    secondsLeft,
    beganWithRollout: beganWithRollout(context, found),
  }
}

/** The growth's beginning is the detector's word; where it does not tell, nothing is claimed. */
function beganWithRollout(context: Context, { number }: FoundEvidence): boolean {
  const workload = rolloutWorkload(context)
  const startedMs = workload && rolloutStartedMs(workload, context.revisions)
  const sinceMs = number('growingSinceMs')
  return startedMs !== undefined && sinceMs !== undefined && Math.abs(sinceMs - startedMs) <= WITH_ROLLOUT_MS
}

/** Is there a signal by metrics whose rule or metric has this in its name? */
export const isMeasured = (context: Context, what: RegExp): boolean =>
  findEvidence(context, ({ rule, metric = '', source }) => source === 'metric' && what.test(`${rule} ${metric}`)) !==
  undefined
