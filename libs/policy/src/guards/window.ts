import { titleOf } from '@kubewise/contracts'
import type { Guard } from '../guard.ts'

/** Refuses while a maintenance window, or the target's own annotation, says that nothing is to be changed. What cannot be read as meant refuses as well. */
export const window: Guard = ({ plan, windows, object, nowMs }) => {
  if (!windows.isKnown) return { code: 'window-unknown', say: `The maintenance windows cannot be read: ${windows.why}` }
  const untilMs = object.isKnown ? object.value?.wishes?.silencedUntilMs : undefined
  if (untilMs !== undefined && nowMs < untilMs)
    return {
      code: 'silenced',
      say: `An annotation of ${titleOf(plan.target)} silences it until ${new Date(untilMs).toISOString()}.`,
    }
  const [name] = windows.value
  return name === undefined
    ? undefined
    : { code: 'window', say: `The maintenance window ${name} freezes ${titleOf(plan.target)}.` }
}
