import { spawn, type ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { connectBus, type Bus } from '@kubewise/bus'
import {
  BUCKETS,
  COLLECTIONS,
  decodeAnswer,
  decodePlanHint,
  STREAMS,
  subjects,
  type Incident,
  type Plan,
} from '@kubewise/contracts'
import { createKit, silentLog, systemClock } from '@kubewise/service'
import { openStore, type Store } from '@kubewise/store'
import { eventually, startLlm, startNats, temporaryFolder, type FakeLlm } from '@kubewise/testkit'
import { simulatedCluster, type ClusterUnderTest } from './cluster.ts'
import { died } from './executor.ts'
import type { Expected, IncidentKind, Story } from './planner-victims.ts'

const MAIN = new URL('../../services/planner/src/main.ts', import.meta.url).pathname
const LLM_TIMEOUT_SECONDS = 3
const SETTLE_MS = 90_000
const WITHIN = { timeoutMs: SETTLE_MS, everyMs: 200 }

/** A cluster that every run shares; each has its own bus, record, model, namespace and name of the cluster. */
export interface PlannerArena extends AsyncDisposable {
  cluster: ClusterUnderTest
  folder: string
  kubeconfig: string
}

export async function startPlannerArena(): Promise<PlannerArena> {
  await using held = new AsyncDisposableStack()
  const cluster = held.use(await simulatedCluster())
  const folder = held.use(await temporaryFolder()).path
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, cluster.kubeconfig, { mode: 0o600 })
  const kept = held.move()
  return { cluster, folder, kubeconfig, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** What came of one run: what the record, the bus and the model's server have, not what the planner says of it. */
export interface PlannerOutcome {
  incidents: Incident[]
  plans: Plan[]
  /** Plans that were hinted at. */
  hinted: ReadonlySet<string>
  questions: number
}

/** One incident from its anomaly on, and the planners that are let loose on it. */
class PlannerRun implements AsyncDisposable {
  readonly #bus: Bus
  readonly #store: Store
  readonly #llm: FakeLlm
  readonly #env: Record<string, string>
  readonly #story: Story
  readonly #held: AsyncDisposableStack
  readonly #hints: string[] = []
  readonly #children = new Set<ChildProcess>()

  private constructor(
    { bus, store, llm }: { bus: Bus; store: Store; llm: FakeLlm },
    env: Record<string, string>,
    story: Story,
    held: AsyncDisposableStack,
  ) {
    this.#bus = bus
    this.#store = store
    this.#llm = llm
    this.#env = env
    this.#story = story
    this.#held = held
    const hints = bus.replay({
      stream: STREAMS.plans.name,
      filter: 'kubewise.v1.*.plan.>',
      from: 1,
      decode: decodePlanHint,
      handle: ({ body }) => void this.#hints.push(body.plan),
    })
    hints.done.catch(() => undefined)
    held.defer(() => hints.stop())
  }

  static async open(arena: PlannerArena, name: string, story: Story): Promise<PlannerRun> {
    await using held = new AsyncDisposableStack()
    const file = join(arena.folder, `${name}.sqlite`)
    const nats = held.use(await startNats())
    const llm = held.use(await startLlm())
    const store = await openStore({ kind: 'sqlite', file }, { clock: systemClock, log: silentLog })
    held.defer(() => store.close())
    const bus = await connectBus({ url: nats.url, name: 'chaos', ...createKit({ name: 'chaos', log: silentLog }) })
    held.defer(() => bus.close())
    await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
    const env = {
      PATH: process.env['PATH'] ?? '',
      NATS_URL: nats.url,
      KUBECONFIG: arena.kubeconfig,
      KUBEWISE_CLUSTER: story.target.cluster,
      KUBEWISE_STORE: `sqlite:${file}`,
      KUBEWISE_HOME: join(arena.folder, name),
      KUBEWISE_MODE: 'auto',
      OPENAI_BASE_URL: llm.openAiUrl,
      OPENAI_MODEL: 'chaos',
      KUBEWISE_LLM_TIMEOUT: String(LLM_TIMEOUT_SECONDS),
      ADMIN_PORT: '0',
      LOG_LEVEL: 'warn',
      // Dozens of them start: what one has compiled, the others need not.
      NODE_COMPILE_CACHE: join(arena.folder, 'compiled'),
    }
    return new PlannerRun({ bus, store, llm }, env, story, held.move())
  }

  /** Starts a planner that kills itself at a place, or goes on for good. */
  start(crashAt?: string): ChildProcess {
    const env = { ...this.#env, ...(crashAt !== undefined && { KUBEWISE_CRASHPOINT: crashAt }) }
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'inherit'] })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return child
  }

  /** Tells what the detector found, on the bus and in the record. */
  async tellAnomaly(anomaly = this.#story.anomaly): Promise<void> {
    const { kind: _kind, id: _id, epoch: _epoch, ...found } = anomaly
    await this.#store.collection(COLLECTIONS.anomalies).insert({ _id, ...found, status: 'open' })
    await this.#bus.publish(subjects.anomaly(found.target), anomaly, { id: _id })
  }

  /** Tells what is found once a plan was hinted at, if the story goes on; until an incident has it. */
  async tellLater(): Promise<void> {
    const { later } = this.#story
    if (!later) return
    await eventually(() => this.#hints.length > 0, { ...WITHIN, say: 'a plan is hinted at' })
    await this.tellAnomaly(later)
    const isHeld = ({ signals }: Incident) => signals.some(({ anomaly }) => anomaly === later.id)
    await eventually(async () => (await this.incidents()).some(isHeld), { ...WITHIN, say: 'an incident has it' })
  }

  async tellEnd(): Promise<void> {
    const { id, epoch, entity, target } = this.#story.anomaly
    const anomalies = this.#store.collection(COLLECTIONS.anomalies)
    const known = await anomalies.get(id)
    const resolvedMs = Date.now()
    if (known) await anomalies.replace({ ...known, status: 'resolved', resolvedMs })
    const end = { kind: 'anomaly-resolved', id, epoch, entity, target, resolvedMs, say: 'It is as its siblings again.' }
    await this.#bus.publish(subjects.anomaly(target), end, { id: `${id}-end` })
  }

  async incidents(): Promise<Incident[]> {
    return (await this.#store.collection(COLLECTIONS.incidents).find()).items
  }

  async plans(): Promise<Plan[]> {
    return (await this.#store.collection(COLLECTIONS.plans).find()).items
  }

  async hasPlan(): Promise<boolean> {
    return (await this.plans()).length > 0
  }

  /** Hints at any plan so far. */
  get hints(): readonly string[] {
    return this.#hints
  }

  /** Waits until a planner answers, which it does once it has taken up its work. */
  async answers(): Promise<void> {
    const { cluster, kind, namespace, name } = this.#story.target
    const question = { kind: 'question', cluster, object: { kind, namespace, name }, by: 'chaos', askedMs: Date.now() }
    await eventually(() => this.#bus.ask(subjects.question(cluster), question, decodeAnswer, 10_000), {
      ...WITHIN,
      say: 'a planner answers',
    })
  }

  async outcome(): Promise<PlannerOutcome> {
    const [incidents, plans] = await Promise.all([this.incidents(), this.plans()])
    return { incidents, plans, hinted: new Set(this.#hints), questions: this.#llm.questions.length }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const children = [...this.#children]
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(children.map(died))
    await this.#held.disposeAsync()
  }
}

async function dieAt(run: PlannerRun, place: string): Promise<void> {
  const signal = await died(run.start(place)).catch((error: unknown) => {
    throw new Error(`nobody died at ${place}`, { cause: error })
  })
  if (signal !== 'SIGKILL') throw new Error(`expected a death by SIGKILL at ${place}, got ${signal ?? 'an exit'}`)
}

/** Those that stand for what is ill: what became a part of another, or was opened for nothing, is over. */
const standing = ({ expected }: IncidentKind, incidents: readonly Incident[]) =>
  expected.symptom ? incidents.filter(({ status }) => status === 'open') : incidents

const shownBy = ({ signals }: Incident) =>
  signals.filter(({ target, resolvedMs }) => target && resolvedMs === undefined).map(({ rule }) => rule)

function isAsExpected({ expected }: IncidentKind, incident: Incident): boolean {
  const { status, decision } = incident
  const isShown = !expected.symptom || isDeepStrictEqual(shownBy(incident), expected.symptom.shows)
  return status === expected.status && decision?.code === expected.code && isShown
}

let runs = 0

/**
 * Makes a workload ill, lets a planner die at a place while it deals with that, and another take over. Without a place nobody
 * dies before another takes over.
 *
 * @throws Error where the planner did not die, or nobody came to an end
 */
export async function killPlannerAt(arena: PlannerArena, kind: IncidentKind, place?: string): Promise<PlannerOutcome> {
  const name = `kubewise-chaos-planner-${++runs}`
  await using run = await PlannerRun.open(arena, name, await kind.make(arena.cluster.kube, name))
  await run.tellAnomaly()
  const takeOver = async () => {
    if (place !== undefined) await dieAt(run, place)
    return { before: run.hints.length, last: run.start() }
  }
  const goOn = async () => {
    await run.tellLater()
    if (!kind.endsAfterPlan) return
    await eventually(() => run.hasPlan(), { ...WITHIN, say: 'a plan is made' })
    await run.tellEnd()
  }
  const [{ before, last }] = await Promise.all([takeOver(), goOn()])
  await run.answers()
  const isSettled = async () => {
    const incidents = standing(kind, await run.incidents())
    // While nobody takes an open incident's plan up, every planner hints at it anew: this one has decided itself.
    const { status, actions } = kind.expected
    const isDecidedAnew = status === 'resolved' || actions.length === 0 || run.hints.length > before
    return isDecidedAnew && incidents.length > 0 && incidents.every((incident) => isAsExpected(kind, incident))
  }
  // What does not come to its expected end is told by its outcome.
  await eventually(isSettled, { ...WITHIN, say: 'the incident is decided' }).catch(() => undefined)
  last.kill('SIGTERM')
  await died(last)
  return run.outcome()
}

const actionsOf = (plan: Plan | undefined) => (plan?.steps ?? []).map(({ action }) => action)
const decisionOf = ({ incident, attempt, steps }: Plan) =>
  JSON.stringify([incident, attempt, steps.map(({ action, object, with: given }) => [action, object.uid, given])])

/** What is wrong with how a symptom and its cause stand to each other on record. */
function faultsOfSymptom(
  { target, shows }: NonNullable<Expected['symptom']>,
  incidents: readonly Incident[],
  root: Incident | undefined,
): string[] {
  const found = incidents.filter((incident) => incident.target.name === target)
  const got = {
    symptoms: found.map(({ status, mergedInto }) => [status, mergedInto]),
    listed: root?.symptoms?.map(({ incident }) => incident),
    shown: root && shownBy(root),
  }
  const expected = { symptoms: [['resolved', root?._id]], listed: found.map(({ _id }) => _id), shown: shows }
  return isDeepStrictEqual(got, expected) ? [] : [`expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`]
}

/** What is wrong with an outcome; place as for `killPlannerAt`. */
export function faultsOf(
  kind: IncidentKind,
  { incidents, plans, hinted, questions: asked }: PlannerOutcome,
  place?: string,
): string[] {
  const { questions, losesAnswer = [] } = kind
  const { symptom, ...expected } = kind.expected
  const stand = standing(kind, incidents)
  const [incident] = stand
  const faults = symptom ? faultsOfSymptom(symptom, incidents, incident) : []
  if (stand.length !== 1) faults.push(`expected one incident, got ${stand.length}`)
  const { status, decision } = incident ?? {}
  const last = plans.find(({ _id }) => _id === decision?.plan)
  const got = { target: incident?.target.name, status, code: decision?.code, actions: actionsOf(last) }
  if (JSON.stringify(got) !== JSON.stringify(expected))
    faults.push(`expected ${JSON.stringify(expected)}, got ${JSON.stringify({ ...got, say: decision?.say })}`)
  const decisions = new Set(plans.map(decisionOf))
  if (decisions.size !== plans.length) faults.push(`${plans.length} plans for ${decisions.size} decisions`)
  for (const { _id, cause } of plans)
    if (!hinted.has(_id)) faults.push(`the plan ${_id} (${cause}) was never hinted at`)
  const most = questions + (place !== undefined && losesAnswer.includes(place) ? 1 : 0)
  if (asked < questions || asked > most)
    faults.push(`${asked} questions to the model, expected ${questions} to ${most}`)
  return faults
}
