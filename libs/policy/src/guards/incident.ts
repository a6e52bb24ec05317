import { titleOf } from '@kubewise/contracts'
import type { Guard } from '../guard.ts'

/** Refuses a plan whose incident is over (the alert may still ring after recovery), or was decided anew since. */
export const incident: Guard = ({ plan, incident, at }) => {
  if (incident === undefined)
    return at === 'execution' ? { code: 'incident-unknown', say: 'The incident was not read.' } : undefined
  if (!incident.isKnown) return { code: 'incident-unknown', say: `The incident cannot be read: ${incident.why}` }
  if (!incident.value) return { code: 'incident-unknown', say: `There is no record of the incident ${plan.incident}.` }
  if (!incident.value.isOpen) return { code: 'incident-resolved', say: `${titleOf(plan.target)} recovered by itself.` }
  const { newestPlan } = incident.value
  return newestPlan !== undefined && newestPlan !== plan._id
    ? {
        code: 'plan-superseded',
        say: `The incident was decided anew since: plan ${newestPlan} takes this one's place.`,
      }
    : undefined
}
