import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { connectBus, type Bus } from '@kubewise/bus'
import { BUCKETS, COLLECTIONS, hintOf, subjects, type Execution, type Plan } from '@kubewise/contracts'
import { RESOURCES, type Kube } from '@kubewise/kube'
import { silentLog, systemClock } from '@kubewise/service'
import { openStore, type Store } from '@kubewise/store'
import { eventually, testKit } from '@kubewise/testkit'
import { endOf, writesOf, type Write } from '../audit-log.ts'
import { startServices } from '../services.ts'
import type { Remedy } from './remedy.ts'

const CLUSTER = 'test'
const FRESH_EVERY_MS = 1000
/** Each is heard by one executor: of so many, every one of them hears some at the same moment. */
const HINTS = 4

/** Executors of one account with a record of their own, and the cluster they work on. */
export interface Crew extends AsyncDisposable {
  kube: Kube
  user: string
  /** The cluster's name, as the executors know it. */
  cluster: string
  /** Writes a plan into the record and says so to every executor at once. */
  propose(remedy: Remedy): Promise<void>
  execution(plan: Plan): Promise<Execution | undefined>
  settled(plan: Plan): Promise<Execution>
  /** What its account has tried to write since a moment, Events left out. */
  writesSince(from: number, namespace: string): Promise<Write[]>
  now(): Promise<number>
  setKillFile(reason: string): Promise<void>
  output(): string
}

export interface CrewOptions {
  kube: Kube
  auditLog: string
  identity: { kubeconfig: string; user: string }
  executors: number
}

export async function startCrew({ kube, auditLog, identity, executors }: CrewOptions): Promise<Crew> {
  await using held = new AsyncDisposableStack()
  const executor = {
    MAX_PARALLEL_REMEDIATION_ACTIONS: '100',
    REMEDIATION_COOLDOWN_SECONDS: '0',
    KUBEWISE_MAY_CHANGE_NODES: 'true',
  }
  const services = held.use(
    await startServices({
      kubeconfig: identity.kubeconfig,
      prometheusUrl: 'http://127.0.0.1:9090',
      mode: 'auto',
      env: { executor },
      only: Array.from({ length: executors }, () => 'executor' as const),
    }),
  )
  const kit = testKit({ name: 'actions', clock: systemClock })
  const bus = held.adopt(await connectBus({ url: services.natsUrl, name: 'test', ...kit }), (each) => each.close())
  const location = { kind: 'sqlite', file: services.storeFile } as const
  const store = held.adopt(await openStore(location, { clock: systemClock, log: silentLog }), (each) => each.close())
  held.adopt(await keepFresh(bus), clearInterval)
  held.defer(() => kit.abort())
  const execution = ({ _id }: Plan) => store.collection(COLLECTIONS.executions).get(_id)
  const kept = held.move()
  return {
    kube,
    user: identity.user,
    cluster: CLUSTER,
    async propose(remedy) {
      await record(store, remedy)
      const { plan } = remedy
      const hints = Array.from({ length: HINTS }, () => bus.publish(subjects.plan(plan.target), hintOf(plan)))
      await Promise.all(hints)
    },
    execution,
    async settled(plan) {
      const isSettled = async () => {
        const found = await execution(plan)
        return found?.finishedMs === undefined ? undefined : found
      }
      const last = async () => JSON.stringify(await execution(plan))
      return eventually(isSettled, { timeoutMs: 150_000, everyMs: 100, say: `${plan._id} is settled` }).catch(
        async (error: unknown) => {
          throw new Error(`${plan._id} stands so: ${await last()}`, { cause: error })
        },
      )
    },
    writesSince: async (from, namespace) =>
      (await writesOf(auditLog, identity.user, from)).filter(
        (write) => (write.namespace ?? '') === namespace && write.resource !== 'events',
      ),
    now: () => endOf(auditLog),
    setKillFile: (reason) => writeFile(join(dirname(services.storeFile), 'kill'), reason),
    output: () => services.output(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function record(store: Store, { plan, incident, anomalies, earlier, approval }: Remedy): Promise<void> {
  for (const anomaly of anomalies) await store.collection(COLLECTIONS.anomalies).insert(anomaly)
  for (const execution of earlier) await store.collection(COLLECTIONS.executions).insert(execution)
  await store.collection(COLLECTIONS.incidents).insert(incident)
  if (approval) await store.collection(COLLECTIONS.approvals).insert(approval)
  await store.collection(COLLECTIONS.plans).insert(plan)
}

/** Stands in for the collector: without fresh signals nothing is done. */
async function keepFresh(bus: Bus): Promise<NodeJS.Timeout> {
  const bucket = await bus.kv(BUCKETS.freshness)
  const tell = async () => {
    const writtenMs = Date.now()
    const watches = Object.fromEntries(Object.values(RESOURCES).map(({ plural }) => [plural, writtenMs]))
    await bucket.put(CLUSTER, { cluster: CLUSTER, writtenMs, metrics: {}, watches })
  }
  await tell()
  return setInterval(() => void tell().catch(() => undefined), FRESH_EVERY_MS)
}
