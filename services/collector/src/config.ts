import {
  breakerSettings,
  busSettings,
  clusterSettings,
  collectorSettings,
  ConfigError,
  detectorSettings,
  eventSettings,
  loadConfig,
  processSettings,
  prometheusSettings,
  recordSettings,
  type Environment,
} from '@kubewise/service'
import { withGoodQueries } from '@kubewise/metrics'
import { Type, type Static } from 'typebox'
import { eventFilterMistakes } from './event-filter.ts'

const Settings = Type.Object({
  ...processSettings,
  ...busSettings,
  ...recordSettings,
  ...prometheusSettings,
  ...breakerSettings,
  KUBEWISE_CLUSTER: clusterSettings.KUBEWISE_CLUSTER,
  ...collectorSettings,
  ...eventSettings,
  EVENT_MAX_AGE_SECONDS: detectorSettings.EVENT_MAX_AGE_SECONDS,
})
export type Config = Static<typeof Settings>

/** @throws ConfigError also for own queries that no Prometheus could take, and for lists that let no Event in */
export function readConfig(env: Environment): Config {
  const config = loadConfig(Settings, env)
  const mistakes = eventFilterMistakes(config)
  try {
    withGoodQueries(config)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    mistakes.unshift(...error.mistakes)
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return config
}
