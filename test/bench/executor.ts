import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { connectBus, type Bus } from '@kubewise/bus'
import {
  BUCKETS,
  COLLECTIONS,
  decodeExecutionNotice,
  SETTLED,
  STREAMS,
  subjects,
  type Execution,
  type Plan,
} from '@kubewise/contracts'
import { connectKube, RESOURCES, type Deployment } from '@kubewise/kube'
import type { AuditEntry } from '@kubewise/simulator'
import { median } from '@kubewise/stats'
import { openStore, type Store } from '@kubewise/store'
import { eventually, startNats, temporaryFolder, testKit } from '@kubewise/testkit'
import { incidentOf, planOf, type Wanted } from './executor-plans.ts'

const CLUSTER = 'bench'
const REPLICAS = 1
const REFUSALS = 40
const APPROVALS = 40
const PLANS = 1000
const WAIT_MS = 300_000
const FRESH_EVERY_MS = 1000

const EXECUTOR = fileURLToPath(new URL('../../services/executor/src/main.ts', import.meta.url))

async function startCluster(held: AsyncDisposableStack, deployments: number) {
  const program = fileURLToPath(import.meta.resolve('./simulated-cluster.ts'))
  const options = [program, String(deployments), 'Deployment', String(REPLICAS), 'ready']
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  held.defer(() => void child.kill())
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string]
  return { child, kubeconfig: (JSON.parse(line) as { kubeconfig: string }).kubeconfig }
}

/** The PATCHes of Deployments that took effect, as the API server's own log has them. */
async function writesOf(cluster: ChildProcess): Promise<AuditEntry[]> {
  cluster.send('writes')
  const [writes] = (await once(cluster, 'message')) as [AuditEntry[]]
  return writes.filter(({ resource, status, isDryRun }) => resource === 'deployments' && status < 300 && !isDryRun)
}

/** Stands in for the collector: without fresh signals nothing is done. */
async function keepFresh(bus: Bus, held: AsyncDisposableStack): Promise<void> {
  const bucket = await bus.kv(BUCKETS.freshness)
  const tell = async () => {
    const now = Date.now()
    const watches = { pods: now, deployments: now }
    await bucket.put(CLUSTER, { cluster: CLUSTER, writtenMs: now, metrics: {}, watches })
  }
  await tell()
  const timer = setInterval(() => void tell().catch(() => undefined), FRESH_EVERY_MS)
  held.defer(() => clearInterval(timer))
}

/** The executor as it is, in a process of its own, with budgets as large as the bench. */
function startExecutor(held: AsyncDisposableStack, env: Record<string, string>): void {
  const child = spawn(process.execPath, [EXECUTOR], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  held.defer(async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
}

/** Tells when the executor says of a plan that it has come so far. */
function outcomes(bus: Bus, held: AsyncDisposableStack) {
  const waiting = new Map<string, { is: (execution: Execution) => boolean; resolve: (atMs: number) => void }>()
  const replay = bus.replay({
    stream: STREAMS.executions.name,
    filter: STREAMS.executions.subjects[0],
    from: 'new',
    decode: decodeExecutionNotice,
    handle({ body: { execution } }) {
      const one = waiting.get(execution._id)
      if (!one?.is(execution)) return
      waiting.delete(execution._id)
      one.resolve(performance.now())
    },
  })
  held.defer(() => replay.stop())
  return (plan: Plan, is: (execution: Execution) => boolean) =>
    new Promise<number>((resolve) => waiting.set(plan._id, { is, resolve }))
}

async function record(store: Store, plan: Plan): Promise<void> {
  await store.collection(COLLECTIONS.incidents).insert(incidentOf(plan))
  await store.collection(COLLECTIONS.plans).insert(plan)
}

const hint = (bus: Bus, { _id, target }: Plan) =>
  bus.publish(subjects.plan(target), { kind: 'plan-hint', plan: _id, target })

type Make = (index: number, name: string, more?: Partial<Wanted>) => Plan

interface Bench {
  bus: Bus
  store: Store
  make: Make
  settles: ReturnType<typeof outcomes>
  cluster: ChildProcess
}

/** From a plan's hint to its refusal being durable; plans that were altered, are only observed, or have the wrong target. */
async function refusals({ bus, store, make, settles }: Bench): Promise<number> {
  const wrong: ((index: number, name: string) => Plan)[] = [
    (index, name) => ({ ...make(index, name), reasoning: 'Altered after it was made.' }),
    (index, name) => make(index, name, { mode: 'observe' }),
    (index, name) => make(index, name, { uid: 'another' }),
    (index, name) => make(index, name, { replicas: 100_000 }),
  ]
  const delays: number[] = []
  for (let index = 0; index < REFUSALS; index++) {
    const plan = wrong[index % wrong.length]!(index, 'refused')
    await record(store, plan)
    const refused = settles(plan, ({ status }) => status === 'refused')
    const startedMs = performance.now()
    await hint(bus, plan)
    delays.push((await refused) - startedMs)
  }
  return median(delays)
}

/** From an approval that is durable to the write that it allows, as the API server saw it. */
async function approvals({ bus, store, make, settles, cluster }: Bench): Promise<number> {
  const approvedMs = new Map<string, number>()
  for (let index = 0; index < APPROVALS; index++) {
    const plan = make(index, 'approved', { mode: 'approve' })
    await record(store, plan)
    const observed = settles(plan, ({ steps }) => steps[0]?.status === 'observed')
    const nowMs = Date.now()
    await store.collection(COLLECTIONS.approvals).insert({
      _id: plan._id,
      planHash: plan.hash,
      verdict: 'approved',
      by: 'ada',
      givenMs: nowMs,
      expiresMs: plan.notAfterMs,
    })
    approvedMs.set(plan._id, Date.now())
    await hint(bus, plan)
    await observed
  }
  const delays = (await writesOf(cluster)).flatMap(({ atMs, body }) => {
    const plan = [...approvedMs.keys()].find((id) => JSON.stringify(body).includes(`${id}/`))
    return plan === undefined ? [] : [atMs - approvedMs.get(plan)!]
  })
  if (delays.length !== APPROVALS) throw new Error(`${delays.length} writes for ${APPROVALS} approvals`)
  return median(delays)
}

/** Plans settled per second, while there are always more to be taken up: between the tenth part and the ninth. */
async function throughput({ bus, store, make }: Bench, tell: (say: string) => void): Promise<number> {
  const plans = Array.from({ length: PLANS }, (_, index) => make(APPROVALS + index, 'many'))
  await Promise.all(plans.map((plan) => record(store, plan)))
  const executions = store.collection(COLLECTIONS.executions)
  const incident = { gte: 'incident-many', lt: 'incident-many~' }
  for (const plan of plans) await hint(bus, plan)
  let settled = 0
  const areSettled = async () => {
    settled = await executions.count({ status: { in: [...SETTLED] }, incident })
    tell(`${settled} of ${PLANS} plans…`)
    return settled === PLANS
  }
  await eventually(areSettled, { timeoutMs: WAIT_MS, everyMs: 2000, say: 'every plan is settled' })
  const ends: number[] = []
  for (const plan of plans) {
    const execution = await executions.get(plan._id)
    if (execution?.status !== 'recovered') throw new Error(`${plan._id} ended ${execution?.status}: ${execution?.say}`)
    ends.push(execution.finishedMs ?? Number.NaN)
  }
  ends.sort((a, b) => a - b)
  const [from, to] = [Math.floor(PLANS * 0.1), Math.floor(PLANS * 0.9)]
  return (to - from) / ((ends[to]! - ends[from]!) / 1000)
}

/**
 * The executor in a process of its own on SQLite, a real nats-server and the simulated cluster in another process, all in real
 * time. A plan is one scaling of one Deployment: claimed, locked, judged by every guard, written through the ledger, verified
 * for as long as ever, settled.
 */
export async function executor(tell: (say: string) => void) {
  await using held = new AsyncDisposableStack()
  const nats = held.use(await startNats())
  const folder = held.use(await temporaryFolder()).path
  const deployments = APPROVALS + PLANS
  tell(`starting a cluster of ${deployments} Deployments…`)
  const { child: cluster, kubeconfig } = await startCluster(held, deployments)
  const file = `${folder}/kubeconfig`
  await writeFile(file, kubeconfig, { mode: 0o600 })
  const kit = testKit()
  const kube = await connectKube({ kubeconfig, fieldManager: 'bench', ...kit })
  const { items } = await kube.list<Deployment>(RESOURCES.Deployment, {})
  const uids = new Map(items.map(({ metadata }) => [metadata?.name, metadata?.uid ?? '']))
  const bus = await connectBus({ url: nats.url, name: 'bench', clock: kit.clock, log: kit.log })
  held.defer(() => bus.close())
  const store = await openStore({ kind: 'sqlite', file: `${folder}/db` }, kit)
  held.defer(() => store.close())
  await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
  await keepFresh(bus, held)
  const settles = outcomes(bus, held)
  startExecutor(held, {
    NATS_URL: nats.url,
    KUBECONFIG: file,
    KUBEWISE_CLUSTER: CLUSTER,
    KUBEWISE_STORE: `sqlite:${folder}/db`,
    KUBEWISE_HOME: folder,
    KUBEWISE_MODE: 'auto',
    MAX_PARALLEL_REMEDIATION_ACTIONS: '100000',
    MAX_PARALLEL_REMEDIATION_ACTIONS_PER_NAMESPACE: '100000',
    MAX_REMEDIATION_ACTIONS_PER_HOUR: '100000',
    MAX_REMEDIATION_ACTIONS_PER_HOUR_PER_NAMESPACE: '100000',
    ADMIN_PORT: '0',
    LOG_LEVEL: 'warn',
  })
  const make: Make = (index, name, more = {}) =>
    planOf({
      id: `${name}-${index}`,
      cluster: CLUSTER,
      index,
      uid: uids.get(`app-${index}`) ?? '',
      replicas: REPLICAS + 1,
      ...more,
    })
  const bench: Bench = { bus, store, make, settles, cluster }
  // The first finds everything cold.
  await refusals(bench).then((ms) => tell(`cold: ${Math.round(ms)} ms a refusal`))
  const refusalMs = await refusals({ ...bench, make: (index, name, more) => make(index, `${name}-warm`, more) })
  tell(`${refusalMs.toFixed(1)} ms a refusal; approving…`)
  const approvedToFirstWriteMs = await approvals(bench)
  tell(`${approvedToFirstWriteMs} ms from approval to write; measuring plans per second…`)
  const plansPerSecond = await throughput(bench, tell)
  return {
    figures: {
      plansPerSecond: Number(plansPerSecond.toFixed(1)),
      approvedToFirstWriteMs: Math.round(approvedToFirstWriteMs),
      refusalMs: Number(refusalMs.toFixed(1)),
    },
    gates: { plansPerSecond: 50, approvedToFirstWriteMs: 100, refusalMs: 20 },
    measured:
      'Executor, simulated cluster and nats-server each a process, SQLite. Plans of one step, settled per second while more wait, each verified for 10 s; medians from the durable approval to the write in the API server’s log, and from the hint to the durable refusal.',
  }
}
