import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connectBus, type Bus } from '@kubewise/bus'
import {
  anomalyId,
  BUCKETS,
  COLLECTIONS,
  STREAMS,
  subjects,
  type Anomaly,
  type AnomalyOpened,
  type Target,
} from '@kubewise/contracts'
import { silentLog, systemClock } from '@kubewise/service'
import { openStore, type Store } from '@kubewise/store'
import { eventually, startLlm, startNats, temporaryFolder, testKit } from '@kubewise/testkit'
import type { Told } from './watched-planner.ts'

const CLUSTER = 'bench'
const ANOMALIES = 10_000
const TARGETS = 500
const NAMESPACES = 20
/** Deployments that fall ill together are a storm; ReplicaSets without an owner are not counted for one, so each is for itself. */
type Kind = 'Deployment' | 'ReplicaSet'
const DURATION_MS = 60_000
/** The planner watches for a minute before it calls for help. */
const SINCE_MS = 120_000
const TICK_MS = 50
const SETTLE_MS = 30_000
const MIB = 1024 ** 2
const MEASURE_EVERY_SECONDS = 3
/** Measurements in a quarter of the minute. */
const MEASURED = 5
/** What is in use after a collection of garbage: more than this is kept. */
const KEPT_MB = 16
/** What the system gave, which the engine takes and does not give back: it settled within two minutes in longer runs. */
const TAKEN_MB = 64
/** Plans in an hour that a model may be asked for, twice each at most. */
const MOST_CALLS = 40

const targetOf = (kind: Kind, index: number): Target => ({
  cluster: CLUSTER,
  kind,
  namespace: `ns-${index % NAMESPACES}`,
  name: `app-${index}`,
})

/** The anomaly of one more pod of the next target. */
function anomalyOf(kind: Kind, index: number, nowMs: number): AnomalyOpened {
  const target = targetOf(kind, index % TARGETS)
  const pod = `${target.name}-${Math.floor(index / TARGETS)}`
  const entity = { ...target, kind: 'Pod', name: pod, uid: `uid-${pod}` }
  const rule = { name: 'pod-not-ready', version: 1 }
  return {
    kind: 'anomaly',
    id: anomalyId(entity, rule, nowMs),
    epoch: 1,
    entity,
    target,
    rule,
    source: 'state',
    startedMs: nowMs - SINCE_MS,
    detectedMs: nowMs,
    severity: 'critical',
    score: 12,
    confidence: 1,
    say: `${pod} does not become ready.`,
    features: {},
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

async function simulatedCluster(held: AsyncDisposableStack, kind: Kind): Promise<string> {
  const program = fileURLToPath(import.meta.resolve('./simulated-cluster.ts'))
  const child = spawn(process.execPath, [program, String(TARGETS), kind, '1', 'hanging'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  held.defer(() => void child.kill())
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return (JSON.parse(line) as { kubeconfig: string }).kubeconfig
}

/** The planner in a process of its own, and what it tells. */
interface WatchedPlanner {
  /** From the publication of each anomaly until an incident with it was durable. */
  delaysMs: number[]
  /** Asks for its memory now, after a collection of garbage. */
  measure(): void
  memory: { heapBytes: number; rssBytes: number }[]
}

async function startPlanner(
  held: AsyncDisposableStack,
  env: Record<string, string>,
  sent: Map<string, number>,
): Promise<WatchedPlanner> {
  const program = fileURLToPath(import.meta.resolve('./watched-planner.ts'))
  const child = fork(program, { env, execArgv: ['--expose-gc'], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  held.defer(() => stopped(child))
  const planner: WatchedPlanner = { delaysMs: [], memory: [], measure: () => void child.send('measure') }
  child.on('message', (told: Told) => {
    if ('heapBytes' in told) return void planner.memory.push(told)
    for (const anomaly of told.seen) {
      const sentMs = sent.get(anomaly)
      if (sentMs === undefined || !sent.delete(anomaly)) continue
      planner.delaysMs.push(told.atMs - sentMs)
    }
  })
  const lines = createInterface(child.stdout!)
  await new Promise<void>((resolve) => lines.on('line', (line) => line.includes('"started"') && resolve()))
  return planner
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, 'exit')
}

const nowMs = () => performance.timeOrigin + performance.now()

/** Publishes and records the anomalies, evenly over the time, and tells when each went out. */
async function publish(
  { bus, store, kind, sent }: { bus: Bus; store: Store; kind: Kind; sent: Map<string, number> },
  eachSecond: (second: number) => void,
) {
  const anomalies = store.collection(COLLECTIONS.anomalies)
  const startedMs = performance.now()
  const pending = new Set<Promise<unknown>>()
  let second = 0
  for (let index = 0; index < ANOMALIES;) {
    const elapsedMs = performance.now() - startedMs
    const due = Math.min(ANOMALIES, Math.ceil((elapsedMs / DURATION_MS) * ANOMALIES))
    for (; index < due; index++) {
      const message = anomalyOf(kind, index, Date.now())
      sent.set(message.id, nowMs())
      const work = Promise.all([
        bus.publish(subjects.anomaly(message.target), message, { id: message.id }),
        anomalies.insert(recorded(message)),
      ]).finally(() => pending.delete(work))
      pending.add(work)
    }
    if (elapsedMs >= (second + 1) * 1000) eachSecond(++second)
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  await Promise.all(pending)
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
const growthMb = (values: readonly number[]) =>
  Math.round((mean(values.slice(-MEASURED)) - mean(values.slice(MEASURED, 2 * MEASURED))) / MIB)

/** One minute in a cluster of workloads of one kind. */
async function minute(kind: Kind, tell: (say: string) => void) {
  await using held = new AsyncDisposableStack()
  const nats = held.use(await startNats())
  const folder = held.use(await temporaryFolder()).path
  const llm = held.use(await startLlm())
  const kit = testKit()
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, await simulatedCluster(held, kind), { mode: 0o600 })
  const file = join(folder, 'record.sqlite')
  const store = await openStore({ kind: 'sqlite', file }, { clock: systemClock, log: silentLog })
  held.defer(() => store.close())
  const bus = await connectBus({ url: nats.url, name: 'bench', clock: kit.clock, log: kit.log })
  held.defer(() => bus.close())
  await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
  const sent = new Map<string, number>()
  const planner = await startPlanner(
    held,
    {
      NATS_URL: nats.url,
      KUBECONFIG: kubeconfig,
      KUBEWISE_CLUSTER: CLUSTER,
      KUBEWISE_STORE: `sqlite:${file}`,
      KUBEWISE_HOME: folder,
      KUBEWISE_MODE: 'auto',
      OPENAI_BASE_URL: llm.openAiUrl,
      OPENAI_MODEL: 'bench',
      ADMIN_PORT: '0',
    },
    sent,
  )
  tell('publishing…')
  await publish({ bus, store, kind, sent }, (second) => {
    if (second % MEASURE_EVERY_SECONDS === 0) planner.measure()
    if (second % 10 === 0) tell(`${second} of ${DURATION_MS / 1000} s…`)
  })
  await eventually(() => sent.size === 0, {
    timeoutMs: SETTLE_MS,
    say: () => `${sent.size} anomalies are in incidents`,
  })
  const incidents = store.collection(COLLECTIONS.incidents)
  const isSettled = async () => kind !== 'Deployment' || (await incidents.count({ status: 'open' })) === 1
  await eventually(isSettled, { timeoutMs: SETTLE_MS, say: 'one incident is open' })
  const delays = planner.delaysMs.sort((a, b) => a - b)
  return {
    anomalies: delays.length,
    p99Ms: Math.round(delays[Math.floor(delays.length * 0.99)] ?? Number.NaN),
    maxMs: Math.round(delays.at(-1) ?? Number.NaN),
    heapGrowthMb: growthMb(planner.memory.map(({ heapBytes }) => heapBytes)),
    rssGrowthMb: growthMb(planner.memory.map(({ rssBytes }) => rssBytes)),
    rssMb: Math.round((planner.memory.at(-1)?.rssBytes ?? 0) / MIB),
    llmCalls: llm.questions.length,
    incidentsOpen: await incidents.count({ status: 'open' }),
    plans: await store.collection(COLLECTIONS.plans).count(),
  }
}

/**
 * A minute in which everything falls ill: 10,000 anomalies on 500 targets, through a real nats-server and SQLite, with the
 * planner as it is and a model that answers. From the moment an anomaly is published to the moment an incident with it is
 * durable. Memory: the last quarter of the minute against its second quarter.
 */
export async function incidents(tell: (say: string) => void) {
  const storm = await minute('Deployment', tell)
  const apart = await minute('ReplicaSet', tell)
  const { incidentsOpen, plans, ...figures } = storm
  return {
    figures: {
      targets: TARGETS,
      ...figures,
      incidentsOpen,
      plans,
      ...Object.fromEntries(Object.entries(apart).map(([key, value]) => [`apart_${key}`, value])),
    },
    gates: {
      targets: TARGETS,
      anomalies: ANOMALIES,
      p99Ms: 1000,
      heapGrowthMb: KEPT_MB,
      rssGrowthMb: TAKEN_MB,
      llmCalls: MOST_CALLS,
      incidentsOpen: 1,
      apart_anomalies: ANOMALIES,
      apart_p99Ms: 1000,
      apart_heapGrowthMb: KEPT_MB,
      apart_rssGrowthMb: TAKEN_MB,
      apart_llmCalls: MOST_CALLS,
    },
    measured: `${ANOMALIES} anomalies on ${TARGETS} targets within ${DURATION_MS / 1000} s, as one storm, then each for itself: from publication to a durable incident; nats-server, SQLite; planner, publisher and simulator each a process.`,
  }
}
