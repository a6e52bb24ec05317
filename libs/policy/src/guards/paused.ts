import { titleOf } from '@kubewise/contracts'
import { onObject } from './object.ts'

/** Refuses what a person has paused: a change would not roll out, or would against their wish. */
export const paused = onObject((object, { plan }) =>
  object.isPaused
    ? { code: 'target-paused', say: `${titleOf(plan.target)} is paused; somebody is at work on it.` }
    : undefined,
)
