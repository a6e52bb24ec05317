import { fact } from '../finding.ts'
import { ruleFor, SECOND } from './state-rule.ts'

/** Pods of a Deployment that do not exist because the API server refused them: quota, pod security, an admission webhook. */
export const creationRefused = ruleFor('Workload', {
  name: 'creation-refused',
  version: 1,
  forMs: 15 * SECOND,
  clearMs: 10 * SECOND,
  look: ({ conditions, wanted, available }) => {
    const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
    return failure?.reason === 'FailedCreate'
      ? fact('critical', 'Pods of the workload cannot be created.', { wanted, available })
      : undefined
  },
})
