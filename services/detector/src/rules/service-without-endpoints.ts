import { fact } from '../finding.ts'
import { MINUTE, ruleFor, SECOND } from './state-rule.ts'

/**
 * A Service that nobody answers for, through no fault of the pods: its selector finds nothing, or finds ready pods that are
 * no endpoints (a named port that they do not have). Pods that are not ready have their own anomalies; scaled to 0 is a wish.
 */
export const serviceWithoutEndpoints = ruleFor('Endpoints', {
  name: 'service-without-endpoints',
  version: 1,
  forMs: 2 * MINUTE,
  clearMs: 10 * SECOND,
  look: ({ hasSelector, ready, notReady, selects = 'nothing' }) => {
    const isMisdirected = (selects === 'nothing' && notReady === 0) || selects === 'ready'
    return hasSelector && ready === 0 && isMisdirected
      ? fact(
          'warning',
          selects === 'ready'
            ? 'The Service has no ready endpoint although its pods are ready.'
            : 'The selector of the Service finds no pods.',
          { selects, notReady },
        )
      : undefined
  },
})
