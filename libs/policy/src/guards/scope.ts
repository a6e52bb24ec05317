import { titleOf } from '@kubewise/contracts'
import { onObject } from './object.ts'

/** Refuses what did not opt in by the label `kubewise.io/managed: "true"` on the workload or its namespace. */
export const scope = onObject((object, { plan }) =>
  object.isManaged
    ? undefined
    : {
        code: 'not-managed',
        say: `${titleOf(plan.target)} did not opt in: neither it nor its namespace is labelled kubewise.io/managed=true.`,
      },
)
