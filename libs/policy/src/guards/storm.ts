import type { Guard, Limits, StormState } from '../guard.ts'

/** Is so much ill at once that the cause is likely not in the workloads? */
export function isStorm(state: StormState, limits: Limits): boolean {
  const tooManyTargets = state.illTargets > limits.stormCount && state.illTargets > limits.stormShare * state.targets
  const tooManyNodes = state.illNodes >= 2 && state.illNodes > limits.stormNodeShare * state.nodes
  return tooManyTargets || tooManyNodes
}

/** Refuses while too much is ill at once, and for a while after. */
export const storm: Guard = ({ storm, limits, nowMs }) => {
  if (!storm.isKnown) return { code: 'storm-unknown', say: `How much is ill cannot be read: ${storm.why}` }
  const { illTargets, targets, illNodes, nodes, lastStormMs } = storm.value
  if (isStorm(storm.value, limits))
    return {
      code: 'storm',
      say: `${illTargets} of ${targets} targets and ${illNodes} of ${nodes} nodes are ill at once; everything is frozen.`,
    }
  return lastStormMs !== undefined && nowMs - lastStormMs < limits.stormThawMs
    ? {
        code: 'storm',
        say: `Too much was ill at once until ${new Date(lastStormMs).toISOString()}; it is frozen a while longer.`,
      }
    : undefined
}
