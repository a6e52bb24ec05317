import { onObject } from './object.ts'

/** Refuses to take away more ready pods than the disruption budgets of the workload allow now; the least of them holds. */
export const disruptionBudget = onObject(({ budgets, readyPodsTaken }) => {
  const exhausted = budgets.find(
    ({ disruptionsAllowed }) => readyPodsTaken > 0 && !(readyPodsTaken <= disruptionsAllowed),
  )
  return (
    exhausted && {
      code: 'pdb-exhausted',
      say: `The disruption budget ${exhausted.name} lets ${exhausted.disruptionsAllowed} ready pods go now; ${readyPodsTaken} would be.`,
    }
  )
})
