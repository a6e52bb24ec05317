import type { Mode } from '@kubewise/contracts'
import type { Limits } from '@kubewise/policy'
import {
  auditKeyFile,
  auditSettings,
  breakerSettings,
  budgetsOf,
  busSettings,
  clusterSettings,
  ConfigError,
  Duration,
  expandHome,
  loadConfig,
  processSettings,
  recordSettings,
  remediationSettings,
  type Environment,
} from '@kubewise/service'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { readReceivers, type ReadText, type Receiver } from './tell/receiver.ts'

const SECOND = 1000

const Settings = Type.Object({
  ...processSettings,
  ...busSettings,
  ...recordSettings,
  ...breakerSettings,
  ...clusterSettings,
  ...remediationSettings,
  ...auditSettings,
  /** Signs what is sent to the webhook. */
  WEBHOOK_SECRET: Type.Optional(Type.String({ minLength: 1, secret: true })),
  /** In a cluster: where the ConfigMap `kubewise-kill` is looked for. */
  POD_NAMESPACE: Type.Optional(Type.String({ minLength: 1 })),
  /** Seconds after which work of a silent executor is taken over. */
  EXECUTOR_LEASE_SECONDS: Duration('s', { default: 15, minimum: 1 }),
  /** How long the first new pod must be ready before the rest is replaced; 0 replaces all at once. */
  KUBEWISE_CANARY_SECONDS: Duration('s', { default: 15, maximum: 600 }),
  /** Only where a workload has so many pods. */
  KUBEWISE_CANARY_MIN_REPLICAS: Type.Integer({ default: 4, minimum: 2 }),
})
export type Config = Static<typeof Settings> & { receivers: readonly Receiver[] }

type Variables = Static<typeof Settings>

/** Mistakes of the file are told with those of the variables, not after them. */
function variablesOf(env: Environment, readText: ReadText): Variables {
  try {
    return loadConfig(Settings, env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const { mistakes } = readReceivers({ file: env['KUBEWISE_RECEIVERS_FILE'] || undefined, allow: [] }, readText)
    throw new ConfigError([...error.mistakes, ...mistakes])
  }
}

const readHere: ReadText = (path) => readFileSync(expandHome(path), 'utf8')

/**
 * The configuration, with the files that it names.
 * @throws ConfigError
 */
export function readConfig(env: Environment, readText = readHere): Config {
  const config = variablesOf(env, readText)
  const { KUBEWISE_WEBHOOK_URL: url, WEBHOOK_SECRET: secret } = config
  const { KUBEWISE_RECEIVERS_FILE: file, KUBEWISE_NOTIFY_ALLOW: allow } = config
  const { receivers, mistakes } = readReceivers({ url, secret, file, allow }, readText)
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return { ...config, receivers }
}

/** The configuration as the stages want it. */
export interface Options {
  cluster: string
  mode: Mode
  limits: Partial<Limits>
  protectedNamespaces: readonly string[]
  /** A file whose being there stops everything. */
  killFile: string
  /** Of the key that signs the audit chain. */
  auditKeyFile: string
  /** The namespace whose ConfigMap `kubewise-kill` does the same; only where we run in a cluster. */
  killNamespace?: string
  /** Who is told. */
  receivers: readonly Receiver[]
  leaseMs: number
  /** The first new pod of a changed template is watched for so long, where the workload wants at least so many pods. */
  canary: { watchMs: number; minReplicas: number }
}

export function optionsOf(config: Config): Options {
  const { POD_NAMESPACE: killNamespace, receivers } = config
  return {
    cluster: config.KUBEWISE_CLUSTER,
    mode: config.KUBEWISE_MODE,
    limits: {
      cooldownMs: config.REMEDIATION_COOLDOWN_SECONDS * SECOND,
      ...budgetsOf(config),
      mayChangeNodes: config.KUBEWISE_MAY_CHANGE_NODES,
    },
    protectedNamespaces: [...config.KUBEWISE_SYSTEM_NAMESPACES, ...config.BLACKLISTED_NAMESPACES],
    killFile: join(expandHome(config.KUBEWISE_HOME), 'kill'),
    auditKeyFile: auditKeyFile(config),
    ...(killNamespace && { killNamespace }),
    receivers,
    leaseMs: config.EXECUTOR_LEASE_SECONDS * SECOND,
    canary: {
      watchMs: config.KUBEWISE_CANARY_SECONDS * SECOND,
      minReplicas: config.KUBEWISE_CANARY_MIN_REPLICAS,
    },
  }
}
