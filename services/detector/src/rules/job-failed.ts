import { fact } from '../finding.ts'
import { ruleFor } from './state-rule.ts'

/** A Job that has given up. Something to tell a person; a Job is never rerun by itself. */
export const jobFailed = ruleFor('Job', {
  name: 'job-failed',
  version: 1,
  forMs: 0,
  clearMs: 0,
  look: ({ conditions, failed }) => {
    const condition = conditions.find((c) => c.type === 'Failed' && c.status === 'True')
    return (
      condition &&
      fact('warning', `The Job has failed (${condition.reason ?? 'no reason given'}).`, {
        failed,
        reason: condition.reason ?? '',
      })
    )
  },
})
