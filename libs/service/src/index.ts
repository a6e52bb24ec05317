export { startAdminServer, type AdminServer, type AdminServerOptions } from './admin-server.ts'
export {
  BreakerOpenError,
  createBreaker,
  DeadlineError,
  type Breaker,
  type BreakerOptions,
  type BreakerState,
} from './breaker.ts'
export { circuitsBy, type Circuits, type MakeCircuits } from './circuits.ts'
export { closing } from './closing.ts'
export { every, scaledClock, systemClock, type Clock } from './clock.ts'
export { parseDuration, type DurationUnit } from './coerce.ts'
export { ConfigError, loadConfig, mergeEnvironment, type Environment } from './config.ts'
export { createCrashpoint, noCrashpoint, type Crashpoint } from './crashpoint.ts'
export { explain } from './explain.ts'
export {
  fetchJson,
  fetchText,
  HttpError,
  type FetchOptions,
  type HttpErrorKind,
  type TextResponse,
} from './fetch-json.ts'
export {
  addressRefusal,
  isAddressAllowed,
  isHostAllowed,
  readAllowList,
  type AddressRefusal,
  type AllowList,
} from './outbound/address.ts'
export { postSafely, UnsafeAddressError, type PostOptions, type Resolve } from './outbound/post.ts'
export { createHealth, type CheckKind, type CheckResult, type Health, type HealthReport } from './health.ts'
export { createKit, VERSION, type Kit, type KitOptions, type Service } from './kit.ts'
export { listen, ListenError, type ListenOptions } from './listen.ts'
export { createLogger, LOG_LEVELS, silentLog, type Logger, type LogLevel, type LogOptions } from './log.ts'
export { createMetrics, SECONDS_BUCKETS, type Labels, type MetricName, type Metrics } from './metrics.ts'
export { redactObject } from './redaction/redact-object.ts'
export {
  createRedactor,
  NOT_REDACTED,
  redactText,
  type RedactText,
  type RedactorOptions,
} from './redaction/redact-text.ts'
export { backoffMs, retry, type Backoff, type RetryOptions } from './retry.ts'
export { run, type ProcessConfig } from './run.ts'
export { Choice, Duration, HttpUrl, Names, Port } from './fields.ts'
export { auditKeyFile, expandHome, recordLocation, type RecordLocation } from './record-location.ts'
export {
  apiSettings,
  auditSettings,
  breakerOptions,
  breakerSettings,
  budgetSettings,
  budgetsOf,
  busSettings,
  clusterSettings,
  collectorSettings,
  detectorSettings,
  eventSettings,
  NO_PROMETHEUS,
  processSettings,
  prometheusSettings,
  recordSettings,
  remediationSettings,
} from './settings.ts'
export type { PromQuery } from './prom-queries.ts'
export { settingsWarnings } from './settings-warnings.ts'
export { untilUp } from './until-up.ts'
