import {
  breakerSettings,
  busSettings,
  clusterSettings,
  collectorSettings,
  detectorSettings,
  loadConfig,
  processSettings,
  prometheusSettings,
  type Environment,
} from '@kubewise/service'
import { withGoodQueries } from '@kubewise/metrics'
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
export const readConfig = (env: Environment): Config => withGoodQueries(loadConfig(Settings, env))
