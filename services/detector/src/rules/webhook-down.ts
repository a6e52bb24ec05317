import { fact } from '../finding.ts'
import { ruleFor, SECOND } from './state-rule.ts'

/** An admission webhook that refuses what it cannot judge, and whose Service has nobody to judge: writes fail, cluster-wide at times. */
export const webhookDown = ruleFor('Webhook', {
  name: 'webhook-down',
  version: 1,
  forMs: 30 * SECOND,
  clearMs: 10 * SECOND,
  look: ({ failsClosed, downServices = [] }) => {
    const [down] = downServices
    if (!failsClosed || !down) return undefined
    const service = `${down.namespace}/${down.name}`
    return fact('critical', `The webhook fails closed and its Service ${service} has no ready endpoint.`, {
      service,
      services: downServices.length,
    })
  },
})
