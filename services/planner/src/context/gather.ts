import { COLLECTIONS, keyOf, type Incident } from '@kubewise/contracts'
import {
  RESOURCES,
  type HorizontalPodAutoscaler,
  type Kube,
  type Namespace,
  type PodDisruptionBudget,
} from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import type { Page, Store } from '@kubewise/store'
import type { Outcomes } from '../learning/outcomes.ts'
import { openSignals } from '../incidents/signals.ts'
import { createSurroundingRecord, readFirst, readSecond } from './around.ts'
import { NOTHING_AROUND, type Context } from './context.ts'
import type { EvidenceBook } from './evidence.ts'
import { lastHealthyRevision } from './last-healthy.ts'
import { createOptionalReads } from './optional-reads.ts'
import { ownServiceRefs } from './service-facts.ts'
import { createServiceReader, readEndpointSlices } from './services.ts'
import { dependenciesIn } from './surroundings.ts'
import { readTarget } from './target-objects.ts'

export type Gather = (incident: Incident, signal: AbortSignal) => Promise<Context>

export interface GatherPorts {
  kube: Pick<Kube, 'get' | 'list'>
  store: Store
  clock: Clock
  evidence: EvidenceBook
  outcomes: Pick<Outcomes, 'recent'>
}

/** One server that hangs must not hold a decision for longer. */
const PATIENCE_MS = 10_000
const MOST_DOCUMENTS = 200
/** Past executions of a target that its confidence rests on. */
const MOST_REMEMBERED = 20

function recordReader(store: Store) {
  const executions = store.collection(COLLECTIONS.executions)
  const plans = store.collection(COLLECTIONS.plans)
  const revisions = store.collection(COLLECTIONS.revisions)
  const targets = store.collection(COLLECTIONS.targets)
  return async ({ _id, target }: Incident) => {
    const sameTarget = {
      'target.namespace': target.namespace,
      'target.kind': target.kind,
      'target.name': target.name,
      'target.cluster': target.cluster,
    }
    const [done, past, made, revisionRecord, targetRecord] = await Promise.all([
      executions.find({ where: { incident: _id }, orderBy: 'claimedMs', direction: 'desc', limit: MOST_DOCUMENTS }),
      executions.find({ where: sameTarget, orderBy: 'claimedMs', direction: 'desc', limit: MOST_REMEMBERED }),
      plans.find({ where: { incident: _id }, orderBy: 'createdMs', direction: 'desc', limit: MOST_DOCUMENTS }),
      revisions.get(keyOf(target)),
      targets.get(keyOf(target)),
    ])
    return {
      executions: complete(done).reverse(),
      history: past.items,
      plans: complete(made).reverse(),
      revisionRecord,
      targetRecord,
    }
  }
}

function namespaceReader(kube: GatherPorts['kube']) {
  return async (namespace: string, signal: AbortSignal) => {
    if (namespace === '') return { namespace: undefined, budgets: [], autoscalers: [] }
    const [object, budgets, autoscalers] = await Promise.all([
      kube.get<Namespace>(RESOURCES.Namespace, { name: namespace }, signal),
      kube.list<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, { namespace }, signal),
      kube.list<HorizontalPodAutoscaler>(RESOURCES.HorizontalPodAutoscaler, { namespace }, signal),
    ])
    return { namespace: object, budgets: budgets.items, autoscalers: autoscalers.items }
  }
}

/** @throws Error when one of the documents cannot be read: a part of them is not to be decided upon */
function complete<T>({ items, unreadable }: Page<T>): T[] {
  const bad = unreadable?.[0]
  if (bad) throw new Error(`the document ${bad.id} cannot be read: ${bad.errors.join('; ')}`)
  return items
}

/**
 * Reads all that a decision rests on, as much as possible at once: it is on the way from a container's death to the plan.
 * @returns a function that throws KubeError or StoreError when anything cannot be read, but for the kinds that `Surroundings`
 * names in `unread`; nothing is decided on a part
 */
export function createGather({ kube, store, clock, evidence, outcomes }: GatherPorts): Gather {
  const readRecord = recordReader(store)
  const readNamespace = namespaceReader(kube)
  const readServices = createServiceReader(kube, clock)
  const optional = createOptionalReads(kube, clock)
  const surroundings = createSurroundingRecord(store, clock)

  return async (incident, stopping) => {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(PATIENCE_MS)])
    const { target } = incident
    const reads = optional.begin()
    const [objects, around, services, record, found, learnt, first] = await Promise.all([
      readTarget(kube, target, signal),
      readNamespace(target.namespace, signal),
      target.namespace === '' ? [] : readServices(target.namespace, signal),
      readRecord(incident),
      evidence.of(openSignals(incident).map(({ anomaly }) => anomaly)),
      outcomes.recent(),
      readFirst(reads, surroundings, incident),
    ])
    const context: Context = {
      ...NOTHING_AROUND,
      nowMs: clock.now(),
      incident,
      ...objects,
      ...around,
      services,
      endpointSlices: [],
      ...record,
      revisionRecord: sameWorkload(record.revisionRecord, objects.target?.metadata?.uid),
      evidence: found,
      outcomes: learnt,
    }
    const asked = [...dependenciesIn(context, lastHealthyRevision(context)), ...ownServiceRefs(context)]
    const [endpointSlices, more] = await Promise.all([
      asked.length === 0 ? [] : readEndpointSlices(kube, asked, signal),
      readSecond(reads, context, first),
    ])
    return { ...context, ...more, endpointSlices }
  }
}

/** What was recorded of a workload of the same name that was deleted since says nothing of this one. */
function sameWorkload<T extends { target: Incident['target'] }>(
  record: T | undefined,
  uid: string | undefined,
): T | undefined {
  return record?.target.uid === uid ? record : undefined
}
