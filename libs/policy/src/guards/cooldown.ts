import { titleOf } from '@kubewise/contracts'
import type { Guard } from '../guard.ts'

/**
 * Refuses while the target rests after an earlier incident. The time lies in the target's record, so a restart does not
 * shorten it. What still belongs to the incident that was last acted upon (a second raise, a fallback) does not wait.
 */
export const cooldown: Guard = ({ target, plan, nowMs }) => {
  if (!target.isKnown) return { code: 'record-unknown', say: `The target's record cannot be read: ${target.why}` }
  const record = target.value
  if (!record || nowMs >= record.coolingUntilMs || record.originalsOf === plan.incident) return undefined
  return {
    code: 'cooldown',
    say: `${titleOf(plan.target)} rests after an earlier remediation until ${new Date(record.coolingUntilMs).toISOString()}.`,
  }
}
