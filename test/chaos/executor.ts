import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectBus, type Bus } from '@kubewise/bus'
import { BUCKETS, COLLECTIONS, STREAMS, type AuditRecord, type Execution, type Plan } from '@kubewise/contracts'
import { createKit, silentLog, systemClock } from '@kubewise/service'
import type { AuditEntry } from '@kubewise/simulator'
import { openStore, type Store } from '@kubewise/store'
import { eventually, startNats, temporaryFolder } from '@kubewise/testkit'
import { auditMismatches } from './audit-matches.ts'
import type { ClusterUnderTest } from './cluster.ts'
import type { Victim, VictimKind } from './victims.ts'

const MAIN = new URL('../../services/executor/src/main.ts', import.meta.url).pathname
const FRESH_EVERY_MS = 1000
/** Short, that a successor need not wait long; long enough for a slow machine to hold it. */
const LEASE_SECONDS = 2
/** Long enough to die in, and to see a container end that cannot run. */
const CANARY_SECONDS = 5
const DIE_MS = 120_000
const SETTLE_MS = 120_000

/** A cluster and a nats-server that every run shares; each has its own record, namespace and name of the cluster. */
export interface Arena extends AsyncDisposable {
  cluster: ClusterUnderTest
  bus: Bus
  natsUrl: string
  folder: string
  kubeconfig: string
  /** The executors that live, so that none outlives the arena. */
  children: Set<ChildProcess>
}

/** @param cluster ends with the arena */
export async function startArena(cluster: ClusterUnderTest): Promise<Arena> {
  await using held = new AsyncDisposableStack()
  held.use(cluster)
  const folder = held.use(await temporaryFolder()).path
  const nats = held.use(await startNats())
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, cluster.kubeconfig, { mode: 0o600 })
  const bus = await connectBus({ url: nats.url, name: 'chaos', ...createKit({ name: 'chaos', log: silentLog }) })
  held.defer(() => bus.close())
  await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
  const children = new Set<ChildProcess>()
  held.defer(() => children.forEach((child) => child.kill('SIGKILL')))
  const kept = held.move()
  return {
    cluster,
    bus,
    natsUrl: nats.url,
    folder,
    kubeconfig,
    children,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** What came of one run; the writes as the API server's own log has them. */
export interface Outcome {
  execution: Execution
  writes: AuditEntry[]
  links: AuditRecord[]
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

  static async open(
    arena: Arena,
    name: string,
    { plan, incident, anomalies, earlier, approval }: Victim,
  ): Promise<Run> {
    const home = join(arena.folder, name)
    const file = `${home}.sqlite`
    const store = await openStore({ kind: 'sqlite', file }, { clock: systemClock, log: silentLog })
    for (const anomaly of anomalies) await store.collection(COLLECTIONS.anomalies).insert(anomaly)
    await store.collection(COLLECTIONS.incidents).insert(incident)
    for (const execution of earlier) await store.collection(COLLECTIONS.executions).insert(execution)
    await store.collection(COLLECTIONS.approvals).insert(approval)
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
      KUBEWISE_MAY_CHANGE_NODES: 'true',
      EXECUTOR_LEASE_SECONDS: String(LEASE_SECONDS),
      KUBEWISE_CANARY_SECONDS: String(CANARY_SECONDS),
      ADMIN_PORT: '0',
      LOG_LEVEL: 'warn',
      // Hundreds of them start: what one has compiled, the others need not.
      NODE_COMPILE_CACHE: join(arena.folder, 'compiled'),
    }
    return new Run(arena, store, env, plan, freshness)
  }

  /** Starts an executor that kills itself at a label, or goes on for good. */
  start(crashAt?: string): ChildProcess {
    const env = { ...this.#env, ...(crashAt !== undefined && { KUBEWISE_CRASHPOINT: crashAt }) }
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'inherit'] })
    for (const alive of [this.#children, this.#arena.children]) {
      alive.add(child)
      child.once('exit', () => alive.delete(child))
    }
    return child
  }

  /** Whoever is stopped in the middle of a write to an SQLite file locks all others out: then it is let go on, and stopped anew. */
  async stopOutsideOfWrites(child: ChildProcess): Promise<void> {
    const incidents = this.#store.collection(COLLECTIONS.incidents)
    const isFree = async () => {
      child.kill('SIGSTOP')
      const incident = await incidents.get(this.#plan.incident)
      const isWritten = await incidents.replace(incident!).then(
        () => true,
        () => false,
      )
      if (!isWritten) child.kill('SIGCONT')
      return isWritten
    }
    await eventually(isFree, { timeoutMs: SETTLE_MS, say: 'it is stopped while it does not write' })
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
    return { execution, writes: await this.writes(), links: audit.items }
  }

  /** Changes that took effect in this run's namespace, and on its node where it has one. */
  async writes(): Promise<AuditEntry[]> {
    const { _id, cluster: namespace, target } = this.#plan
    const { cluster } = this.#arena
    // A node is borrowed by one run after the other; the marker tells whose a write is.
    const isOnNode = ({ name, body }: AuditEntry) =>
      target.namespace === '' && name === target.name && JSON.stringify(body).includes(`${_id}/`)
    const attempts = [...(await cluster.attempts(namespace)), ...(await cluster.attempts('')).filter(isOnNode)]
    return attempts.filter(({ isDryRun, status, resource }) => !isDryRun && status < 300 && resource !== 'events')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#freshness)
    for (const child of this.#children) child.kill('SIGKILL')
    await this.#store.close()
    await this.#arena.cluster.discard(this.#plan.cluster)
  }
}

/** Stands in for the collector: without fresh signals nothing is done. */
async function keepFresh(bus: Bus, cluster: string): Promise<NodeJS.Timeout> {
  const bucket = await bus.kv(BUCKETS.freshness)
  const tell = async () => {
    const now = Date.now()
    const kinds = ['pods', 'nodes', 'persistentvolumeclaims', 'deployments', 'statefulsets', 'daemonsets', 'jobs']
    const watches = Object.fromEntries(kinds.map((kind) => [kind, now]))
    await bucket.put(cluster, { cluster, writtenMs: now, metrics: {}, watches })
  }
  await tell()
  return setInterval(() => void tell().catch(() => undefined), FRESH_EVERY_MS)
}

/** Waits until a process has ended. @returns the signal that ended it; null where it ended by itself */
export async function died(child: ChildProcess): Promise<NodeJS.Signals | null> {
  if (child.signalCode === null && child.exitCode === null)
    await once(child, 'exit', { signal: AbortSignal.timeout(DIE_MS) })
  return child.signalCode
}

async function diesAt(run: Run, place: string): Promise<void> {
  const signal = await died(run.start(place)).catch((error: unknown) => {
    throw new Error(`nobody died at ${place}`, { cause: error })
  })
  if (signal !== 'SIGKILL') throw new Error(`expected a death by SIGKILL at ${place}, got ${signal ?? 'an exit'}`)
}

/** Of the namespaces of victims. */
export const NAMESPACE_PREFIX = 'kubewise-chaos-run-'
let runs = 0

/**
 * Makes a victim, lets one executor after the other die at a place of its remedy, and another bring it to its end.
 *
 * @throws Error where one did not die
 */
export async function killAt(arena: Arena, kind: VictimKind, places: readonly string[]): Promise<Outcome> {
  const name = `${NAMESPACE_PREFIX}${++runs}`
  await using run = await Run.open(arena, name, await kind.make(arena.cluster.kube, name))
  for (const place of places) await diesAt(run, place)
  const last = run.start()
  const outcome = await run.settled()
  last.kill('SIGTERM')
  await died(last)
  return { ...outcome, writes: await run.writes() }
}

/**
 * Stops an executor that has acted (SIGSTOP) for so many leases, with another beside it or alone, and lets it go on.
 *
 * @returns what came of it; with another beside, its epoch must be a newer one
 */
export async function stopFor(
  arena: Arena,
  kind: VictimKind,
  { leases, isAlone }: { leases: number; isAlone: boolean },
): Promise<Outcome> {
  const name = `${NAMESPACE_PREFIX}${++runs}`
  await using run = await Run.open(arena, name, await kind.make(arena.cluster.kube, name))
  const first = run.start()
  const hasActed = () =>
    run.execution().then((execution) => execution?.steps.some(({ status }) => status === 'observed') === true)
  await eventually(hasActed, { timeoutMs: SETTLE_MS, say: 'the first has acted' })
  await run.stopOutsideOfWrites(first)
  const second = isAlone ? undefined : run.start()
  await systemClock.sleep(leases * LEASE_SECONDS * 1000)
  if (second) await run.settled()
  first.kill('SIGCONT')
  const outcome = await run.settled()
  for (const child of [second, first])
    if (child) {
      child.kill('SIGTERM')
      await died(child)
    }
  return { ...outcome, writes: await run.writes() }
}

/** What is wrong with an outcome: a write that the audit does not tell of, or the other way round; the same effect twice, one without a durable intent, another end than without the crash. */
export function violationsOf(kind: VictimKind, { execution, writes, links }: Outcome): string[] {
  const intents = links.filter(({ event }) => event === 'intent' || event === 'undo-intent')
  // A resize leaves no marker that the two could be compared by.
  const mismatches = kind.action === 'resize-pod@1' ? [] : auditMismatches(writes, links)
  const faults = mismatches.map(({ say }) => say)
  if (execution.status !== kind.ends) faults.push(`ended ${execution.status}, expected ${kind.ends}: ${execution.say}`)
  if (writes.length !== kind.writes)
    faults.push(
      `${writes.length} writes, expected ${kind.writes}: ${JSON.stringify(writes.map(({ verb, name, body }) => ({ verb, name, body })))}`,
    )
  for (const { body, atMs, verb } of writes) {
    const text = JSON.stringify(body)
    const isMeant = ({ detail, atMs: intentMs }: AuditRecord) => {
      const marks = [String(detail?.['marker']), ...uidsIn(detail?.['changes'])]
      return intentMs <= atMs && (marks.some((mark) => text.includes(mark)) || isChangedBy(text, detail?.['changes']))
    }
    if (!intents.some(isMeant)) faults.push(`${verb} without an intent before it: ${text}`)
  }
  return faults
}

type Changes = readonly { path: string; before?: unknown; after?: unknown }[]
const changesOf = (changes: unknown) => (Array.isArray(changes) ? (changes as Changes) : [])

const uidsIn = (changes: unknown): string[] =>
  changesOf(changes).flatMap(({ path, before }) =>
    path === '/metadata/uid' && typeof before === 'string' ? [before] : [],
  )

/** A resize leaves no marker; it is known by the very values that it writes. */
function isChangedBy(text: string, changes: unknown): boolean {
  const list = changesOf(changes).filter(({ path }) => path.includes('/resources/'))
  return (
    list.length > 0 &&
    list.every(({ path, after }) => text.includes(JSON.stringify(path)) && text.includes(JSON.stringify(after)))
  )
}
