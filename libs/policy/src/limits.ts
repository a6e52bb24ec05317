import { MODES, RISKS, type Mode, type Risk, type Settings } from '@kubewise/contracts'
import type { Limits } from './guard.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** What holds where nobody said otherwise; the table of the architecture's guards. */
export const DEFAULT_LIMITS: Limits = {
  maxParallel: 5,
  maxParallelPerNamespace: 3,
  maxPerHour: 60,
  maxPerHourPerNamespace: 20,
  maxAttemptsPerIncident: 3,
  readyShare: 0.25,
  cooldownMs: 300 * SECOND,
  maxCooldownMs: HOUR,
  stormShare: 0.2,
  stormCount: 5,
  stormWindowMs: 5 * MINUTE,
  stormNodeShare: 0.2,
  stormThawMs: 5 * MINUTE,
  maxClockSkewMs: 5 * SECOND,
  maxWatchAgeMs: 90 * SECOND,
  maxMetricIntervals: 3,
  autoRisk: 'medium',
  maxRaiseStep: 2,
  maxRaiseTotal: 4,
  mayChangeNodes: false,
}

/** Where nothing is ever changed, whatever it is labelled. Settings and environment only add to it. */
export const ALWAYS_PROTECTED_NAMESPACES: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease']

/** `KUBEWISE_SYSTEM_NAMESPACES` where it is not set. */
export const DEFAULT_PROTECTED_NAMESPACES: readonly string[] = [
  'kube-system',
  'kube-public',
  'monitoring',
  'default',
  'kubewise',
]

/** The lesser of two budgets; what is no number at all allows nothing. */
function leastOf(ours: number, theirs: number | undefined): number {
  const least = Math.min(ours, theirs ?? Infinity)
  return Number.isNaN(least) ? 0 : Math.max(0, least)
}

function lowestRisk(ours: Risk, theirs: Risk | undefined): Risk {
  return theirs === undefined ? ours : (RISKS[Math.min(RISKS.indexOf(ours), RISKS.indexOf(theirs))] ?? 'low')
}

/**
 * The limits in force: the defaults, changed by the environment, made stricter (never looser) by the settings of the
 * record. A person who wants more than the installation allows changes the installation.
 */
export function limitsOf(environment: Partial<Limits>, settings: Settings | undefined): Limits {
  const base: Limits = { ...DEFAULT_LIMITS, ...environment }
  const cooldownMs = Math.max(base.cooldownMs, (settings?.cooldownSeconds ?? 0) * SECOND)
  return {
    ...base,
    maxParallel: leastOf(base.maxParallel, settings?.maxParallel),
    maxParallelPerNamespace: leastOf(base.maxParallelPerNamespace, settings?.maxParallelPerNamespace),
    maxPerHour: leastOf(base.maxPerHour, settings?.maxPerHour),
    maxPerHourPerNamespace: leastOf(base.maxPerHourPerNamespace, settings?.maxPerHourPerNamespace),
    readyShare: leastOf(base.readyShare, settings?.readyShare),
    autoRisk: lowestRisk(base.autoRisk, settings?.autoRisk),
    cooldownMs,
    maxCooldownMs: Math.max(base.maxCooldownMs, cooldownMs),
  }
}

/** The strictest of several modes; `observe` where there is none. */
export function strictestMode(...modes: readonly (Mode | undefined)[]): Mode {
  const ranks = modes.filter((mode) => mode !== undefined).map((mode) => MODES.indexOf(mode))
  return MODES[Math.min(...ranks)] ?? 'observe'
}

/** The mode in which a plan is carried out: the strictest of its own, the settings', and what annotations of its target ask for. */
export const actingMode = (plan: Mode, settings: Mode, wishes: { mode?: Mode } | undefined): Mode =>
  strictestMode(plan, settings, wishes?.mode)

/** Holds for every namespace. */
const EVERYWHERE = '*'

const memberOf = <T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  record && Object.hasOwn(record, name) ? record[name] : undefined

/**
 * The mode for a plan of one risk in one namespace: the strictest of the environment's, the settings', and the settings' for
 * this namespace and for this risk.
 */
export function modeOf(namespace: string, risk: Risk, environment: Mode, settings: Settings | undefined): Mode {
  const { mode, modes, riskModes } = settings ?? {}
  const byRisk = [EVERYWHERE, namespace].map((scope) => memberOf(riskModes, scope)?.[risk])
  return strictestMode(environment, mode, memberOf(modes, namespace), ...byRisk)
}

/** Every namespace that nothing may be changed in: the environment's and the settings' together, and always the cluster's own. */
export function protectedNamespacesOf(environment: readonly string[], settings: Settings | undefined): string[] {
  return [...new Set([...ALWAYS_PROTECTED_NAMESPACES, ...environment, ...(settings?.protectedNamespaces ?? [])])]
}

/** Is a risk within what acts by itself? */
export function isWithinRisk(risk: Risk, autoRisk: Risk): boolean {
  return RISKS.indexOf(risk) <= RISKS.indexOf(autoRisk)
}
