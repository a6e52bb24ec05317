import type { Guard } from '../guard.ts'
import { strictestMode } from '../limits.ts'

/** Refuses where KubeWise may only observe. Whether a person must agree first is the approval guard's question. */
export const mode: Guard = ({ plan, mode }) => {
  if (!mode.isKnown) return { code: 'mode-unknown', say: `The mode cannot be read, so nothing is done: ${mode.why}` }
  return strictestMode(plan.mode, mode.value) === 'observe'
    ? { code: 'mode-observe', say: `In mode observe this is only recorded as what would have been done.` }
    : undefined
}
