import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectBus, type Bus } from '@kubewise/bus'
import { BUCKETS, COLLECTIONS, STREAMS, type AuditRecord, type Execution, type Plan } from '@kubewise/contracts'
import { createKit, silentLog, systemClock } from '@kubewise/service'
import { createSimulator, type AuditEntry, type Simulator } from '@kubewise/simulator'
import { openStore, type Store } from '@kubewise/store'
import { eventually, startNats, temporaryFolder } from '@kubewise/testkit'
import type { Victim, VictimKind } from './victims.ts'

const MAIN = new URL('../../services/executor/src/main.ts', import.meta.url).pathname
const FRESH_EVERY_MS = 1000
const LEASE_SECONDS = 1
const DIE_MS = 60_000
const SETTLE_MS = 120_000

/** A simulated cluster and a nats-server that every run shares; each has its own record, namespace and name of the cluster. */
export interface Arena extends AsyncDisposable {
  simulator: Simulator
  bus: Bus
  natsUrl: string
  folder: string
  kubeconfig: string
}

export async function startArena(): Promise<Arena> {
  await using held = new AsyncDisposableStack()
  const folder = held.use(await temporaryFolder()).path
  const nats = held.use(await startNats())
  const simulator = await createSimulator({ clock: systemClock })
  held.defer(() => simulator.stop())
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, simulator.kubeconfig(), { mode: 0o600 })
  const bus = await connectBus({ url: nats.url, name: 'chaos', ...createKit({ name: 'chaos', log: silentLog }) })
  held.defer(() => bus.close())
  await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
  const kept = held.move()
  return { simulator, bus, natsUrl: nats.url, folder, kubeconfig, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** What came of one run; the writes as the API server's own log has them. */
export interface Outcome {
  execution: Execution
  writes: AuditEntry[]
  intents: AuditRecord[]
}

/** A plan with its record, and the executors that are let loose on it. */
export class Run implements AsyncDisposable {
  readonly #arena: Arena
  readonly #store: Store
  readonly #env: Record<string, string>
  readonly #children = new Set<ChildProcess>()
  readonly #freshness: NodeJS.Timeout
  readonly #plan: Plan

  private constructor(arena: Arena, store: Store, env: Record<string, string>, plan: Plan, freshness: NodeJS.Timeout) {
    this.#arena = arena
    this.#store = store
    this.#env = env
    this.#plan = plan
    this.#freshness = freshness
  }

  static async open(arena: Arena, name: string, { plan, incident, anomalies }: Victim): Promise<Run> {
    const home = join(arena.folder, name)
    const file = `${home}.sqlite`
    const store = await openStore({ kind: 'sqlite', file }, { clock: systemClock, log: silentLog })
    for (const anomaly of anomalies) await store.collection(COLLECTIONS.anomalies).insert(anomaly)
    await store.collection(COLLECTIONS.incidents).insert(incident)
    await store.collection(COLLECTIONS.plans).insert(plan)
    const freshness = await keepFresh(arena.bus, plan.cluster)
    const env = {
      PATH: process.env['PATH'] ?? '',
      NATS_URL: arena.natsUrl,
      KUBECONFIG: arena.kubeconfig,
      KUBEWISE_CLUSTER: plan.cluster,
      KUBEWISE_STORE: `sqlite:${file}`,
      KUBEWISE_HOME: home,
      KUBEWISE_MODE: 'auto',
      EXECUTOR_LEASE_SECONDS: String(LEASE_SECONDS),
      ADMIN_PORT: '0',
      LOG_LEVEL: 'warn',
    }
    return new Run(arena, store, env, plan, freshness)
  }

  /** Starts an executor that kills itself at a label, or goes on for good. */
  start(crashAt?: string): ChildProcess {
    const env = { ...this.#env, ...(crashAt !== undefined && { KUBEWISE_CRASHPOINT: crashAt }) }
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'inherit'] })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return child
  }

  execution(): Promise<Execution | undefined> {
    return this.#store.collection(COLLECTIONS.executions).get(this.#plan._id)
  }

  async settled(): Promise<Outcome> {
    const isSettled = async () => {
      const execution = await this.execution()
      return execution?.finishedMs === undefined ? undefined : execution
    }
    const execution = await eventually(isSettled, {
      timeoutMs: SETTLE_MS,
      everyMs: 200,
      say: `${this.#plan._id} is settled`,
    })
    const audit = await this.#store.collection(COLLECTIONS.audit).find({ where: { plan: this.#plan._id }, limit: 500 })
    const intents = audit.items.filter(({ event }) => event === 'intent' || event === 'undo-intent')
    return { execution, writes: this.writes(), intents }
  }

  /** Changes that took effect on this run's workload and pods. */
  writes(): AuditEntry[] {
    const { namespace } = this.#plan.target
    return this.#arena.simulator
      .audit()
      .filter(
        (entry) =>
          entry.namespace === namespace && !entry.isDryRun && entry.status < 300 && entry.resource !== 'events',
      )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#freshness)
    for (const child of this.#children) child.kill('SIGKILL')
    await this.#store.close()
  }
}

/** Stands in for the collector: without fresh signals nothing is done. */
async function keepFresh(bus: Bus, cluster: string): Promise<NodeJS.Timeout> {
  const bucket = await bus.kv(BUCKETS.freshness)
  const tell = async () => {
    const now = Date.now()
    const watches = { pods: now, deployments: now, statefulsets: now, daemonsets: now }
    await bucket.put(cluster, { cluster, writtenMs: now, metrics: {}, watches })
  }
  await tell()
  return setInterval(() => void tell().catch(() => undefined), FRESH_EVERY_MS)
}

/** Waits for a process to die of its crash point. @returns the signal; null where it ended otherwise */
export async function died(child: ChildProcess): Promise<NodeJS.Signals | null> {
  if (child.signalCode === null && child.exitCode === null)
    await once(child, 'exit', { signal: AbortSignal.timeout(DIE_MS) })
  return child.signalCode
}

let runs = 0

/** Makes a victim, lets an executor die at one place of its remedy, and another bring it to its end. */
export async function killAt(
  arena: Arena,
  kind: VictimKind,
  place: string,
): Promise<Outcome & { signal: NodeJS.Signals | null }> {
  const name = `run-${++runs}`
  await using run = await Run.open(arena, name, await kind.make(arena.simulator, name, name))
  const signal = await died(run.start(place))
  const second = run.start()
  const outcome = await run.settled()
  second.kill('SIGTERM')
  await died(second)
  return { ...outcome, writes: run.writes(), signal }
}

/** What is wrong with an outcome: the same effect twice, one without a durable intent, another end than without the crash. */
export function violationsOf(kind: VictimKind, { execution, writes, intents }: Outcome): string[] {
  const faults: string[] = []
  if (execution.status !== kind.ends) faults.push(`ended ${execution.status}, expected ${kind.ends}: ${execution.say}`)
  if (writes.length !== kind.writes)
    faults.push(
      `${writes.length} writes, expected ${kind.writes}: ${JSON.stringify(writes.map(({ verb, name, body }) => ({ verb, name, body })))}`,
    )
  for (const { body, atMs, verb } of writes) {
    const text = JSON.stringify(body)
    const isMeant = ({ detail, atMs: intentMs }: AuditRecord) => {
      const marks = [String(detail?.['marker']), ...uidsIn(detail?.['changes'])]
      return intentMs <= atMs && marks.some((mark) => text.includes(mark))
    }
    if (!intents.some(isMeant)) faults.push(`${verb} without an intent before it: ${text}`)
  }
  return faults
}

function uidsIn(changes: unknown): string[] {
  const list = Array.isArray(changes) ? (changes as { path?: string; before?: unknown }[]) : []
  return list.flatMap(({ path, before }) => (path === '/metadata/uid' && typeof before === 'string' ? [before] : []))
}
