import { decodePlan } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import type { NewPlan } from '../decisions/compose-plan.ts'
import { pass, refuse, type Verdict } from './check.ts'

const MOST_SAID = 3

/** Is the plan whole by its own schema, and are its parameters by their actions'? */
export function checkSchema(plan: NewPlan): Verdict {
  const decoded = decodePlan({ ...plan, version: 0 })
  const steps = [...plan.steps, ...plan.fallback].flatMap(({ id, action, with: given }) => {
    const spec = actionNamed(action)
    if (!spec) return [`${id}: there is no action ${action}`]
    const parameters = spec.decode(given)
    return parameters.ok ? [] : parameters.errors.map((error) => `${id}: ${error}`)
  })
  const mistakes = [...(decoded.ok ? [] : decoded.errors), ...steps]
  return mistakes.length === 0
    ? pass('The plan is whole.')
    : refuse('plan-invalid', `The plan is not whole: ${mistakes.slice(0, MOST_SAID).join('; ')}`)
}
