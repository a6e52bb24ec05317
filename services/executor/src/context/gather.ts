import { keyOf, type Plan, type Settings } from '@kubewise/contracts'
import {
  freezesOf,
  known,
  limitsOf,
  modeOf,
  protectedNamespacesOf,
  riskOfPlan,
  unknown,
  type GuardContext,
  type IncidentState,
  type Known,
} from '@kubewise/policy'
import { explain } from '@kubewise/service'
import type { Runtime } from '../runtime.ts'
import { readFreshness, stateOf } from './fresh.ts'
import { readKill } from './kill.ts'
import type { StormWatch } from './storm.ts'
import { readTarget } from './target-object.ts'
import { attemptsBefore, underWayBeside } from './under-way.ts'

/** What is asked for, or why it is not known: nothing that fails to answer is taken for harmless. */
export async function asKnown<T>(read: () => Promise<T>): Promise<Known<T>> {
  try {
    return known(await read())
  } catch (error) {
    return unknown(explain(error))
  }
}

const map = <T, U>(one: Known<T>, change: (value: T) => U): Known<U> => (one.isKnown ? known(change(one.value)) : one)

async function incidentOf({ record }: Runtime, plan: Plan): Promise<IncidentState | undefined> {
  const [incident, newest] = await Promise.all([
    record.incidents.get(plan.incident),
    record.plans.find({ where: { incident: plan.incident }, orderBy: 'createdMs', direction: 'desc', limit: 1 }),
  ])
  if (newest.unreadable) throw new Error(`plan ${newest.unreadable[0]?.id} of the incident cannot be read`)
  const newestPlan = newest.items[0]
  const isNewer = newestPlan !== undefined && newestPlan.createdMs > plan.createdMs
  return incident && { isOpen: incident.status === 'open', ...(isNewer && { newestPlan: newestPlan._id }) }
}

/** As {@link asKnown}, of what needs no reading. */
function judged<T>(judge: () => T): Known<T> {
  try {
    return known(judge())
  } catch (error) {
    return unknown(explain(error))
  }
}

/** The settings of the record, with what follows from them. Unreadable settings leave the mode unknown, which refuses. */
export async function readSettings({ record, options }: Runtime, plan: Plan) {
  const settings = await asKnown<Settings | undefined>(() => record.settings.get('settings'))
  return {
    settings,
    limits: limitsOf(options.limits, settings.isKnown ? settings.value : undefined),
    mode: map(settings, (value) => modeOf(plan.target.namespace, riskOfPlan(plan), options.mode, value)),
    protectedNamespaces: map(settings, (value) => protectedNamespacesOf(options.protectedNamespaces, value)),
  }
}

/** Everything that the guards look at, read anew at this moment. Never throws. */
export async function gather(runtime: Runtime, stormWatch: StormWatch, plan: Plan): Promise<GuardContext> {
  const { record, kube, clock } = runtime
  const { settings, ...policy } = await readSettings(runtime, plan)
  const windows = settings.isKnown ? judged(() => freezesOf(plan.target, settings.value, clock.now())) : settings
  const [kill, approval, target, underWay, attempts, object, storm, incident, told] = await Promise.all([
    readKill(runtime),
    asKnown(() => record.approvals.get(plan._id)),
    asKnown(() => record.targets.get(keyOf(plan.target))),
    asKnown(async () => underWayBeside(plan, await runtime.underWay(), clock.now())),
    asKnown(() => attemptsBefore(record.executions, plan)),
    asKnown(() => readTarget(kube, plan, clock.now())),
    asKnown(() => stormWatch.look(policy.limits)),
    asKnown(() => incidentOf(runtime, plan)),
    asKnown(() => readFreshness(runtime)),
  ])
  // By now answers of the API server have been timed.
  const freshness = map(told, (value) => stateOf(value, plan, kube.clockSkewMs()))
  const running = map(underWay, (value) => value.running)
  const acted = map(underWay, (value) => value.acted)
  const read = { kill, approval, target, running, acted, attempts, object, storm, incident, freshness, windows }
  const requester = plan.requestedBy
  return {
    at: 'execution',
    nowMs: clock.now(),
    plan,
    ...policy,
    ...read,
    ...(requester !== undefined && { requester }),
  }
}
