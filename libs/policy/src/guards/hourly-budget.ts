import { actionNamed } from '../actions/index.ts'
import type { Guard } from '../guard.ts'

/** Refuses when this plan's steps would be more than the cluster or the namespace may see in an hour. */
export const hourlyBudget: Guard = ({ acted, limits, plan }) => {
  if (!acted.isKnown)
    return { code: 'acted-unknown', say: `What was done in the last hour cannot be read: ${acted.why}` }
  const steps = plan.steps.filter(({ action }) => !actionNamed(action)?.isPassive).length
  if (!(acted.value.inCluster + steps <= limits.maxPerHour))
    return {
      code: 'budget-hour',
      say: `${acted.value.inCluster} steps were carried out in the last hour, of ${limits.maxPerHour} allowed.`,
    }
  return acted.value.inNamespace + steps <= limits.maxPerHourPerNamespace
    ? undefined
    : {
        code: 'budget-hour-namespace',
        say: `${acted.value.inNamespace} steps were carried out in ${plan.target.namespace} in the last hour, of ${limits.maxPerHourPerNamespace} allowed.`,
      }
}
