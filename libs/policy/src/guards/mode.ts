import type { Guard } from '../guard.ts'
import { actingMode } from '../limits.ts'

/** Refuses where KubeWise may only observe. Whether a person must agree first is the approval guard's question. */
export const mode: Guard = ({ plan, mode, object }) => {
  if (!mode.isKnown) return { code: 'mode-unknown', say: `The mode cannot be read, so nothing is done: ${mode.why}` }
  const wishes = object.isKnown ? object.value?.wishes : undefined
  if (actingMode(plan.mode, mode.value, wishes) !== 'observe') return undefined
  const [mistake] = wishes?.mistakes ?? []
  return mistake === undefined
    ? { code: 'mode-observe', say: `In mode observe this is only recorded as what would have been done.` }
    : { code: 'mode-observe', say: `An annotation cannot be read, so this is only recorded: ${mistake}` }
}
