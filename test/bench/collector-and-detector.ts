import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createCollector, readConfig as readCollectorConfig } from '@kubewise/collector'
import { connectBus, type Bus } from '@kubewise/bus'
import type { MetricBatch } from '@kubewise/contracts'
import { createDetector, readConfig as readDetectorConfig } from '@kubewise/detector'
import { createMetrics } from '@kubewise/service'
import { openStore } from '@kubewise/store'
import { startNats, temporaryFolder, testKit } from '@kubewise/testkit'
import { quietCluster } from './pods.ts'

export interface CollectorAndDetector extends AsyncDisposable {
  start(): Promise<void>
  /** Samples that the detector has scored or learnt. */
  scored(): Promise<number>
  /** Points of history that Prometheus has given. */
  served(): Promise<number>
  sleep(ms: number): Promise<void>
}

/**
 * Collector and detector in this process, not started, with a real nats-server and HTTP between them and a Prometheus that is a
 * process of its own: so many pods, each with a series of so many metrics.
 *
 * @param env of the collector, beside what connects it
 * @param onHandled told of each batch once the detector has handled it
 */
export async function collectorAndDetector(
  { pods, metrics: metricCount, interval }: { pods: number; metrics: number; interval: string },
  env: Record<string, string>,
  onHandled?: (batch: MetricBatch) => void,
): Promise<CollectorAndDetector> {
  const held = new AsyncDisposableStack()
  const nats = held.use(await startNats())
  const folder = held.use(await temporaryFolder())
  const program = fileURLToPath(import.meta.resolve('./prometheus-server.ts'))
  const prometheus = spawn(process.execPath, [program, String(pods)], { stdio: ['ignore', 'pipe', 'inherit'] })
  held.defer(() => void prometheus.kill())
  const [line] = (await once(prometheus.stdout, 'data')) as [Buffer]
  const url = `http://127.0.0.1:${/port (\d+)/.exec(line.toString())![1]!}`

  const metrics = createMetrics('bench', '0')
  const kit = testKit({ metrics })
  const bus = await connectBus({ url: nats.url, name: 'bench', clock: kit.clock, log: kit.log })
  const store = await openStore({ kind: 'sqlite', file: `${folder.path}/db` }, kit)
  const names = Array.from({ length: metricCount }, (_, i) => `metric_${i}`)
  const common = { NATS_URL: nats.url, KUBEWISE_CLUSTER: 'bench' }
  const collector = createCollector(
    { ...kit, bus, kube: quietCluster(pods), record: { open: async () => store } },
    readCollectorConfig({
      ...common,
      PROM_URL: url,
      PROM_QUERIES: JSON.stringify(names.map((name) => ({ name, query: name, interval }))),
      PROM_TIMEOUT: '60s',
      ...env,
    }),
  )
  const detector = createDetector(
    { ...kit, bus: onHandled ? listenedTo(bus, onHandled) : bus, store },
    readDetectorConfig(common),
  )
  held.defer(async () => {
    kit.abort()
    await collector.stop()
    await detector.stop()
    await bus.close()
    await store.close()
  })
  return {
    async start() {
      await detector.start()
      await collector.start()
    },
    async scored() {
      const metric = await metrics.registry.getSingleMetric('kubewise_samples_total')?.get()
      return metric?.values.find(({ labels }) => labels['outcome'] === 'scored')?.value ?? 0
    },
    served: async () => Number(await (await fetch(`${url}/served`)).text()),
    sleep: (ms) => kit.clock.sleep(ms),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** What the detector replays has been decoded before. */
const isBatch = (body: unknown): body is MetricBatch => (body as { kind?: unknown } | null)?.kind === 'metric-batch'

/** The same bus; of each batch that is replayed from it `onHandled` is told after its reader. */
const listenedTo = (bus: Bus, onHandled: (batch: MetricBatch) => void): Bus => ({
  ...bus,
  replay: (options) =>
    bus.replay({
      ...options,
      async handle(delivery) {
        await options.handle(delivery)
        if (isBatch(delivery.body)) onHandled(delivery.body)
      },
    }),
})
