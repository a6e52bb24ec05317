import { randomUUID } from 'node:crypto'
import { lead, type Bus, type Consumption, type Disposition } from '@kubewise/bus'
import {
  BUCKETS,
  CONSUMERS,
  decodeAnomalyMessage,
  decodeExecutionNotice,
  decodeQuestion,
  idOf,
  STREAMS,
  subjects,
  type Target,
} from '@kubewise/contracts'
import type { Kube } from '@kubewise/kube'
import { limitsOf } from '@kubewise/policy'
import { breakerOptions, every, type Kit, type Service } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { evaluationOf, installationOf, type Config } from './config.ts'
import { createEvidenceBook } from './context/evidence.ts'
import { createGather } from './context/gather.ts'
import { createCorrelator } from './correlation/correlator.ts'
import { createStormWatch } from './correlation/storm-watch.ts'
import { createDecider, type Decider } from './decider.ts'
import { createPlaceReader } from './evaluation/read-place.ts'
import { createFigures } from './figures.ts'
import { createIncidentBook } from './incidents/book.ts'
import { createMuting } from './incidents/muting.ts'
import { createSilences } from './incidents/silences.ts'
import { createIntake } from './intake.ts'
import type { Consultant } from './llm/consultant.ts'
import { consultantOf } from './llm/from-settings.ts'
import { createOutcomes } from './learning/outcomes.ts'
import { loadLibrary } from './playbooks/library.ts'
import type { Library } from '@kubewise/playbooks'
import { createAnswerer } from './questions/answer.ts'
import { createRevisionMemory } from './revisions/memory.ts'
import { createSweep } from './sweep.ts'

export { readConfig } from './config.ts'
export { loadLibrary } from './playbooks/library.ts'

export interface Ports extends Kit {
  bus: Bus
  store: Store
  kube: Kube
  /** Playbooks that are loaded already; else the built-in ones and the user's are, at the start. */
  library?: Library
}

const SWEEP_EVERY_MS = 15_000
const RENEW_LEASE_MS = 3_000
/** With so many messages in hand at once, they are waiting for each other. */
const MANY_IN_HAND = 8

/** Another cluster's message on our stream is kept for people to see: acting on our cluster for it would be wrong. */
const foreign = ({ cluster }: Target, own: string): Disposition | undefined =>
  cluster === own ? undefined : { do: 'dead', reason: `expected the cluster "${own}", got "${cluster}"` }

/**
 * Turns anomalies into incidents and decides what is to be done about each: nothing, with the reason; a plan; or a call for a
 * person. Plans go to the record, and a hint at them to the bus. Never writes to the cluster.
 */
export function createPlanner(ports: Ports, config: Config): Service {
  const { bus, store, kube, clock, log, health } = ports
  const cluster = config.KUBEWISE_CLUSTER
  const stopping = new AbortController()
  const signal = AbortSignal.any([ports.signal, stopping.signal])
  const figures = createFigures(ports.metrics)
  const book = createIncidentBook(ports, cluster)
  const evidence = createEvidenceBook(store)
  const memory = createRevisionMemory(ports, cluster)
  const outcomes = createOutcomes(ports, cluster)
  const silences = createSilences(store, clock, cluster, (silence, error) => {
    figures.silenceMistakes.inc()
    log.warn({ silence: silence._id, err: error }, 'silence cannot be read and covers nothing')
  })
  const muting = createMuting(store, clock, cluster, silences, (error) =>
    log.warn({ err: error }, 'the maintenance windows cannot be read: they mute nothing'),
  )
  let consumptions: readonly Consumption[] = []
  let decider: Decider | undefined
  let inHand = 0
  let consultant: Consultant | undefined
  let leading: Promise<void> | undefined

  async function loadPlaybooks() {
    const { playbooks, mistakes } = ports.library ?? (await loadLibrary(config.KUBEWISE_PLAYBOOKS, ports.kube))
    for (const say of mistakes) log.error({ say }, 'playbook left out')
    const say = mistakes.length === 0 ? `${playbooks.length} playbooks` : `left out: ${mistakes.join('\n')}`
    health.set('playbooks', 'quality', { ok: mistakes.length === 0, say })
    return playbooks
  }

  async function provision(): Promise<void> {
    const report = await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
    for (const difference of report.differences) log.warn(difference, 'the bus accepted something else')
  }

  async function counted<T>(take: () => Promise<T>): Promise<T> {
    inHand++
    try {
      return await take()
    } finally {
      inHand--
    }
  }

  function sweepWhileLeading(sweep: () => Promise<void>): Promise<void> {
    const onError = (error: unknown) => log.warn({ err: error }, 'sweep failed')
    return lead({
      leases: () => bus.kv(BUCKETS.leases),
      key: `planner-${idOf(cluster)}`,
      holder: randomUUID(),
      renewMs: RENEW_LEASE_MS,
      clock,
      log,
      signal,
      work: (whileLeading) => every(clock, SWEEP_EVERY_MS, whileLeading, sweep, onError),
    })
  }

  return {
    name: 'planner',
    health,
    async start() {
      const playbooks = await loadPlaybooks()
      await provision()
      memory.start()
      const gather = createGather({ ...ports, evidence, outcomes })
      const control = () => bus.kv(BUCKETS.control)
      const onOpinion = (incident: string) => decider?.soon(incident)
      consultant = consultantOf({ ...ports, signal, cluster, breaker: breakerOptions(config), onOpinion }, config)
      const textForModel = config.KUBEWISE_LLM_TEXT
      const evaluation = { kube, readPlace: createPlaceReader(kube, clock), ...evaluationOf(config) }
      const installation = installationOf(config)
      const limits = limitsOf(installation.limits, undefined)
      const stormWatch = createStormWatch(ports, cluster, limits)
      const correlator = createCorrelator({ ...ports, signal, book, stormWatch }, cluster, limits)
      const isPressed = () => inHand > MANY_IN_HAND
      const deciding = { ...ports, signal, book, gather, evaluation, figures, control, correlator, muting, isPressed }
      const parts = { ...deciding, consultant, textForModel }
      const decides = (decider = createDecider(parts, playbooks, installation))
      const intake = createIntake({ bus, log, book, muting, evidence, figures, outcomes, decider: decides })
      consumptions = [
        bus.consume(
          CONSUMERS.planner,
          decodeAnomalyMessage,
          async ({ body }) => foreign(body.target, cluster) ?? counted(() => intake.anomaly(body)),
        ),
        bus.consume(
          CONSUMERS.plannerOutcomes,
          decodeExecutionNotice,
          async ({ body }) => foreign(body.execution.target, cluster) ?? intake.execution(body),
        ),
        bus.answer(
          subjects.question(cluster),
          decodeQuestion,
          createAnswerer({ ...parts, cluster }, playbooks, installationOf(config)),
        ),
      ]
      leading = sweepWhileLeading(
        createSweep({ bus, store, log, clock, book, intake, figures, cluster, decider: decides }),
      )
    },
    async stop() {
      stopping.abort(new Error('the planner is stopping'))
      await Promise.all(consumptions.map((consumption) => consumption.stop()))
      await leading
      await consultant?.idle()
      await decider?.idle()
      await memory.stop()
    },
  }
}
