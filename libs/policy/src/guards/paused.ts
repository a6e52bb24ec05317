import { titleOf, type PlanStep } from '@kubewise/contracts'
import { actionNamed } from '../actions/index.ts'
import { onObject } from './object.ts'

/** Whether it was KubeWise that paused it is seen when it is resumed, on the object. */
const isToBeResumed = (steps: readonly PlanStep[]) =>
  steps.length > 0 && steps.map(({ action }) => actionNamed(action)).every((action) => action?.isForPaused === true)

/** Refuses what a person has paused: a change would not roll out, or would against their wish. */
export const paused = onObject((object, { plan }) =>
  object.isPaused && !isToBeResumed(plan.steps)
    ? { code: 'target-paused', say: `${titleOf(plan.target)} is paused; somebody is at work on it.` }
    : undefined,
)
