import { titleOf, type Plan, type PlanStep, type Refusal } from '@kubewise/contracts'
import { actionNamed } from '../actions/index.ts'
import type { Guard } from '../guard.ts'

function flawOf({ target }: Plan, { id, action: name, object, with: parameters }: PlanStep): Refusal | undefined {
  const action = actionNamed(name)
  if (!action) return { code: 'action-unknown', say: `Step ${id}: there is no action ${name} (any more).` }
  const decoded = action.decode(parameters)
  if (!decoded.ok) return { code: 'parameters-invalid', say: `Step ${id}: ${decoded.errors.join('; ')}.` }
  const isOnPod = action.kinds.includes('Pod')
  const meant = action.objectOf?.(target, parameters) ?? target
  if (!action.isPassive && ((!isOnPod && !action.kinds.includes(target.kind)) || object.kind !== meant.kind))
    return {
      code: 'action-unfit',
      say: `Step ${id}: ${name} is not for ${titleOf(object)}, only for ${action.kinds.join(', ')}.`,
    }
  return undefined
}

/** Refuses steps that are not in the catalogue, or not as it says: versions go, and nobody is trusted to have checked. */
export const action: Guard = ({ plan }) => {
  for (const step of [...plan.steps, ...plan.fallback]) {
    const flaw = flawOf(plan, step)
    if (flaw) return flaw
  }
  return undefined
}
