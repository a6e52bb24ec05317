import type { Approval, Mode, Plan, Refusal, Risk, TargetRecord } from '@kubewise/contracts'
import type { Wishes } from './annotations.ts'

/** Something that was asked for: what it is, or why it is not known. What is not known is never taken for harmless. */
export type Known<T> = { isKnown: true; value: T } | { isKnown: false; why: string }

export const known = <T>(value: T): Known<T> => ({ isKnown: true, value })
export const unknown = (why: string): Known<never> => ({ isKnown: false, why })

/** Limits in force: the environment's, overridden by the settings of the record; the least that applies holds. */
export interface Limits {
  maxParallel: number
  maxParallelPerNamespace: number
  maxPerHour: number
  maxPerHourPerNamespace: number
  maxAttemptsPerIncident: number
  /** Share of a workload's ready pods that an action may take away, 0 to 1. */
  readyShare: number
  cooldownMs: number
  maxCooldownMs: number
  stormShare: number
  stormCount: number
  stormWindowMs: number
  stormNodeShare: number
  stormThawMs: number
  maxClockSkewMs: number
  maxWatchAgeMs: number
  /** A metric's newest sample must be younger than this many of its intervals. */
  maxMetricIntervals: number
  /** Highest risk that acts by itself in mode auto. */
  autoRisk: Risk
  /** A resource limit grows at most by this factor in one step. */
  maxRaiseStep: number
  /** And at most to this many times its value before the incident. */
  maxRaiseTotal: number
  /** Whether nodes may be changed at all; other objects that lie in no namespace never are. */
  mayChangeNodes: boolean
}

/** All that a guard may look at, gathered at the moment of the decision. */
export interface GuardContext {
  /** planner: early refusal; executor: the one that counts. */
  at: 'planning' | 'execution'
  nowMs: number
  plan: Plan
  limits: Limits
  /** Mode for this namespace, the strictest that applies. */
  mode: Known<Mode>
  protectedNamespaces: Known<readonly string[]>
  /** Each channel of the kill switch by name: its reason where set, `undefined` where running. */
  kill: readonly { channel: string; state: Known<string | undefined> }[]
  approval: Known<Approval | undefined>
  /** Who asked for the plan, where a person did; approver must be another. */
  requester?: string
  target: Known<TargetRecord | undefined>
  /** Plans under way in the cluster, this one left out. */
  running: Known<readonly { plan: string; namespace: string; targetKey: string }[]>
  /** Steps carried out in the last hour. */
  acted: Known<{ inCluster: number; inNamespace: number }>
  /** Plans of this incident that were carried out before. */
  attempts: Known<number>
  /** The target in the cluster at this moment. */
  object: Known<TargetObject | undefined>
  storm: Known<StormState>
  /** Names of the maintenance windows that freeze the target now. */
  windows: Known<readonly string[]>
  freshness: Known<FreshnessState>
  /** The plan's incident as it is recorded now. The planner, which writes it, may leave it out; at execution it must be there. */
  incident?: Known<IncidentState | undefined>
}

export interface IncidentState {
  isOpen: boolean
  /** The plan that was made last for it, also one without steps. */
  newestPlan?: string
}

export interface TargetObject {
  uid: string
  /** `kubewise.io/managed`: the workload's own label beats its namespace's. */
  isManaged: boolean
  isPaused: boolean
  isDeleting: boolean
  /** Argo CD, Flux or an operator, by name; empty where nobody. */
  ownedBy: string
  hasAutoscaler: boolean
  isBarePod: boolean
  wanted: number
  ready: number
  /** Ready pods that this plan's steps take away without a replacement first. */
  readyPodsTaken: number
  /** Disruption budgets that match its pods. */
  budgets: readonly { name: string; disruptionsAllowed: number }[]
  /** What annotations of it and its namespace ask for; see `wishesOf`. */
  wishes?: Wishes
}

export interface StormState {
  /** Opted-in targets that exist. */
  targets: number
  /** Of these: ill now and became so within the window. */
  illTargets: number
  nodes: number
  illNodes: number
  /** When it last was above the brake's threshold. */
  lastStormMs?: number
}

export interface FreshnessState {
  writtenMs: number
  clockSkewMs: Known<number>
  /** Newest sample of each metric that the plan was born of. */
  metrics: readonly { name: string; lastSampleMs: number | undefined; intervalMs: number }[]
  /** When each watch that the plan rests on was last confirmed. */
  watches: readonly { resource: string; confirmedMs: number | undefined }[]
}

/** One reason not to act. Small enough to be obviously right; what it cannot know, it refuses. */
export type Guard = (context: GuardContext) => Refusal | undefined

/** The first refusal of a list of guards; a guard that throws refuses with code `guard-failed`. */
export function firstRefusal(guards: Readonly<Record<string, Guard>>, context: GuardContext): Refusal | undefined {
  return allRefusals(guards, context)[0]
}

/** Every refusal, in the guards' order. */
export function allRefusals(guards: Readonly<Record<string, Guard>>, context: GuardContext): Refusal[] {
  return Object.entries(guards).flatMap(([name, guard]) => {
    try {
      return guard(context) ?? []
    } catch (error) {
      return {
        code: 'guard-failed',
        say: `The guard ${name} could not decide: ${error instanceof Error ? error.message : String(error)}`,
      }
    }
  })
}
