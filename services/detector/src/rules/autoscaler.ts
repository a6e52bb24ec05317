import { fact } from '../finding.ts'
import { MINUTE, ruleFor, SECOND } from './state-rule.ts'

/** An autoscaler that wants more replicas than it may make. Being at the maximum alone may be just enough. */
export const autoscalerAtMaximum = ruleFor('Autoscaler', {
  name: 'autoscaler-at-maximum',
  version: 1,
  forMs: 2 * MINUTE,
  clearMs: MINUTE,
  look: ({ desired, current, maxReplicas, conditions }) => {
    const limited = conditions.find(({ type, status }) => type === 'ScalingLimited' && status === 'True')
    return limited?.reason === 'TooManyReplicas' && desired >= maxReplicas
      ? fact('warning', `The autoscaler is at its maximum of ${maxReplicas} and wants more.`, { maxReplicas, current })
      : undefined
  },
})

/** `ScalingDisabled`, the reason while scaled to 0, is a wish. */
const BLIND = /^(?:FailedGet|Invalid)/

/** An autoscaler that cannot compute how many replicas are needed: its metrics are missing or cannot be read. */
export const autoscalerBlind = ruleFor('Autoscaler', {
  name: 'autoscaler-blind',
  // Version 1 went by Events.
  version: 2,
  forMs: 2 * MINUTE,
  clearMs: 30 * SECOND,
  look: ({ conditions, current }) => {
    const active = conditions.find(({ type }) => type === 'ScalingActive')
    const reason = active?.reason ?? ''
    return active?.status === 'False' && BLIND.test(reason)
      ? fact('warning', `The autoscaler cannot read its metrics (${reason}).`, { reason, current })
      : undefined
  },
})
