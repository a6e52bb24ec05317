import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { connectKube } from '@kubewise/kube'
import {
  createKit,
  createLogger,
  expandHome,
  loadConfig,
  processSettings,
  systemClock,
  type Environment,
} from '@kubewise/service'
import { Type } from 'typebox'
import { placesIn, startStandalone } from './app.ts'
import { lockHome } from './home-lock.ts'
import { openLogFile } from './log-file.ts'
import { chooseNats, startNats } from './nats-server.ts'
import type { Options } from './options.ts'
import { tellStory, type Stage } from './story.ts'
import { createTokens } from './tokens.ts'

export interface OwnClusterPorts {
  out: Stage
  err: Stage
  env: Environment
  signal: AbortSignal
}

const ProcessSettings = Type.Object(processSettings)
/** The log's level; everything else of the environment is each service's to read. @throws ConfigError */
const levelOf = (env: Environment) => loadConfig(ProcessSettings, env).LOG_LEVEL

const HOME = '~/.local/state/kubewise'
const MEANINGS = {
  observe: 'It only reads, and says what it would have done.',
  approve: 'It acts after approval, where a namespace or workload carries kubewise.io/managed=true.',
  auto: 'It acts by itself where a namespace or workload carries kubewise.io/managed=true.',
}

/** The same services on the user's own cluster, until the signal aborts. */
export async function runOnCluster(
  { context, prometheus, mode, port }: Options,
  { out, err, env, signal }: OwnClusterPorts,
): Promise<void> {
  await using held = new AsyncDisposableStack()
  const home = expandHome(env['KUBEWISE_HOME'] ?? HOME)
  const places = placesIn(home)
  held.use(await lockHome(home))
  await mkdir(places.nats, { recursive: true, mode: 0o700 })
  const logFile = held.use(openLogFile(places.log))
  const log = createLogger({
    service: 'kubewise',
    level: levelOf(env),
    clock: systemClock,
    destination: logFile.stream,
  })
  const kit = createKit({ name: 'kubewise', clock: systemClock, log, signal })
  const kube = await connectKube({ context, fieldManager: 'kubewise', clock: systemClock, log, metrics: kit.metrics })
  const version = await kube.serverVersion(signal)
  const natsUrl =
    env['NATS_URL'] ??
    held.use(await startNats(await chooseNats(env['PATH'] ?? '', (say) => err.write(`${say}\n`)), places.nats)).url
  const chosen = mode ?? (env['KUBEWISE_MODE'] as Options['mode']) ?? 'observe'
  const kubewise = await startStandalone({
    kit,
    kube,
    env: {
      ...env,
      NATS_URL: natsUrl,
      ...(prometheus !== undefined && { PROM_URL: prometheus }),
      KUBEWISE_MODE: chosen,
      KUBEWISE_HOME: home,
      KUBEWISE_API_TOKEN_FILE: env['KUBEWISE_API_TOKEN_FILE'] ?? (await createTokens(join(home, 'tokens'))),
      ...(port !== undefined && { PORT: String(port) }),
    },
  })
  held.defer(() => kubewise.stop())
  const story = tellStory(kubewise.bus, env['KUBEWISE_CLUSTER'] ?? 'default', systemClock, out)
  held.defer(() => story.stop())
  out.write(
    `KubeWise watches ${context} (Kubernetes ${version}) in mode ${chosen}. ${MEANINGS[chosen]}\nAPI: ${kubewise.apiUrl}  token: ${env['KUBEWISE_API_TOKEN_FILE'] ?? places.tokens}  log: ${places.log}\n`,
  )
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
