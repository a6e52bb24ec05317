import { existsSync, readFileSync } from 'node:fs'
import { auditSettings, loadConfig, mergeEnvironment, recordSettings, type Environment } from '@kubewise/service'
import { Type, type Static } from 'typebox'

const Settings = Type.Object({ ...recordSettings, ...auditSettings })
export type Config = Static<typeof Settings>

/** Where the record and the audit key are, as the services read it. @throws ConfigError */
export const readConfig = (env: Environment): Config => loadConfig(Settings, env)

/** The process's environment over the `.env` of the working folder. */
export const readEnvironment = (): Environment =>
  mergeEnvironment(process.env, existsSync('.env') ? readFileSync('.env', 'utf8') : '')
