import type { Environment } from './config.ts'
import * as settings from './settings.ts'

const KNOWN = new Set(
  Object.keys({
    ...settings.processSettings,
    ...settings.clusterSettings,
    ...settings.busSettings,
    ...settings.recordSettings,
    ...settings.prometheusSettings,
    ...settings.collectorSettings,
    ...settings.eventSettings,
    ...settings.breakerSettings,
    ...settings.detectorSettings,
    ...settings.remediationSettings,
    ...settings.apiSettings,
    KUBEWISE_DATA: true,
    KUBEWISE_PLAYBOOKS: true,
  }),
)

// A cluster gives every pod such variables for each Service, so also for one that is called kubewise-api.
const OF_A_SERVICE = /_SERVICE_(HOST|PORT\w*)$|_PORT(_\d+_(TCP|UDP)\w*)?$/

/** What is allowed but probably not meant, a sentence each. */
export function settingsWarnings(env: Environment): string[] {
  const warnings: string[] = []
  const halfOpen = env['HALF_OPEN_MAX_CALLS']
  if (halfOpen && halfOpen.trim() !== '1')
    warnings.push(`HALF_OPEN_MAX_CALLS: ${halfOpen} is accepted, but a half-open circuit lets one call through`)
  if (env['ANOMALY_THRESHOLD']) warnings.push('ANOMALY_THRESHOLD: has no effect, set ANOMALY_THRESHOLDS')
  for (const name of Object.keys(env))
    if (name.startsWith('KUBEWISE_') && !KNOWN.has(name) && !OF_A_SERVICE.test(name))
      warnings.push(`${name}: has no effect, there is no such setting`)
  return warnings
}
