import { homedir } from 'node:os'
import { join } from 'node:path'
import { Type, type TSchemaOptions } from 'typebox'
import type { DurationUnit } from './coerce.ts'
import type { Environment } from './config.ts'
import { LOG_LEVELS } from './log.ts'

/** A number of `unit`, written as one or as `30s`, `5m`, `1m30s`. */
export const Duration = (unit: DurationUnit, options: TSchemaOptions = {}) =>
  Type.Number({ minimum: 0, ...options, duration: unit })

/** An http or https address, without the slashes at its end. */
export const HttpUrl = (options: TSchemaOptions = {}) =>
  Type.String({
    pattern: '^https?://[^\\s/]+',
    expected: 'an address such as http://localhost:9090',
    read: (text: string) => text.trim().replace(/\/+$/, ''),
    ...options,
  })

const Port = (options: TSchemaOptions) => Type.Integer({ minimum: 0, maximum: 65_535, ...options })
const Names = (options: TSchemaOptions) => Type.Array(Type.String({ minLength: 1 }), options)
const lowerCase = (text: string) => text.trim().toLowerCase()

// The original's names for levels that pino calls otherwise.
const LEVEL_ALIASES: Record<string, string> = { warning: 'warn', critical: 'fatal' }

const PromQuery = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    query: Type.String({ minLength: 1, expected: 'a PromQL expression' }),
    /** Seconds. */
    interval: Type.Optional(Duration('s', { minimum: 1 })),
  },
  { additionalProperties: false, expected: 'an object with name, query and, if wanted, interval' },
)

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** The original's two forms, `{name: query}` and `[{query, metric_type}]`, both as a list of `{name, query, interval?}`. */
function readQueries(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text
  }
  if (Array.isArray(value)) return value.map(withName)
  if (!isObject(value)) return value
  return Object.entries(value).map(([name, query]) => (isObject(query) ? { name, ...query } : { name, query }))
}

function withName(item: unknown): unknown {
  if (!isObject(item) || !('metric_type' in item)) return item
  const { metric_type: name, ...rest } = item
  return { name, ...rest }
}

/** What every process needs; `run` reads these itself. */
export const processSettings = {
  LOG_LEVEL: Type.Enum([...LOG_LEVELS], {
    default: 'info',
    expected: 'one of DEBUG, INFO, WARNING, ERROR, CRITICAL',
    read: (text: string) => LEVEL_ALIASES[lowerCase(text)] ?? lowerCase(text),
  }),
  /** Of probes and metrics. */
  ADMIN_PORT: Port({ default: 9464 }),
  /** For chaos tests alone: where the process kills itself, `label` or `label@3`. */
  KUBEWISE_CRASHPOINT: Type.Optional(Type.String({ minLength: 1 })),
}

/** Which cluster, and how far KubeWise may go in it. */
export const clusterSettings = {
  KUBEWISE_MODE: Type.Enum(['observe', 'approve', 'auto'], { default: 'observe', read: lowerCase }),
  KUBEWISE_CLUSTER: Type.String({
    default: 'default',
    pattern: '^[A-Za-z0-9_-]{1,64}$',
    expected: 'a name of letters, digits, - and _, at most 64',
  }),
  BLACKLISTED_NAMESPACES: Names({ default: ['monitoring', 'kube-public'] }),
  KUBEWISE_SYSTEM_NAMESPACES: Names({ default: ['kube-system', 'kube-public', 'monitoring', 'default', 'kubewise'] }),
}

export const busSettings = {
  NATS_URL: Type.String({
    secret: true,
    pattern: '^\\S+$',
    expected: 'an address such as nats://localhost:4222',
    read: (text: string) => text.trim(),
  }),
}

/** Where the record is; see {@link recordLocation}. */
export const recordSettings = {
  KUBEWISE_HOME: Type.String({ default: '~/.local/state/kubewise', minLength: 1 }),
  KUBEWISE_STORE: Type.Optional(Type.String({ pattern: '^sqlite:.+', expected: 'sqlite:FILE' })),
  MONGO_URI: Type.Optional(
    Type.String({
      secret: true,
      pattern: '^mongodb(\\+srv)?://\\S+$',
      expected: 'an address such as mongodb://localhost:27017',
    }),
  ),
  MONGO_DB_NAME: Type.String({
    default: 'kubewise',
    pattern: '^[^/\\\\. "$*<>:|?]{1,63}$',
    expected: 'a database name',
  }),
  MONGO_MAX_POOL_SIZE: Type.Integer({ default: 10, minimum: 1 }),
  MONGO_MIN_POOL_SIZE: Type.Integer({ default: 0, minimum: 0 }),
}

export const prometheusSettings = {
  PROM_URL: HttpUrl({ default: 'http://localhost:9090' }),
  PROM_QUERIES: Type.Optional(
    Type.Array(PromQuery, {
      expected: 'a JSON object {"name": "query"} or a JSON list of {"name", "query", "interval"}',
      read: readQueries,
    }),
  ),
  /** Seconds. */
  PROM_QUERIES_POLL_INTERVAL: Duration('s', { default: 15, minimum: 1 }),
  /** Seconds. */
  PROM_TIMEOUT: Duration('s', { default: 10, exclusiveMinimum: 0 }),
}

/** Breakers before dependencies. */
export const breakerSettings = {
  /** Seconds. */
  CIRCUIT_OPEN_TIMEOUT: Duration('s', { default: 60, exclusiveMinimum: 0 }),
  ERROR_THRESHOLD: Type.Integer({ default: 5, minimum: 1 }),
  HALF_OPEN_MAX_CALLS: Type.Integer({ default: 1, minimum: 1 }),
}

export const detectorSettings = {
  /** Seconds between checkpoints. */
  DETECTOR_SAVE_INTERVAL: Duration('s', { default: 300, minimum: 1 }),
  /** Per metric, `default` for the others; 0 to 1. */
  ANOMALY_THRESHOLDS: Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1 }), {
    default: { default: 0.85, memory: 0.95 },
    expected: 'a JSON object of numbers from 0 to 1, such as {"default": 0.85}',
  }),
  /** Seconds. */
  EVENT_MAX_AGE_SECONDS: Duration('s', { default: 300 }),
}

export const remediationSettings = {
  REMEDIATION_COOLDOWN_SECONDS: Duration('s', { default: 300 }),
  MAX_PARALLEL_REMEDIATION_ACTIONS: Type.Integer({ default: 5, minimum: 0 }),
  KUBEWISE_WEBHOOK_URL: Type.Optional(HttpUrl({ secret: true, expected: 'an http or https address' })),
}

export const apiSettings = {
  PORT: Port({ default: 8000 }),
  KUBEWISE_API_TOKEN_FILE: Type.Optional(Type.String({ minLength: 1, expected: 'the path of a file' })),
}

/** `~/x` → the user's own `x`. */
export const expandHome = (path: string): string =>
  path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path

export type RecordLocation =
  | { driver: 'mongo'; uri: string; database: string; maxPoolSize: number; minPoolSize: number }
  | { driver: 'sqlite'; file: string }

/** Which driver keeps the record, and where: a set `MONGO_URI` wins, then `KUBEWISE_STORE`, then a file in `KUBEWISE_HOME`. */
export function recordLocation(config: {
  KUBEWISE_HOME: string
  KUBEWISE_STORE?: string
  MONGO_URI?: string
  MONGO_DB_NAME: string
  MONGO_MAX_POOL_SIZE: number
  MONGO_MIN_POOL_SIZE: number
}): RecordLocation {
  const { MONGO_URI: uri, KUBEWISE_STORE: store, KUBEWISE_HOME: home } = config
  if (uri === undefined)
    return { driver: 'sqlite', file: expandHome(store?.slice('sqlite:'.length) ?? join(home, 'kubewise.sqlite')) }
  const { MONGO_DB_NAME: database, MONGO_MAX_POOL_SIZE: maxPoolSize, MONGO_MIN_POOL_SIZE: minPoolSize } = config
  return { driver: 'mongo', uri, database, maxPoolSize, minPoolSize }
}

/** The breaker settings as {@link createBreaker} takes them. */
export const breakerOptions = (config: { CIRCUIT_OPEN_TIMEOUT: number; ERROR_THRESHOLD: number }) => ({
  openMs: config.CIRCUIT_OPEN_TIMEOUT * 1000,
  errorThreshold: config.ERROR_THRESHOLD,
})

const KNOWN = new Set(
  Object.keys({
    ...processSettings,
    ...clusterSettings,
    ...busSettings,
    ...recordSettings,
    ...prometheusSettings,
    ...breakerSettings,
    ...detectorSettings,
    ...remediationSettings,
    ...apiSettings,
    KUBEWISE_DATA: true,
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
