import { fact } from '../finding.ts'
import { MINUTE, ruleFor, SECOND } from './state-rule.ts'

/** Running, yet not ready for minutes. Pods that have run to their end are not meant. */
export const podNotReady = ruleFor('Pod', {
  name: 'pod-not-ready',
  version: 1,
  forMs: 3 * MINUTE,
  clearMs: 10 * SECOND,
  look: (pod) =>
    pod.phase === 'Running' && !pod.isReady && !pod.isTerminating
      ? fact('warning', 'The pod runs but is not ready.', { revision: pod.revision ?? '' })
      : undefined,
})
