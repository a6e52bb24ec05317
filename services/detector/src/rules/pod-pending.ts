import { fact } from '../finding.ts'
import { MINUTE, ruleFor, SECOND } from './state-rule.ts'

/** A pod that no node takes, or whose start hangs, for five minutes. */
export const podPending = ruleFor('Pod', {
  name: 'pod-pending',
  version: 1,
  forMs: 5 * MINUTE,
  clearMs: 10 * SECOND,
  look: (pod) => {
    if (pod.phase !== 'Pending' || pod.isTerminating) return undefined
    const scheduled = pod.conditions.find((condition) => condition.type === 'PodScheduled')
    const isScheduled = scheduled?.status === 'True'
    return fact('warning', isScheduled ? 'The pod has a node but does not start.' : 'No node takes the pod.', {
      isScheduled,
      reason: scheduled?.reason ?? '',
      revision: pod.revision ?? '',
    })
  },
})
