import {
  breakerSettings,
  busSettings,
  clusterSettings,
  detectorSettings,
  loadConfig,
  processSettings,
  recordSettings,
  type Environment,
} from '@kubewise/service'
import { Type, type Static } from 'typebox'

const Settings = Type.Object({
  ...processSettings,
  ...busSettings,
  ...recordSettings,
  ...breakerSettings,
  KUBEWISE_CLUSTER: clusterSettings.KUBEWISE_CLUSTER,
  DETECTOR_SAVE_INTERVAL: detectorSettings.DETECTOR_SAVE_INTERVAL,
  ANOMALY_THRESHOLDS: detectorSettings.ANOMALY_THRESHOLDS,
  ANOMALY_MODEL: detectorSettings.ANOMALY_MODEL,
  FEEDBACK_MODEL: detectorSettings.FEEDBACK_MODEL,
})
export type Config = Static<typeof Settings>

export const readConfig = (env: Environment): Config => loadConfig(Settings, env)
