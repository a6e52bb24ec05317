import { titleOf } from '@kubewise/contracts'
import { onObject } from './object.ts'

/** Refuses to touch a pod without a controller: nothing would bring it back. */
export const barePod = onObject((object, { plan }) =>
  object.isBarePod
    ? { code: 'bare-pod', say: `${titleOf(plan.target)} has no controller; nothing would bring it back.` }
    : undefined,
)
