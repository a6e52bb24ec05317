import { titleOf, type Approval, type Refusal } from '@kubewise/contracts'
import { riskOfPlan } from '../actions/index.ts'
import type { Guard, GuardContext } from '../guard.ts'
import { actingMode, isWithinRisk } from '../limits.ts'

/** Why a person must agree first, in words; undefined where nobody need be asked. */
export function approvalReason({
  plan,
  mode,
  limits,
  object,
}: Pick<GuardContext, 'plan' | 'mode' | 'limits' | 'object'>): string | undefined {
  const target = object.isKnown ? object.value : undefined
  if (!mode.isKnown || actingMode(plan.mode, mode.value, target?.wishes) !== 'auto')
    return 'In mode approve every plan waits for a person.'
  const risk = riskOfPlan(plan)
  if (!isWithinRisk(risk, limits.autoRisk))
    return `A plan of ${risk} risk waits for a person; up to ${limits.autoRisk} acts by itself.`
  if (target?.ready === 1 && target.readyPodsTaken > 0)
    return `The only ready pod of ${titleOf(plan.target)} would be taken away.`
  return undefined
}

/** Is this yes a yes to this plan, by another person, and still one? */
function flawOf(approval: Approval, { plan, nowMs, requester }: GuardContext): Refusal | undefined {
  if (approval.planHash !== plan.hash)
    return { code: 'approval-mismatch', say: 'The approval is for another version of the plan.' }
  if (nowMs >= approval.expiresMs)
    return { code: 'approval-expired', say: `The approval ended at ${new Date(approval.expiresMs).toISOString()}.` }
  if (requester !== undefined && approval.by === requester)
    return { code: 'approval-self', say: `${approval.by} asked for the plan and cannot approve it too.` }
  return undefined
}

/** Refuses without a person's yes where one is needed, and always with a person's no. While planning nobody can have been asked. */
export const approval: Guard = (context) => {
  if (context.at === 'planning') return undefined
  const { approval } = context
  if (!approval.isKnown) return { code: 'approval-unknown', say: `The approval cannot be read: ${approval.why}` }
  if (approval.value?.verdict === 'rejected')
    return { code: 'approval-rejected', say: `${approval.value.by} rejected the plan.` }
  const reason = approvalReason(context)
  if (reason === undefined) return undefined
  return approval.value ? flawOf(approval.value, context) : { code: 'approval-missing', say: reason }
}
