import { titleOf, type Refusal } from '@kubewise/contracts'
import type { Guard, GuardContext, TargetObject } from '../guard.ts'

/** A guard on the target as it is in the cluster now. What could not be read is refused; what is gone is the target guard's matter. */
export function onObject(look: (object: TargetObject, context: GuardContext) => Refusal | undefined): Guard {
  return (context) => {
    const { object, plan } = context
    if (!object.isKnown) return { code: 'target-unknown', say: `${titleOf(plan.target)} cannot be read: ${object.why}` }
    return object.value && look(object.value, context)
  }
}
