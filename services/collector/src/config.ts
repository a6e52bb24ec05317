import {
  breakerSettings,
  busSettings,
  clusterSettings,
  detectorSettings,
  loadConfig,
  processSettings,
  prometheusSettings,
  type Environment,
} from '@kubewise/service'
import { Type, type Static } from 'typebox'

const Settings = Type.Object({
  ...processSettings,
  ...busSettings,
  ...prometheusSettings,
  ...breakerSettings,
  KUBEWISE_CLUSTER: clusterSettings.KUBEWISE_CLUSTER,
  EVENT_MAX_AGE_SECONDS: detectorSettings.EVENT_MAX_AGE_SECONDS,
})
export type Config = Static<typeof Settings>

export const readConfig = (env: Environment): Config => loadConfig(Settings, env)
