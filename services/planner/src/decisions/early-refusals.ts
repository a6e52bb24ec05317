import {
  COLLECTIONS,
  keyOf,
  SETTLED,
  type Facts,
  type Kill,
  type Mode,
  type Plan,
  type Refusal,
  type Risk,
  type Settings,
  EXECUTION_STATUSES,
} from '@kubewise/contracts'
import {
  allRefusals,
  freezesOf,
  GUARDS,
  isPassing,
  known,
  limitsOf,
  modeOf,
  protectedNamespacesOf,
  unknown,
  wishesOf,
  type GuardContext,
  type GuardName,
  type Known,
  type Limits,
} from '@kubewise/policy'
import { explain } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import type { KeyValue } from '@kubewise/bus'
import type { Context } from '../context/context.ts'
import { isUnderWay } from '../context/facts.ts'
import { matchingBudgets } from '../context/surroundings.ts'
import type { NewPlan } from './compose-plan.ts'

/**
 * The guards that can be judged while planning. The others look at what is true only at the moment of acting (storm, freshness,
 * hourly budgets, approval), at the plan's own hash, or at its age.
 */
const EARLY: readonly GuardName[] = [
  'step-order',
  'protected-namespace',
  'mode',
  'target-exists',
  'scope',
  'ownership',
  'paused',
  'autoscaler',
  'bare-pod',
  'kill-switch',
  'window',
  'one-at-a-time',
  'cooldown',
  'parallel-budget',
  'ready-share',
  'disruption-budget',
]
const EARLY_GUARDS = Object.fromEntries(EARLY.map((name) => [name, GUARDS[name]]))

const UNSETTLED = EXECUTION_STATUSES.filter((status) => !SETTLED.includes(status))

/** What holds for the whole installation, from the environment. */
export interface Installation {
  mode: Mode
  protectedNamespaces: readonly string[]
  limits: Partial<Limits>
  /** May a plan that a model chose be carried out without a person? Not unless said so. */
  mayModelAct?: boolean
}

/** What holds now, for everyone: the environment's limits under the settings of the record, the kill switch, what is under way. */
export interface Ground {
  settings: Settings | undefined
  limits: Limits
  kill: GuardContext['kill']
  running: Awaited<ReturnType<typeof readRunning>>
}

async function readRunning(store: Store) {
  const { items } = await store
    .collection(COLLECTIONS.executions)
    .find({ where: { status: { in: UNSETTLED } }, limit: 500 })
  return items
    .filter(isUnderWay)
    .map(({ _id, target }) => ({ plan: _id, namespace: target.namespace, targetKey: keyOf(target) }))
}

const reasonOf = (kill: Kill | undefined) => (kill?.isSet ? kill.reason : undefined)

/** A channel that cannot be read counts as set; the reason says so. */
async function channel(read: () => Promise<string | undefined>): Promise<Known<string | undefined>> {
  try {
    return known(await read())
  } catch (error) {
    return unknown(explain(error))
  }
}

async function busKill(control: () => Promise<KeyValue>): Promise<string | undefined> {
  const entry = await (await control()).get('kill')
  if (!entry) return undefined
  const { reason } = (entry.value ?? {}) as { reason?: unknown }
  return typeof reason === 'string' ? reason : 'set'
}

export interface GroundPorts {
  store: Store
  control: () => Promise<KeyValue>
}

/** @throws StoreError when the record cannot be read */
export async function readGround({ store, control }: GroundPorts, installation: Installation): Promise<Ground> {
  const [settings, bus, record, running] = await Promise.all([
    store.collection(COLLECTIONS.settings).get('settings'),
    channel(() => busKill(control)),
    channel(async () => reasonOf(await store.collection(COLLECTIONS.kill).get('kill'))),
    readRunning(store),
  ])
  return {
    settings,
    limits: limitsOf(installation.limits, settings),
    kill: [
      { channel: 'bus', state: bus },
      { channel: 'record', state: record },
    ],
    running,
  }
}

export const modeFor = (namespace: string, risk: Risk, { mode }: Installation, { settings }: Ground): Mode =>
  modeOf(namespace, risk, mode, settings)

function objectOf(context: Context, facts: Facts, plan: Pick<Plan, 'impact'>): GuardContext['object'] {
  const { target } = context
  if (!target) return known(undefined)
  return known({
    uid: facts.target.uid,
    isManaged: facts.target.managed,
    isPaused: facts.target.paused,
    isDeleting: target.metadata?.deletionTimestamp !== undefined,
    ownedBy: facts.target.ownedBy,
    hasAutoscaler: facts.target.hasAutoscaler,
    isBarePod: facts.target.kind === 'Pod' && facts.pods.some(({ bare }) => bare),
    wanted: facts.target.wanted,
    ready: facts.target.ready,
    readyPodsTaken: plan.impact.readyPodsTaken,
    budgets: matchingBudgets(context),
    wishes: wishesOf([target, context.namespace], context.nowMs),
  })
}

/** The windows that freeze the target now; ones that cannot be read freeze it too. */
function frozenBy({ target }: Pick<Plan, 'target'>, { settings }: Ground, nowMs: number): GuardContext['windows'] {
  try {
    return known(freezesOf(target, settings, nowMs))
  } catch (error) {
    return unknown(explain(error))
  }
}

const notAsked = unknown('it is judged when the plan is carried out')

/** Why a plan may not be carried out, as far as can be told now; the executor decides anew. A plan that only tells has none. */
export function earlyRefusals(
  context: Context,
  facts: Facts,
  plan: NewPlan,
  ground: Ground,
  installation: Installation,
): Refusal[] {
  return allRefusals(EARLY_GUARDS, {
    at: 'planning',
    nowMs: context.nowMs,
    plan: { ...plan, version: 0 },
    limits: ground.limits,
    mode: known(modeFor(plan.target.namespace, plan.risk, installation, ground)),
    protectedNamespaces: known(protectedNamespacesOf(installation.protectedNamespaces, ground.settings)),
    kill: ground.kill,
    approval: notAsked,
    target: known(context.targetRecord),
    running: known(ground.running.filter(({ plan: other }) => other !== plan._id)),
    acted: notAsked,
    attempts: known(facts.attempts.count),
    object: objectOf(context, facts, plan),
    storm: notAsked,
    windows: frozenBy(plan, ground, context.nowMs),
    freshness: notAsked,
  })
}

/** Refusals that waiting does not end: with them the decision itself is another one. */
export const lastingRefusals = (refusals: readonly Refusal[]): Refusal[] =>
  refusals.filter(({ code }) => !isPassing(code))
