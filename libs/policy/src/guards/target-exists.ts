import { keyOf, titleOf } from '@kubewise/contracts'
import { actionNamed } from '../actions/index.ts'
import type { Guard } from '../guard.ts'

/** Refuses when the target is gone, is being deleted, or is another object under the same name; and steps on anything but it. */
export const targetExists: Guard = ({ plan, object }) => {
  const title = titleOf(plan.target)
  if (!object.isKnown) return { code: 'target-unknown', say: `${title} cannot be read: ${object.why}` }
  if (!object.value) return { code: 'target-gone', say: `${title} does not exist any more.` }
  if (!plan.target.uid || object.value.uid !== plan.target.uid)
    return { code: 'target-replaced', say: `${title} is another object than the plan was made for.` }
  if (object.value.isDeleting) return { code: 'target-deleting', say: `${title} is being deleted.` }
  const foreign = [...plan.steps, ...plan.fallback].find((step) => {
    const meant = actionNamed(step.action)?.objectOf?.(plan.target, step.with) ?? plan.target
    return keyOf(step.object) !== keyOf(meant)
  })
  return (
    foreign && {
      code: 'foreign-object',
      say: `Step ${foreign.id} acts on ${titleOf(foreign.object)}, which is not part of ${title}.`,
    }
  )
}
