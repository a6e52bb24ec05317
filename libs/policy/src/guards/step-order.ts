import type { Guard } from '../guard.ts'
import { sortSteps } from '../step-order.ts'

/** Refuses steps that need what is not there, or one another in a circle: such a plan would be left half done. */
export const stepOrder: Guard = ({ plan }) => {
  for (const steps of [plan.steps, plan.fallback]) {
    const sorted = sortSteps(steps)
    if (!Array.isArray(sorted)) return sorted
  }
  return undefined
}
