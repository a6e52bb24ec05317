import { join } from 'node:path'
import { connectKube } from '@kubewise/kube'
import { COLLECTIONS, type Execution } from '@kubewise/contracts'
import { createKit, scaledClock, silentLog, type Kit } from '@kubewise/service'
import { createSimulator, DEMO_NAMESPACE, demoManifests, type FaultName, type Simulator } from '@kubewise/simulator'
import { startStandalone, type Standalone } from '@kubewise/standalone'
import { eventually, startNats, temporaryFolder, type Nats } from '@kubewise/testkit'

const CLOCK_FACTOR = 8
const CLUSTER = 'lab'
const START_MS = 60_000
const REPAIR_MS = 120_000

/** The whole of KubeWise on a simulated cluster whose clock runs faster, with a nats-server that can be killed. */
export interface Lab extends AsyncDisposable {
  kit: Kit
  nats: Nats
  simulator: Simulator
  kubewise: Standalone
  /** Breaks something and waits until KubeWise has repaired it. */
  repairs(name: FaultName, target: string): Promise<Execution>
  /** One figure from KubeWise's own metrics, summed over its labels that match. */
  figure(name: string, labels?: Record<string, string>): Promise<number>
}

export async function startLab(env: Record<string, string> = {}): Promise<Lab> {
  await using held = new AsyncDisposableStack()
  const clock = scaledClock(CLOCK_FACTOR)
  const stopping = new AbortController()
  const folder = held.use(await temporaryFolder()).path
  const nats = held.use(await startNats())
  const simulator = await createSimulator({ clock })
  held.defer(() => simulator.stop())
  simulator.apply(demoManifests())
  const kit = createKit({ name: 'lab', clock, log: silentLog, signal: stopping.signal })
  const kube = await connectKube({
    kubeconfig: simulator.kubeconfig(),
    fieldManager: 'kubewise',
    clock,
    log: silentLog,
  })
  const kubewise = await startStandalone({
    kit,
    kube,
    env: {
      NATS_URL: nats.url,
      PROM_URL: simulator.prometheusUrl,
      KUBEWISE_MODE: 'auto',
      KUBEWISE_CLUSTER: CLUSTER,
      KUBEWISE_HOME: folder,
      KUBEWISE_STORE: `sqlite:${join(folder, 'record.sqlite')}`,
      CIRCUIT_OPEN_TIMEOUT: '1s',
      REMEDIATION_COOLDOWN_SECONDS: '1',
      PORT: '0',
      ...env,
    },
  })
  held.defer(async () => {
    stopping.abort(new Error('the test is over'))
    await kubewise.stop()
  })
  const answered = () =>
    fetch(`${kubewise.apiUrl}/health`).then(
      ({ ok }) => ok,
      () => false,
    )
  await eventually(answered, { timeoutMs: START_MS, say: 'KubeWise is healthy' })
  await clock.sleep(45_000)
  const kept = held.move()

  return {
    kit,
    nats,
    simulator,
    kubewise,
    async repairs(name, target) {
      const sinceMs = clock.now()
      simulator.inject({ name, namespace: DEMO_NAMESPACE, target })
      const executions = kubewise.store.collection(COLLECTIONS.executions)
      const recovered = async () => {
        const { items } = await executions.find({ where: { claimedMs: { gte: sinceMs } }, limit: 500 })
        return items.find(
          (execution) =>
            `${execution.target.kind}/${execution.target.name}` === target && execution.status === 'recovered',
        )
      }
      return eventually(recovered, { timeoutMs: REPAIR_MS, say: `${name} on ${target} is repaired` })
    },
    async figure(name, labels = {}) {
      const metric = await kit.metrics.registry.getSingleMetric(name)?.get()
      const matching =
        metric?.values.filter((value) =>
          Object.entries(labels).every(
            ([label, wanted]) => (value.labels as Record<string, unknown>)[label] === wanted,
          ),
        ) ?? []
      return matching.reduce((sum, { value }) => sum + value, 0)
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
