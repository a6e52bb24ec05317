import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connectBus, type Bus } from '@kubewise/bus'
import {
  anomalyId,
  COLLECTIONS,
  STREAMS,
  subjects,
  type Anomaly,
  type AnomalyOpened,
  type Incident,
  type StoredDocument,
  type Target,
} from '@kubewise/contracts'
import { connectKube } from '@kubewise/kube'
import { createPlanner, readConfig } from '@kubewise/planner'
import { openStore, type Collection, type Store } from '@kubewise/store'
import { eventually, startNats, temporaryFolder, testKit } from '@kubewise/testkit'

const CLUSTER = 'bench'
const ANOMALIES = 10_000
const TARGETS = 500
const NAMESPACES = 20
const DURATION_MS = 60_000
const TICK_MS = 50
const SETTLE_MS = 30_000
const MIB = 1024 ** 2

const targetOf = (index: number): Target => ({
  cluster: CLUSTER,
  kind: 'Deployment',
  namespace: `ns-${index % NAMESPACES}`,
  name: `app-${index}`,
})

/** The anomaly of one more pod of the next target. */
function anomalyOf(index: number, nowMs: number): AnomalyOpened {
  const target = targetOf(index % TARGETS)
  const pod = `${target.name}-${Math.floor(index / TARGETS)}`
  const entity = { ...target, kind: 'Pod', name: pod, uid: `uid-${pod}` }
  const rule = { name: 'crash-loop', version: 1 }
  return {
    kind: 'anomaly',
    id: anomalyId(entity, rule, nowMs),
    epoch: 1,
    entity,
    target,
    rule,
    source: 'state',
    startedMs: nowMs,
    detectedMs: nowMs,
    severity: 'critical',
    score: 12,
    confidence: 1,
    say: `Container app of ${pod} keeps dying.`,
    features: { container: 'app', restarts: 3, exitCode: 1 },
    partition: 0,
    seq: index,
  }
}

/** As the detector's recorder keeps it: the planner's sweep goes through all of them. */
const recorded = ({ kind: _kind, id, epoch: _epoch, ...rest }: AnomalyOpened): Omit<Anomaly, 'version'> => ({
  _id: id,
  ...rest,
  status: 'open',
})

/** A record that tells of each anomaly when an incident with it is durable. */
function watched(store: Store, seen: (anomaly: string) => void): Store {
  return {
    ...store,
    collection<T extends StoredDocument>(spec: Parameters<typeof store.collection<T>>[0]): Collection<T> {
      const real = store.collection(spec)
      if (spec.name !== COLLECTIONS.incidents.name) return real
      const look = (document: Partial<Incident>) => document.signals?.forEach(({ anomaly }) => seen(anomaly))
      return {
        ...real,
        async insert(document) {
          const outcome = await real.insert(document)
          if (outcome === 'inserted') look(document)
          return outcome
        },
        async replace(document) {
          const outcome = await real.replace(document)
          if (outcome === 'replaced') look(document)
          return outcome
        },
      }
    },
  }
}

async function simulatedCluster(held: AsyncDisposableStack): Promise<string> {
  const program = fileURLToPath(import.meta.resolve('./simulated-cluster.ts'))
  const child = spawn(process.execPath, [program, String(TARGETS)], { stdio: ['ignore', 'pipe', 'inherit'] })
  held.defer(() => void child.kill())
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return (JSON.parse(line) as { kubeconfig: string }).kubeconfig
}

const rss = () => {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}

/** Publishes and records the anomalies, evenly over the time, and tells when each went out. */
async function publish(bus: Bus, store: Store, sent: Map<string, number>, tell: (say: string) => void) {
  const anomalies = store.collection(COLLECTIONS.anomalies)
  const startedMs = performance.now()
  const sizes: number[] = []
  const pending = new Set<Promise<unknown>>()
  for (let index = 0; index < ANOMALIES;) {
    const elapsedMs = performance.now() - startedMs
    const due = Math.min(ANOMALIES, Math.ceil((elapsedMs / DURATION_MS) * ANOMALIES))
    for (; index < due; index++) {
      const message = anomalyOf(index, Date.now())
      sent.set(message.id, performance.now())
      const work = Promise.all([
        bus.publish(subjects.anomaly(message.target), message, { id: message.id }),
        anomalies.insert(recorded(message)),
      ]).finally(() => pending.delete(work))
      pending.add(work)
    }
    const seconds = Math.floor(elapsedMs / 1000)
    if (sizes.length < seconds) {
      sizes.push(rss())
      if (seconds % 10 === 0) tell(`${index} of ${ANOMALIES} anomalies…`)
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  await Promise.all(pending)
  return sizes
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

/**
 * A minute in which everything falls ill: 10,000 anomalies on 500 targets, through a real nats-server and SQLite, with the
 * planner as it is. From the moment an anomaly is published to the moment an incident with it is durable; the publisher and
 * the recorder's writes share the process. Memory: the mean of the last 15 s against that of the second 15 s.
 */
export async function incidents(tell: (say: string) => void) {
  await using held = new AsyncDisposableStack()
  const nats = held.use(await startNats())
  const folder = held.use(await temporaryFolder())
  const kubeconfig = await simulatedCluster(held)
  const kit = testKit()
  const bus = await connectBus({ url: nats.url, name: 'bench', clock: kit.clock, log: kit.log })
  const plain = await openStore({ kind: 'sqlite', file: `${folder.path}/db` }, kit)
  const sent = new Map<string, number>()
  const delays: number[] = []
  const store = watched(plain, (anomaly) => {
    const sentMs = sent.get(anomaly)
    if (sentMs === undefined) return
    sent.delete(anomaly)
    delays.push(performance.now() - sentMs)
  })
  const kube = await connectKube({ kubeconfig, fieldManager: 'kubewise', ...kit })
  const planner = createPlanner(
    { ...kit, bus, store, kube },
    readConfig({ NATS_URL: nats.url, KUBEWISE_CLUSTER: CLUSTER }),
  )
  held.defer(async () => {
    kit.abort()
    await planner.stop()
    await bus.close()
    await plain.close()
  })
  await planner.start()
  await bus.provision(Object.values(STREAMS), [])
  tell('publishing…')
  const sizes = await publish(bus, plain, sent, tell)
  await eventually(() => sent.size === 0, { timeoutMs: SETTLE_MS, say: 'every anomaly is in an incident' })
  const found = plain.collection(COLLECTIONS.incidents)
  await eventually(async () => (await found.count({ status: 'open' })) === 1, {
    timeoutMs: SETTLE_MS,
    say: 'one incident is open',
  })
  delays.sort((a, b) => a - b)
  return {
    figures: {
      anomalies: delays.length,
      targets: TARGETS,
      p99Ms: Math.round(delays[Math.floor(delays.length * 0.99)] ?? Number.NaN),
      maxMs: Math.round(delays.at(-1) ?? Number.NaN),
      rssGrowthMb: Math.round((mean(sizes.slice(-15)) - mean(sizes.slice(15, 30))) / MIB),
      incidentsOpen: await found.count({ status: 'open' }),
      plans: await plain.collection(COLLECTIONS.plans).count(),
    },
    gates: { anomalies: ANOMALIES, targets: TARGETS, p99Ms: 1000, rssGrowthMb: 64, incidentsOpen: 1 },
    measured: `${ANOMALIES} anomalies on ${TARGETS} targets within ${DURATION_MS / 1000} s: from publication to a durable incident; nats-server, SQLite, planner with publisher in one process, simulator in another.`,
  }
}
