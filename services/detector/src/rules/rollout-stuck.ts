import { fact } from '../finding.ts'
import { ruleFor, SECOND } from './state-rule.ts'

/** The Deployment's own deadline has passed. No Event is ever emitted for it; the condition says so. */
export const rolloutStuck = ruleFor('Workload', {
  name: 'rollout-stuck',
  version: 1,
  forMs: 0,
  clearMs: 10 * SECOND,
  look: ({ conditions, updated, wanted }) => {
    const progressing = conditions.find((condition) => condition.type === 'Progressing')
    return progressing?.status === 'False' && progressing.reason === 'ProgressDeadlineExceeded'
      ? fact('critical', 'The rollout has not finished within its deadline.', { updated, wanted })
      : undefined
  },
})
