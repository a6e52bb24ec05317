import { Type, type Static, type TObject } from 'typebox'
import { Choice, Duration, HttpUrl, Names, Port } from './fields.ts'
import { LOG_LEVELS } from './log.ts'
import { PromQueries } from './prom-queries.ts'

// The original's names for levels that pino calls otherwise.
const LEVEL_ALIASES: Record<string, string> = { warning: 'warn', critical: 'fatal' }

// Secrets that come from files end in a line break.
const trimmed = (text: string) => text.trim()

function readLevel(text: string): string {
  const level = text.trim().toLowerCase()
  return LEVEL_ALIASES[level] ?? level
}

/** What every process needs; `run` reads these itself. */
export const processSettings = {
  LOG_LEVEL: Choice([...LOG_LEVELS], {
    default: 'info',
    expected: 'one of DEBUG, INFO, WARNING, ERROR, CRITICAL',
    read: readLevel,
  }),
  /** Of probes and metrics. */
  ADMIN_PORT: Port({ default: 9464 }),
  /** For chaos tests alone: where the process kills itself, `label` or `label@3`. */
  KUBEWISE_CRASHPOINT: Type.Optional(Type.String({ minLength: 1 })),
}

/** Which cluster, and how far KubeWise may go in it. */
export const clusterSettings = {
  KUBEWISE_MODE: Choice(['observe', 'approve', 'auto'], { default: 'observe' }),
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
    read: trimmed,
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
      read: trimmed,
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

/** In place of Prometheus' address: there is none, what the API server tells is measured. */
export const NO_PROMETHEUS = 'none'

export const prometheusSettings = {
  /** Or {@link NO_PROMETHEUS}. */
  PROM_URL: Type.String({
    default: 'http://localhost:9090',
    pattern: `^(https?://[^\\s/]+|${NO_PROMETHEUS}$)`,
    expected: `an address such as http://localhost:9090, or ${NO_PROMETHEUS}`,
    read: (text: string) => text.trim().replace(/\/+$/, ''),
  }),
  PROM_QUERIES: Type.Optional(PromQueries),
  /** Seconds. */
  PROM_QUERIES_POLL_INTERVAL: Duration('s', { default: 15, minimum: 1 }),
  /** Seconds. */
  PROM_TIMEOUT: Duration('s', { default: 10, exclusiveMinimum: 0 }),
}

/** How much is collected. */
export const collectorSettings = {
  /** Seconds of history that a new installation learns from. */
  KUBEWISE_HISTORY_SECONDS: Duration('s', { default: 86_400, maximum: 30 * 86_400 }),
  /** Series that one query may bring; more are left out, counted. */
  KUBEWISE_MAX_SERIES_PER_QUERY: Type.Integer({ default: 50_000, minimum: 1 }),
  /** Parts by namespace into which a query's series are shared out among collectors; each asks the whole query. */
  KUBEWISE_NAMESPACE_SHARDS: Type.Integer({ default: 1, minimum: 1, maximum: 64 }),
}

const REASON = '[A-Za-z0-9*][A-Za-z0-9*._/-]{0,127}'

/**
 * Which Kubernetes Events are taken, and for how long they are kept. Each list holds names; `!` before one leaves it out; in
 * reasons and kinds `*` stands for anything. Without names that are let in, all are but those left out.
 */
export const eventSettings = {
  EVENT_TYPES: Type.Array(
    Type.String({ pattern: '^!?([Nn]ormal|[Ww]arning)$', expected: 'Normal, Warning, or ! and one of them' }),
    { default: [] },
  ),
  EVENT_REASONS: Type.Array(
    Type.String({ pattern: `^!?${REASON}$`, expected: 'a reason such as BackOff, Failed* or !Pulled' }),
    { default: [] },
  ),
  EVENT_KINDS: Type.Array(
    Type.String({ pattern: '^!?[A-Za-z*][A-Za-z0-9*]{0,62}$', expected: 'a kind such as Pod or !CronJob' }),
    { default: [] },
  ),
  /** Hours that Events are kept in the record; 0 keeps none. */
  EVENT_KEEP_HOURS: Duration('h', { default: 0, maximum: 30 * 24 }),
}

/** Breakers before dependencies. */
export const breakerSettings = {
  /** Seconds; where it is not set, {@link breakerOptions} tells. */
  CIRCUIT_OPEN_TIMEOUT: Type.Optional(Duration('s', { exclusiveMinimum: 0 })),
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
  /** What a single series is judged by: its own forecast, or Half-Space Trees as the original had them. */
  ANOMALY_MODEL: Type.Enum(['forecast', 'half-space-trees'], {
    default: 'forecast',
    expected: 'forecast or half-space-trees',
  }),
  /** What learns from people's words on alerts, once there are enough of them. */
  FEEDBACK_MODEL: Type.Enum(['signatures', 'logistic', 'forest'], {
    default: 'logistic',
    expected: 'signatures, logistic or forest',
  }),
  /** Seconds. */
  EVENT_MAX_AGE_SECONDS: Duration('s', { default: 300 }),
}

/** How much an installation lets happen; the settings of the record only make it less. */
export const budgetSettings = {
  MAX_PARALLEL_REMEDIATION_ACTIONS: Type.Integer({ default: 5, minimum: 0 }),
  MAX_PARALLEL_REMEDIATION_ACTIONS_PER_NAMESPACE: Type.Integer({ default: 3, minimum: 0 }),
  MAX_REMEDIATION_ACTIONS_PER_HOUR: Type.Integer({ default: 60, minimum: 0 }),
  MAX_REMEDIATION_ACTIONS_PER_HOUR_PER_NAMESPACE: Type.Integer({ default: 20, minimum: 0 }),
}

/** The budgets as the limits of the guards have them. */
export const budgetsOf = (config: Static<TObject<typeof budgetSettings>>) => ({
  maxParallel: config.MAX_PARALLEL_REMEDIATION_ACTIONS,
  maxParallelPerNamespace: config.MAX_PARALLEL_REMEDIATION_ACTIONS_PER_NAMESPACE,
  maxPerHour: config.MAX_REMEDIATION_ACTIONS_PER_HOUR,
  maxPerHourPerNamespace: config.MAX_REMEDIATION_ACTIONS_PER_HOUR_PER_NAMESPACE,
})

export const remediationSettings = {
  REMEDIATION_COOLDOWN_SECONDS: Duration('s', { default: 300 }),
  ...budgetSettings,
  /** Cordoning and the like: off unless the installation wants it. */
  KUBEWISE_MAY_CHANGE_NODES: Type.Boolean({ default: false }),
  KUBEWISE_WEBHOOK_URL: Type.Optional(HttpUrl({ secret: true, expected: 'an http or https address' })),
  /** Who else is told. */
  KUBEWISE_RECEIVERS_FILE: Type.Optional(Type.String({ minLength: 1, expected: 'the path of a file' })),
  /** Hosts, `*.domain`, addresses and CIDRs that are not public and may be sent to, over http too. */
  KUBEWISE_NOTIFY_ALLOW: Names({ default: [] }),
}

export const apiSettings = {
  PORT: Port({ default: 8000 }),
  KUBEWISE_API_TOKEN_FILE: Type.Optional(Type.String({ minLength: 1, expected: 'the path of a file' })),
}

/** Of those who write an audit chain; see {@link auditKeyFile}. */
export const auditSettings = {
  KUBEWISE_AUDIT_KEY_FILE: Type.Optional(Type.String({ minLength: 1, expected: 'the path of a file' })),
}

const OPEN_MS = 60_000

/** What of the configuration is about breakers. */
export type BreakerConfig = Static<TObject<typeof breakerSettings>>

/**
 * The breaker settings as {@link createBreaker} takes them.
 *
 * @param unsetOpenMs how long a circuit stays open where nobody has set it
 */
export const breakerOptions = (config: BreakerConfig, unsetOpenMs = OPEN_MS) => ({
  openMs: config.CIRCUIT_OPEN_TIMEOUT === undefined ? unsetOpenMs : config.CIRCUIT_OPEN_TIMEOUT * 1000,
  errorThreshold: config.ERROR_THRESHOLD,
})
