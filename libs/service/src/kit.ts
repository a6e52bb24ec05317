import { systemClock, type Clock } from './clock.ts'
import { createCrashpoint, type Crashpoint } from './crashpoint.ts'
import { createHealth, type Health } from './health.ts'
import { createLogger, type Logger, type LogLevel } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import manifest from '../package.json' with { type: 'json' }

/** The version of KubeWise. */
export const VERSION: string = manifest.version

/** What every service is handed, whatever it does. */
export interface Kit {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly health: Health
  /** Aborts as the first act of stopping: loops end, waits end, what runs goes to its next durable point. */
  readonly signal: AbortSignal
  readonly crashpoint: Crashpoint
}

/** One of the five, in a process of its own or beside others. */
export interface Service {
  readonly name: string
  readonly health: Health
  /** Resolves when the service works. Waits for its dependencies as long as it takes. */
  start(): Promise<void>
  /** Ends what runs and lets go of what it holds; the kit's signal is aborted already. */
  stop(): Promise<void>
}

export interface KitOptions extends Partial<Kit> {
  name: string
  level?: LogLevel
  /** See {@link createCrashpoint}. */
  crashAt?: string | undefined
}

/** A kit for one service; whatever is given is taken instead of a new one. */
export function createKit({ name, level = 'info', crashAt, ...given }: KitOptions): Kit {
  const clock = given.clock ?? systemClock
  return {
    clock,
    log: given.log ?? createLogger({ service: name, level, clock }),
    metrics: given.metrics ?? createMetrics(name, VERSION),
    health: given.health ?? createHealth(),
    signal: given.signal ?? new AbortController().signal,
    crashpoint: given.crashpoint ?? createCrashpoint(crashAt),
  }
}
