import { fact } from '../finding.ts'
import { MINUTE, ruleFor, SECOND } from './state-rule.ts'

/** Fewer pods available than wanted for two minutes while no rollout explains it. Scaled to 0 is a wish. */
export const workloadUnavailable = ruleFor('Workload', {
  name: 'workload-unavailable',
  version: 1,
  forMs: 2 * MINUTE,
  clearMs: 10 * SECOND,
  look: ({ wanted, available, updated, generation, observedGeneration }) => {
    const isRollingOut = updated < wanted || observedGeneration < generation
    return wanted > 0 && available < wanted && !isRollingOut
      ? fact(available === 0 ? 'critical' : 'warning', `${available} of ${wanted} wanted pods are available.`, {
          available,
          wanted,
        })
      : undefined
  },
})
