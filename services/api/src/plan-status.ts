import { SETTLED, type Approval, type Execution, type Plan } from '@kubewise/contracts'

/** The refusal of a plan that is only recorded as what would have been done. */
const OBSERVED = 'mode-observe'
/** The refusal of a plan that waits for a person, also in mode auto: a high risk, the only ready pod. */
const UNAPPROVED = 'approval-missing'

/** Where a plan stands, as people are told: derived from the plan, its approval and its execution, which three services write. */
export type PlanStatus =
  | 'no-action'
  | 'observed'
  | 'waiting-for-approval'
  | 'rejected'
  | 'expired'
  | 'pending'
  | 'executing'
  | 'recovered'
  | 'refused'
  | 'undone'
  | 'escalated'
  | 'failed'

/** Claimed once, and let go since a guard asked it to wait: nothing was done, and a person's word still counts. */
export const isWaiting = ({ status, refusal }: Execution): boolean => status === 'claimed' && refusal !== undefined

export function planStatus(
  plan: Plan,
  approval: Approval | undefined,
  execution: Execution | undefined,
  nowMs: number,
): PlanStatus {
  if (execution?.refusal?.code === OBSERVED) return 'observed'
  if (execution && !isWaiting(execution))
    return SETTLED.includes(execution.status) ? (execution.status as PlanStatus) : 'executing'
  if (plan.steps.length === 0) return 'no-action'
  if (approval?.verdict === 'rejected') return 'rejected'
  if (plan.mode === 'observe') return 'observed'
  if (nowMs >= plan.notAfterMs) return 'expired'
  const isApproved = approval?.verdict === 'approved' && nowMs < approval.expiresMs
  const isAsked = plan.mode === 'approve' || execution?.refusal?.code === UNAPPROVED
  return isAsked && !isApproved ? 'waiting-for-approval' : 'pending'
}
