import { titleOf } from '@kubewise/contracts'
import { onObject } from './object.ts'

/** Refuses what GitOps or an operator owns: it would take the change back, and the two would fight. */
export const ownership = onObject((object, { plan }) =>
  object.ownedBy === ''
    ? undefined
    : {
        code: 'owned-elsewhere',
        say: `${titleOf(plan.target)} is managed by ${object.ownedBy}, which would revert the change.`,
      },
)
