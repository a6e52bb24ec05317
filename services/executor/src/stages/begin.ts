import { SETTLED, titleOf, type Execution, type Plan, type Refusal } from '@kubewise/contracts'
import {
  allRefusals,
  approvalReason,
  GUARDS,
  isPassing,
  isPassivePlan,
  unknown,
  type GuardContext,
} from '@kubewise/policy'
import { isRefusal } from '../actions/work.ts'
import { asKnown, gather, readSettings } from '../context/gather.ts'
import type { StormWatch } from '../context/storm.ts'
import { targetsOnNode } from '../context/pod-owners.ts'
import { isWaiting } from '../context/under-way.ts'
import { claim, isHeld } from '../ledger/claim.ts'
import { openLedger } from '../ledger/ledger.ts'
import { lockTarget, type TargetLock } from '../ledger/lock.ts'
import type { Runtime } from '../runtime.ts'
import type { Work } from '../work.ts'
import { mustRest } from './owed.ts'
import { missingPermission } from './permission.ts'
import { settle } from './settle.ts'
import { letWait, waitingFor } from './wait.ts'

const MOST_ASKED = 10_000

/** Where one of these stands against it, not even an Event is written. */
const UNTOUCHABLE: ReadonlySet<string> = new Set([
  'plan-altered',
  'mode-observe',
  'mode-unknown',
  'protected-namespace',
  'protected-unknown',
  'not-managed',
  'target-unknown',
  'target-gone',
  'target-replaced',
  'foreign-object',
  'kill-switch',
  'kill-switch-unreadable',
  'guard-failed',
])

/** What was changed already, or may have been: from here on it is brought to its end, whatever the guards say. */
const hasBegun = ({ status, actedMs }: Execution) =>
  actedMs !== undefined || (status !== 'claimed' && status !== 'running')

/**
 * Does the plan wait for a person who has not answered? Asked before it is claimed, of the few facts that decide it in most
 * cases; the guards ask again.
 */
async function awaitsApproval(runtime: Runtime, plan: Plan): Promise<Refusal | undefined> {
  if (runtime.clock.now() >= plan.notAfterMs) return undefined
  const [{ mode, limits }, approval] = await Promise.all([
    readSettings(runtime, plan),
    asKnown(() => runtime.record.approvals.get(plan._id)),
  ])
  const isObserved = plan.mode === 'observe' || (mode.isKnown && mode.value === 'observe')
  if (isObserved || isPassivePlan(plan) || (approval.isKnown && approval.value)) return undefined
  const reason = approvalReason({ plan, mode, limits, object: unknown('not read yet') })
  return reason === undefined ? undefined : { code: 'approval-missing', say: reason }
}

/** A plan that a guard asked to wait: is the reason still there? Asked without claiming, so that waiting costs no writes. */
async function stillWaits(
  { runtime, stormWatch, stopping }: Beginning,
  plan: Plan,
  found: Execution,
): Promise<boolean> {
  const [refused] = allRefusals(GUARDS, await gather(runtime, stormWatch, plan))
  const refusal = refused ?? (await missingPermission(runtime, plan, stopping))
  if (!refusal || !isPassing(refusal.code)) return false
  if (refusal.code !== found.refusal?.code) {
    await runtime.record.executions.replace(waitingFor(found, refusal))
    runtime.figures.refused(refusal.code)
    runtime.log.info({ plan: plan._id, ...refusal }, 'waits')
  }
  return true
}

/** What the guards say of a plan in hand; one that only tells people is never refused. */
function refusalsOf(context: GuardContext, plan: Plan): Refusal[] {
  const refusals = allRefusals(GUARDS, context)
  return isPassivePlan(plan) ? refusals.filter(({ code }) => code === 'plan-altered') : refusals
}

export interface Beginning {
  runtime: Runtime
  stormWatch: StormWatch
  /** Plans that this process has asked a person about, so that waiting for the answer costs no more than looking for it. */
  asked: Set<string>
  /** Of the process; each work gets a signal of its own, which also its lost lock aborts. */
  stopping: AbortSignal
}

/** What a look at a plan came to: work, nothing ever again, or nothing for now. */
export type Begun = Work | 'settled' | 'not-now'

/** An action on a node is one on all that its pods belong to: nobody else may be at work there. */
async function holdNodePods({ kube }: Runtime, plan: Plan, lock: TargetLock): Promise<Refusal | undefined> {
  if (plan.target.kind !== 'Node' || isPassivePlan(plan)) return undefined
  const targets = await asKnown(() => targetsOnNode(kube, plan.target))
  if (!targets.isKnown) return { code: 'target-unknown', say: `The node's pods cannot be read: ${targets.why}` }
  for (const target of targets.value) {
    const busy = await lock.include(target)
    if (busy) return busy
  }
  return undefined
}

/** Is a person's yes all that is missing? Nobody is asked about what would be refused anyway, or must wait for something else. */
async function isAllButApproved({ runtime, stormWatch, asked }: Beginning, plan: Plan, code: string): Promise<boolean> {
  if (asked.has(plan._id)) return true
  const [first] = allRefusals(GUARDS, await gather(runtime, stormWatch, plan))
  if (first !== undefined && first.code !== code) return false
  asked.add(plan._id)
  if (asked.size > MOST_ASKED) asked.delete(asked.values().next().value ?? plan._id)
  return true
}

/** Is there anything to do about this plan now, and is nobody else doing it? */
async function toClaim(
  beginning: Beginning,
  plan: Plan,
): Promise<{ found: Execution | undefined } | Exclude<Begun, Work>> {
  const { runtime } = beginning
  const { record, clock, options, teller, log } = runtime
  const found = await record.executions.get(plan._id)
  if (found && SETTLED.includes(found.status)) return 'settled'
  if (found && isHeld(found, clock.now(), options.leaseMs)) return 'not-now'
  if (found && mustRest(found, clock.now())) return 'not-now'
  if (found && hasBegun(found)) return { found }
  const awaited = await awaitsApproval(runtime, plan)
  if (awaited && (await isAllButApproved(beginning, plan, awaited.code))) {
    log.debug({ plan: plan._id, ...awaited }, 'waits')
    teller.tell(plan, 'waiting', awaited.say, { mayNote: false, untilMs: plan.notAfterMs })
    return 'not-now'
  }
  if (found && isWaiting(found) && (await stillWaits(beginning, plan, found))) return 'not-now'
  return { found }
}

/**
 * Takes a plan in hand: claims it, locks its target, asks every guard anew.
 *
 * @returns the work that is to be done; where there is none, the reason is in the record
 */
export async function begin(beginning: Beginning, planId: string): Promise<Begun> {
  const { runtime, stormWatch } = beginning
  const plan = await runtime.record.plans.get(planId)
  if (!plan || plan.cluster !== runtime.options.cluster) return 'not-now'
  if (plan.steps.length === 0) return 'settled'
  const free = await toClaim(beginning, plan)
  if (typeof free === 'string') return free
  const execution = await claim(runtime, plan, free.found)
  if (!execution) return 'not-now'
  runtime.crashpoint('after-claim')
  const ledger = openLedger(runtime, execution)
  const { limits } = await readSettings(runtime, plan)
  const lock = await lockTarget(runtime, plan, limits)
  if (isRefusal(lock)) {
    await ledger.change((current) => (hasBegun(current) ? { ...current, holderUntilMs: 0 } : waitingFor(current, lock)))
    return 'not-now'
  }
  const beside = hasBegun(ledger.execution) ? undefined : await holdNodePods(runtime, plan, lock)
  if (beside) {
    await ledger.change((current) => waitingFor(current, beside))
    await lock.release(ledger.execution, limits)
    return 'not-now'
  }
  runtime.crashpoint('after-lock')
  return guarded({ ...runtime, plan, ledger, lock, limits, stormWatch, mayNote: false, stopping: beginning.stopping })
}

async function guarded(work: Work): Promise<Begun> {
  const { ledger, plan, lock, audit, stormWatch } = work
  if (hasBegun(ledger.execution)) await ledger.change((execution) => ({ ...execution, epoch: lock.epoch }))
  const context = await gather(work, stormWatch, plan)
  const refusals = refusalsOf(context, plan)
  const mayNote = !allRefusals(GUARDS, context).some(({ code }) => UNTOUCHABLE.has(code))
  const ready = { ...work, mayNote }
  const refusal =
    refusals[0] ?? (hasBegun(ledger.execution) ? undefined : await missingPermission(ready, plan, ready.stopping))
  if (!refusal) return ready
  if (hasBegun(ledger.execution)) return { ...ready, barred: refusal }
  if (isPassing(refusal.code)) {
    await letWait(ready, refusal)
    return 'not-now'
  }
  await audit.append({
    event: 'refused',
    target: plan.target,
    plan: plan._id,
    epoch: lock.epoch,
    say: refusal.say,
    detail: { refusals: [refusal, ...refusals.slice(1)] },
  })
  await ledger.change((execution) => ({ ...execution, refusal }))
  work.log.debug({ plan: plan._id, target: titleOf(plan.target), refusal }, 'refused')
  await settle(ready, 'refused', refusal.say)
  return 'settled'
}
