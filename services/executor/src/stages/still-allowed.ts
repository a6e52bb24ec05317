import { titleOf, type Refusal, type Target } from '@kubewise/contracts'
import { firstRefusal, GUARDS } from '@kubewise/policy'
import { gather } from '../context/gather.ts'
import type { Work } from '../work.ts'

/** What also the later writes of a plan must not do, once it has begun: they owe nothing to budgets or approvals any more. */
const STANDING_GUARDS = {
  'protected-namespace': GUARDS['protected-namespace'],
  mode: GUARDS.mode,
  'target-exists': GUARDS['target-exists'],
  scope: GUARDS.scope,
  ownership: GUARDS.ownership,
  'kill-switch': GUARDS['kill-switch'],
}

/** What a step that has not begun must not do either: it may come long after the first. */
const STEP_GUARDS = { ...STANDING_GUARDS, expiry: GUARDS.expiry, window: GUARDS.window }

/** What a plan for a node must not do to the pods of others: their namespaces have wishes of their own. */
const MEMBER_GUARDS = { mode: GUARDS.mode, window: GUARDS.window }

/** Why a further step of a plan that has changed something may not begin. */
export async function mayNotBegin(work: Work): Promise<Refusal | undefined> {
  return firstRefusal(STEP_GUARDS, await gather(work, work.stormWatch, work.plan))
}

/** Why what belongs to another target than the plan's must be left alone. */
export async function notAllowedOn(work: Work, target: Target): Promise<Refusal | undefined> {
  const context = await gather(work, work.stormWatch, { ...work.plan, target })
  if (!context.object.isKnown)
    return { code: 'target-unknown', say: `${titleOf(target)} cannot be read: ${context.object.why}` }
  return firstRefusal(MEMBER_GUARDS, context)
}

/** Why a plan that has begun may not write any more, asked anew: much may have changed since its guards were asked. */
export async function noLongerAllowed(work: Work): Promise<Refusal | undefined> {
  return firstRefusal(STANDING_GUARDS, await gather(work, work.stormWatch, work.plan))
}
