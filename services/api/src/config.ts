import {
  apiSettings,
  auditSettings,
  breakerSettings,
  budgetSettings,
  busSettings,
  clusterSettings,
  detectorSettings,
  loadConfig,
  processSettings,
  prometheusSettings,
  recordSettings,
  remediationSettings,
  type Environment,
} from '@kubewise/service'
import { Type, type Static } from 'typebox'

const Settings = Type.Object({
  ...processSettings,
  ...busSettings,
  ...recordSettings,
  ...breakerSettings,
  ...clusterSettings,
  ...apiSettings,
  ...auditSettings,
  PROM_URL: prometheusSettings.PROM_URL,
  PROM_TIMEOUT: prometheusSettings.PROM_TIMEOUT,
  ANOMALY_THRESHOLDS: detectorSettings.ANOMALY_THRESHOLDS,
  REMEDIATION_COOLDOWN_SECONDS: remediationSettings.REMEDIATION_COOLDOWN_SECONDS,
  ...budgetSettings,
  GEMINI_API_KEY: Type.Optional(Type.String({ secret: true })),
  GEMINI_MODEL_ID: Type.Optional(Type.String()),
})
export type Config = Static<typeof Settings>

export const readConfig = (env: Environment): Config => loadConfig(Settings, env)
