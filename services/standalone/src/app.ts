import { join } from 'node:path'
import { createApi, readConfig as readApi } from '@kubewise/api'
import { connectBus, type Bus } from '@kubewise/bus'
import { createCollector, readConfig as readCollector } from '@kubewise/collector'
import { createDetector, readConfig as readDetector } from '@kubewise/detector'
import { createExecutor, readConfig as readExecutor } from '@kubewise/executor'
import { guardKube, type Kube } from '@kubewise/kube'
import { createPlanner, readConfig as readPlanner } from '@kubewise/planner'
import {
  circuitsBy,
  ConfigError,
  ListenError,
  recordLocation,
  type Environment,
  type Kit,
  type Service,
} from '@kubewise/service'
import { guardStore, openStore, type Store } from '@kubewise/store'

/** KubeWise at work: all five services in this process. */
export interface Standalone {
  bus: Bus
  store: Store
  apiUrl: string
  stop(): Promise<void>
}

export interface StandaloneOptions {
  kit: Kit
  kube: Kube
  /** What the services read their configuration from; NATS_URL among it. */
  env: Environment
}

const LOOPBACK = '127.0.0.1'

/** Every service's configuration, or all mistakes of all of them at once. @throws ConfigError */
function readAll(env: Environment) {
  const mistakes = new Set<string>()
  const read = <C>(readConfig: (env: Environment) => C): C | undefined => {
    try {
      return readConfig(env)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const mistake of error.mistakes) mistakes.add(mistake)
      return undefined
    }
  }
  const configs = {
    collector: read(readCollector),
    detector: read(readDetector),
    planner: read(readPlanner),
    executor: read(readExecutor),
    api: read(readApi),
  }
  if (mistakes.size > 0) throw new ConfigError([...mistakes])
  return configs as { [K in keyof typeof configs]: NonNullable<(typeof configs)[K]> }
}

/** Starts all five on one bus and one record. What fails to start ends what had started. */
export async function startStandalone({ kit, kube, env }: StandaloneOptions): Promise<Standalone> {
  const configs = readAll(env)
  await using started = new AsyncDisposableStack()
  const bus = await connectBus({ url: configs.api.NATS_URL, name: 'kubewise', ...kit })
  started.defer(() => bus.close())
  // One process, one of each dependency: the five share its circuits.
  const circuits = circuitsBy(configs.api, kit)
  const store = guardStore(await openStore(recordLocation(configs.api), kit), circuits)
  started.defer(() => store.close())
  const guarded = { bus, store, kube: guardKube(kube, circuits) }
  const ports = (service: string) => ({ ...kit, ...guarded, log: kit.log.child({ service }) })
  const services: Service[] = [
    createDetector(ports('detector'), configs.detector),
    createPlanner(ports('planner'), configs.planner),
    createExecutor(ports('executor'), configs.executor),
    createCollector({ ...ports('collector'), record: { open: async () => store } }, configs.collector),
  ]
  for (const service of services) {
    started.defer(() => service.stop())
    await service.start()
  }
  const api = await startApi(
    (port) => createApi({ ...ports('api'), host: LOOPBACK }, { ...configs.api, PORT: port }),
    configs.api.PORT,
  )
  started.defer(() => api.stop())
  const held = started.move()
  return { bus, store, apiUrl: `http://${LOOPBACK}:${api.port()}`, stop: () => held.disposeAsync() }
}

/** A port that is taken moves: the address is told anyway. */
async function startApi(create: (port: number) => ReturnType<typeof createApi>, port: number) {
  const api = create(port)
  try {
    await api.start()
    return api
  } catch (error) {
    if (!(error instanceof ListenError)) throw error
    await api.stop()
    const elsewhere = create(0)
    await elsewhere.start()
    return elsewhere
  }
}

/** Where a standalone install keeps its things. */
export const placesIn = (home: string) => ({
  nats: join(home, 'nats'),
  record: join(home, 'kubewise.sqlite'),
  log: join(home, 'kubewise.log'),
  tokens: join(home, 'tokens'),
})
