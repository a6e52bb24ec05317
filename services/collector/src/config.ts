import {
  breakerSettings,
  busSettings,
  clusterSettings,
  collectorSettings,
  ConfigError,
  detectorSettings,
  loadConfig,
  processSettings,
  prometheusSettings,
  type Environment,
} from '@kubewise/service'
import { queryMistakes } from '@kubewise/metrics'
import { Type, type Static } from 'typebox'

const Settings = Type.Object({
  ...processSettings,
  ...busSettings,
  ...prometheusSettings,
  ...breakerSettings,
  KUBEWISE_CLUSTER: clusterSettings.KUBEWISE_CLUSTER,
  ...collectorSettings,
  EVENT_MAX_AGE_SECONDS: detectorSettings.EVENT_MAX_AGE_SECONDS,
})
export type Config = Static<typeof Settings>

/** @throws ConfigError also for own queries that no Prometheus could take */
export function readConfig(env: Environment): Config {
  const config = loadConfig(Settings, env)
  const mistakes = queryMistakes(config.PROM_QUERIES ?? [])
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return config
}
