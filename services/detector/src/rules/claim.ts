import { fact } from '../finding.ts'
import { MINUTE, ruleFor } from './state-rule.ts'

/**
 * A claim that gets no volume. Where its class waits for a pod, or is not known, Pending alone says nothing: then only
 * together with a provisioner that says that it failed.
 */
export const claimPending = ruleFor('Claim', {
  name: 'claim-pending',
  version: 1,
  forMs: 5 * MINUTE,
  clearMs: 0,
  look: ({ phase, isTerminating, waitsForConsumer, storageClass }, memory) => {
    if (phase !== 'Pending' || isTerminating) return undefined
    const hasFailed = memory.events['provisioning-failed'] !== undefined
    if (waitsForConsumer !== false && !hasFailed) return undefined
    return fact('warning', 'The claim gets no volume.', { storageClass: storageClass ?? '', hasFailed })
  },
})

/** A claim whose volume is gone: what was written may be lost. */
export const claimLost = ruleFor('Claim', {
  name: 'claim-lost',
  version: 1,
  forMs: 0,
  clearMs: 0,
  look: ({ phase }) => (phase === 'Lost' ? fact('critical', 'The volume of the claim is gone.') : undefined),
})
