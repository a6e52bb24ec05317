import { titleOf } from '@kubewise/contracts'
import { actionNamed } from '../actions/index.ts'
import { onObject } from './object.ts'

/** Refuses to set replicas where an autoscaler does: it would set them back within 15 s. */
export const autoscaler = onObject((object, { plan }) =>
  object.hasAutoscaler && plan.steps.some(({ action }) => actionNamed(action)?.setsReplicas)
    ? { code: 'autoscaler-owned', say: `A HorizontalPodAutoscaler sets the replicas of ${titleOf(plan.target)}.` }
    : undefined,
)
