import type { Guard } from '../guard.ts'
import { FALLBACK_ID, sortSteps } from '../step-order.ts'

/** Refuses steps that need what is not there, or one another in a circle: such a plan would be left half done; and names that the ledger could not tell apart. */
export const stepOrder: Guard = ({ plan }) => {
  for (const steps of [plan.steps, plan.fallback]) {
    const sorted = sortSteps(steps)
    if (!Array.isArray(sorted)) return sorted
  }
  const fallback = new Set(plan.fallback.map(({ id }) => `${FALLBACK_ID}${id}`))
  const taken = plan.steps.find(({ id }) => fallback.has(id))
  return (
    taken && {
      code: 'step-id-taken',
      say: `The step ${taken.id} is called as a step of the fallback is in the ledger.`,
    }
  )
}
