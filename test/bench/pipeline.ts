import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createCollector, readConfig as readCollectorConfig } from '@kubewise/collector'
import { connectBus } from '@kubewise/bus'
import { createDetector, readConfig as readDetectorConfig } from '@kubewise/detector'
import { createMetrics } from '@kubewise/service'
import { deathToPlan } from './death-to-plan.ts'
import { quietCluster } from './pods.ts'
import { openStore } from '@kubewise/store'
import { eventually, startNats, temporaryFolder, testKit } from '@kubewise/testkit'

const PODS = 5000
const QUERIES = 20
const WARM_UP_MS = 4000
const MEASURED_MS = 12_000

/**
 * Collector and detector in one process, with a real nats-server and HTTP between: what one core can carry. The CPU of both is
 * counted (user and system, this whole process), that of the nats-server and of the Prometheus stand-in is not.
 */
export async function throughput(tell: (say: string) => void): Promise<number> {
  await using held = new AsyncDisposableStack()
  const nats = held.use(await startNats())
  const folder = held.use(await temporaryFolder())
  const prometheus = spawn(
    process.execPath,
    [fileURLToPath(import.meta.resolve('./prometheus-server.ts')), String(PODS)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  held.defer(() => void prometheus.kill())
  const [line] = (await once(prometheus.stdout, 'data')) as [Buffer]
  const port = /port (\d+)/.exec(line.toString())![1]!

  const metrics = createMetrics('bench', '0')
  const kit = testKit({ metrics })
  const bus = await connectBus({ url: nats.url, name: 'bench', clock: kit.clock, log: kit.log })
  const store = await openStore({ kind: 'sqlite', file: `${folder.path}/db` }, kit)
  const queries = Array.from({ length: QUERIES }, (_, i) => ({
    name: `metric_${i}`,
    query: `metric_${i}`,
    interval: '1s',
  }))
  const env = { NATS_URL: nats.url, KUBEWISE_CLUSTER: 'bench' }
  const collector = createCollector(
    { ...kit, bus, kube: quietCluster(PODS) },
    readCollectorConfig({
      ...env,
      PROM_URL: `http://127.0.0.1:${port}`,
      PROM_QUERIES: JSON.stringify(queries),
      PROM_TIMEOUT: '60s',
    }),
  )
  const detector = createDetector({ ...kit, bus, store }, readDetectorConfig(env))
  held.defer(async () => {
    kit.abort()
    await collector.stop()
    await detector.stop()
    await bus.close()
    await store.close()
  })
  const scored = async () => {
    const metric = await metrics.registry.getSingleMetric('kubewise_samples_total')?.get()
    return metric?.values.find(({ labels }) => labels['outcome'] === 'scored')?.value ?? 0
  }

  await detector.start()
  await collector.start()
  await eventually(async () => (await scored()) > PODS * QUERIES * 2, {
    timeoutMs: 120_000,
    say: 'every series has been scored',
  })
  await kit.clock.sleep(WARM_UP_MS)
  tell('measuring throughput…')
  const before = { scored: await scored(), cpu: process.cpuUsage() }
  await kit.clock.sleep(MEASURED_MS)
  const { user, system } = process.cpuUsage(before.cpu)
  return Math.round(((await scored()) - before.scored) / ((user + system) / 1e6))
}

export async function pipeline(tell: (say: string) => void) {
  const samplesPerSecondPerCore = await throughput(tell)
  const deathToPlanMs = await deathToPlan(tell)
  return {
    figures: { samplesPerSecondPerCore, deathToPlanMs },
    gates: { samplesPerSecondPerCore: 100_000, deathToPlanMs: 2000 },
    measured: `${PODS * QUERIES} series polled each second, HTTP, NATS and validation included; CPU of collector and detector together. From a container’s second death to the plan: median of 20, simulator in real time.`,
  }
}
