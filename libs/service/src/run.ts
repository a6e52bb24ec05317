import { existsSync, readFileSync } from 'node:fs'
import closeWithGrace from 'close-with-grace'
import { startAdminServer } from './admin-server.ts'
import { ConfigError, mergeEnvironment, type Environment } from './config.ts'
import { ListenError } from './listen.ts'
import { createKit, VERSION, type Kit, type Service } from './kit.ts'
import type { LogLevel } from './log.ts'
import { createMetrics } from './metrics.ts'
import { settingsWarnings } from './settings-warnings.ts'

/** What `run` itself needs of a configuration: `processSettings`. */
export interface ProcessConfig {
  LOG_LEVEL: LogLevel
  ADMIN_PORT: number
  KUBEWISE_CRASHPOINT?: string
}

const GRACE_MS = 20_000

// A handler for a fault of the processor leaves the process hanging where it should die.
const LEFT_TO_NODE: closeWithGrace.AllEvents[] = [
  'SIGILL',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGTRAP',
  'SIGABRT',
  'SIGUSR2',
]

/** Exit codes of a process: 0 done, 1 failed, 2 wrong usage or configuration. */
const FAILED = 1
const WRONG_USAGE = 2

/** The one place that reads the process's environment: the edge from which it is handed on. */
function processEnvironment(): Environment {
  const dotenv = existsSync('.env') ? readFileSync('.env', 'utf8') : ''
  return mergeEnvironment(process.env, dotenv)
}

const tell = (name: string, say: string) => void process.stderr.write(`kubewise ${name}: ${say}\n`)

/** The configuration, or undefined after its mistakes were told. */
function configured<C>(name: string, readConfig: (env: Environment) => C, env: Environment): C | undefined {
  try {
    return readConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    tell(name, `the configuration is wrong:\n  ${error.mistakes.join('\n  ')}`)
    return undefined
  }
}

/**
 * Runs one service as this process: configuration, log, metrics, probes, start, and a stop that drains.
 *
 * SIGTERM and SIGINT abort the kit's signal, stop the service and exit 0; a second one, or a stop that takes longer than 20 s,
 * exits 1 at once. An error nobody caught is logged and ends the process with 1: its state is unknown. A wrong
 * configuration is told in full and ends with 2. A missing dependency is no reason to end, see {@link untilUp}.
 */
export async function run<C extends ProcessConfig>(
  name: string,
  readConfig: (env: Environment) => C,
  create: (kit: Kit, config: C) => Service | Promise<Service>,
): Promise<void> {
  const env = processEnvironment()
  const config = configured(name, readConfig, env)
  if (!config) {
    process.exitCode = WRONG_USAGE
    return
  }
  const stopping = new AbortController()
  const kit = createKit({
    name,
    level: config.LOG_LEVEL,
    crashAt: config.KUBEWISE_CRASHPOINT,
    metrics: createMetrics(name, VERSION, { hasProcessMetrics: true }),
    signal: stopping.signal,
  })
  for (const say of settingsWarnings(env)) kit.log.warn({ say }, 'doubtful setting')
  const held = new AsyncDisposableStack()
  const end = endWithGrace(kit, stopping, held)
  try {
    await start(kit, config.ADMIN_PORT, held, () => create(kit, config))
  } catch (error) {
    if (stopping.signal.aborted) return
    if (error instanceof ListenError) tell(name, error.message)
    else kit.log.fatal({ err: error }, 'start failed')
    end(FAILED)
  }
}

/** Probes answer first, so that a service which waits for its dependencies is seen to live; what starts is held for the end. */
async function start(
  kit: Kit,
  adminPort: number,
  held: AsyncDisposableStack,
  create: () => Service | Promise<Service>,
): Promise<void> {
  kit.health.set('start', 'ready', { ok: false, say: 'starting' })
  const admin = held.use(await startAdminServer({ ...kit, port: adminPort }))
  const service = await create()
  held.defer(() => service.stop())
  await service.start()
  if (kit.signal.aborted) return
  kit.health.set('start', 'ready', { ok: true, say: 'started' })
  kit.log.info({ version: VERSION, node: process.versions.node, adminPort: admin.port }, 'started')
}

/** @returns a way to end the process that stops everything as a signal would */
function endWithGrace(
  { log, health }: Kit,
  stopping: AbortController,
  held: AsyncDisposableStack,
): (code: number) => void {
  let exitCode = 0
  const options = {
    delay: GRACE_MS,
    skip: LEFT_TO_NODE,
    logger: { error: (error?: unknown) => log.error({ err: error }, 'stop failed') },
    onSecondSignal: (signal: string) => log.warn({ signal }, 'second signal, ending at once'),
    onSecondError: (error: unknown) => log.fatal({ err: error }, 'another error while stopping'),
    onTimeout: (delayMs: number) => log.error({ delayMs }, 'stop took too long, ending at once'),
  }
  const { close } = closeWithGrace(options, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'uncaught error, stopping')
    else log.info({ signal }, 'stopping')
    health.set('start', 'ready', { ok: false, say: 'stopping' })
    stopping.abort(new Error('the service is stopping'))
    await held.disposeAsync()
    log.info('stopped')
    if (exitCode !== 0) process.exit(exitCode)
  })
  return (code) => {
    exitCode = code
    close()
  }
}
