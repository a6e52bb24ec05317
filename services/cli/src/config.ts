import { existsSync, readFileSync } from 'node:fs'
import { withGoodQueries } from '@kubewise/metrics'
import {
  auditSettings,
  loadConfig,
  mergeEnvironment,
  prometheusSettings,
  recordSettings,
  type Environment,
} from '@kubewise/service'
import { Type, type Static } from 'typebox'

const Settings = Type.Object({ ...recordSettings, ...auditSettings })
export type Config = Static<typeof Settings>

/** Where the record and the audit key are, as the services read it. @throws ConfigError */
export const readConfig = (env: Environment): Config => loadConfig(Settings, env)

const PrometheusSettings = Type.Object(prometheusSettings)
export type PrometheusConfig = Static<typeof PrometheusSettings>

/** Which Prometheus is asked for what, as the collector reads it. @throws ConfigError */
export const readPrometheusConfig = (env: Environment): PrometheusConfig =>
  withGoodQueries(loadConfig(PrometheusSettings, env))

/** The process's environment over the `.env` of the working folder. */
export const readEnvironment = (): Environment =>
  mergeEnvironment(process.env, existsSync('.env') ? readFileSync('.env', 'utf8') : '')
