import type { Refusal } from '@kubewise/contracts'
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

/** Why a plan that has begun may not write any more, asked anew: much may have changed since its guards were asked. */
export async function noLongerAllowed(work: Work): Promise<Refusal | undefined> {
  return firstRefusal(STANDING_GUARDS, await gather(work, work.stormWatch, work.plan))
}
