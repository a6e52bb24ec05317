import { fact } from '../finding.ts'
import { MINUTE, ruleFor } from './state-rule.ts'

/** A node on which nothing may be scheduled for a day: longer than most maintenance, so perhaps forgotten. */
export const nodeCordoned = ruleFor('Node', {
  name: 'node-cordoned',
  version: 1,
  forMs: 24 * 60 * MINUTE,
  clearMs: MINUTE,
  look: ({ isUnschedulable }) =>
    isUnschedulable ? fact('info', 'The node has been cordoned for a day.', {}) : undefined,
})
