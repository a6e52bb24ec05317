import {
  COLLECTIONS,
  idOf,
  keyOf,
  titleOf,
  type Answer,
  type Incident,
  type Question,
  type Target,
} from '@kubewise/contracts'
import {
  createOwnerResolver,
  isKubeError,
  RESOURCES,
  type Kube,
  type KubernetesObject,
  type ResourceName,
} from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { factsOf } from '../context/facts.ts'
import type { Gather } from '../context/gather.ts'
import type { Correlator } from '../correlation/correlator.ts'
import { contentOf, decide } from '../decisions/decide.ts'
import { readGround, type GroundPorts, type Installation } from '../decisions/early-refusals.ts'
import { resolve, type Resolved } from '../decisions/resolve.ts'
import type { EvaluationPorts } from '../evaluation/evaluate.ts'
import type { LoadedPlaybook } from '@kubewise/playbooks'

export interface AnswerPorts extends GroundPorts {
  kube: Pick<Kube, 'get'>
  evaluation: EvaluationPorts
  store: Store
  clock: Clock
  gather: Gather
  correlator: Pick<Correlator, 'complete'>
  signal: AbortSignal
  cluster: string
}

/** An incident that nobody has: as if the object had been looked at for long, so that the answer is no "wait and see". */
const WATCHED_MS = 60 * 60_000
/** Each reads much of the cluster and may ask for dry runs; whoever asks waits for seconds only. */
const MOST_AT_ONCE = 8

const answer = (outcome: Answer['outcome'], code: string, say: string, rest: Partial<Answer> = {}): Answer => ({
  kind: 'answer',
  outcome,
  code,
  say,
  ...rest,
})

function isResource(kind: string): kind is ResourceName {
  return Object.hasOwn(RESOURCES, kind)
}

/** Answers what would be done about an object now. Reads only: nothing is recorded, and a dry run is all that is sent. */
export function createAnswerer(
  ports: AnswerPorts,
  playbooks: readonly LoadedPlaybook[],
  installation: Installation,
): (question: Question) => Promise<Answer> {
  const { kube, store, clock, cluster } = ports
  const owners = createOwnerResolver(kube, { clock })
  const incidents = store.collection(COLLECTIONS.incidents)
  const heads = store.collection(COLLECTIONS.heads)

  async function find({ object: { kind, namespace, name } }: Question): Promise<KubernetesObject | Answer> {
    if (!isResource(kind))
      return answer('unknown', 'kind-unknown', `Expected one of ${Object.keys(RESOURCES).join(', ')}, got ${kind}.`)
    const resource = RESOURCES[kind]
    try {
      const found = await kube.get(resource, resource.isNamespaced ? { namespace, name } : { name }, ports.signal)
      // What the server gives for one object leaves out what kind it is where it was asked for by kind.
      const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
      if (found) return { ...found, kind, apiVersion }
      return answer('unknown', 'not-found', `There is no ${titleOf({ cluster, kind, namespace, name })}.`)
    } catch (error) {
      if (!isKubeError(error)) throw error
      return answer('unknown', 'unreadable', `It cannot be read: ${error.kind}.`)
    }
  }

  async function targetOf(object: KubernetesObject): Promise<Target> {
    const { top } = await owners.ownershipOf(object)
    return { cluster, kind: top.kind, namespace: top.namespace ?? '', name: top.name, ...(top.uid && { uid: top.uid }) }
  }

  async function incidentOf(target: Target): Promise<{ incident: Incident; isReal: boolean }> {
    const head = await heads.get(keyOf(target))
    const known = head?.incident === undefined ? undefined : await incidents.get(head.incident)
    if (known?.status === 'open') return { incident: known, isReal: true }
    const nowMs = clock.now()
    const incident: Incident = {
      _id: idOf('question', keyOf(target)),
      version: 0,
      cluster,
      target,
      status: 'open',
      openedMs: nowMs - WATCHED_MS,
      updatedMs: nowMs,
      severity: 'info',
      say: 'Asked about.',
      signals: [],
      plans: [],
      attempts: 0,
    }
    return { incident, isReal: false }
  }

  async function decided(incident: Incident, isAsked: boolean): Promise<Resolved> {
    const [context, ground] = await Promise.all([ports.gather(incident, ports.signal), readGround(ports, installation)])
    const facts = await ports.correlator.complete(factsOf(context, ground.limits), incident)
    const tried = new Map(context.plans.map(({ _id, steps }) => [_id, contentOf(steps)]))
    const { choice } = decide({ ...context, facts, playbooks, limits: ground.limits, isAsked }, tried)
    return resolve(ports, context, facts, choice, ground, installation, ports.signal)
  }

  let asked = 0

  async function answered(question: Question): Promise<Answer> {
    const object = await find(question)
    if ('outcome' in object) return object
    const target = await targetOf(object)
    const { incident, isReal } = await incidentOf(target)
    const about = { target, ...(isReal && { incident: incident._id }) }
    const resolved = await decided(incident, !isReal)
    if (resolved.outcome === 'close') {
      const { code, say } = resolved.choice
      return isReal
        ? answer('close', code, say, about)
        : answer('no-action', 'well', `${titleOf(target)} is well; nothing would be done.`, about)
    }
    const { decision, plan } = resolved
    const { outcome, code, say } = decision
    return answer(outcome, code, say, { ...about, ...(plan && { plan: { ...plan, version: 0 } }) })
  }
  return async (question) => {
    if (asked >= MOST_AT_ONCE)
      return answer('unknown', 'busy', `${MOST_AT_ONCE} questions are being looked at already; ask again in a while.`)
    asked += 1
    try {
      return await answered(question)
    } finally {
      asked -= 1
    }
  }
}
