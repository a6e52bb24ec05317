import { anomalyId, type AnomalyOpened, type Target } from '@kubewise/contracts'
import { RESOURCES, type Deployment, type Kube, type Pod, type ReplicaSet, type Service } from '@kubewise/kube'
import { eventually } from '@kubewise/testkit'
import { createNamespace } from '../cluster/arena.ts'
import { podsIn, prepare, REPLICAS, template } from './workload.ts'

/** What the record has in the end of one target, whoever died on the way. */
export interface Expected {
  target: string
  status: 'open' | 'resolved'
  /** Of the last decision. */
  code: string
  /** Of the plan that it stands by. */
  actions: readonly string[]
  /** A target whose incident is a part of this one, with the rules of its signals that this one shows. */
  symptom?: { target: string; shows: readonly string[] }
}

/** What is ill, and what the detector finds of it. */
export interface Story {
  target: Target
  anomaly: AnomalyOpened
  /** Found of the same target once a plan was hinted at. */
  later?: AnomalyOpened
}

export interface IncidentKind {
  name: string
  /** Places where the planner passes on its way; `@2` is the second time. */
  places: readonly string[]
  expected: Expected
  /** How often a model is asked where nobody dies. */
  questions: number
  /** Places where an answer may be paid for and not yet on record: there it may be asked once more, elsewhere not. */
  losesAnswer?: readonly string[]
  /** The anomaly ends once a plan was made, and what is found later is on record. */
  endsAfterPlan?: boolean
  /** @param cluster also the name of its namespace */
  make(kube: Kube, cluster: string): Promise<Story>
}

/** The planner watches for a minute before it calls for help. */
const SINCE_MS = 120_000

function anomalyOf(target: Target, pod: Pod, rule: string, features: AnomalyOpened['features']): AnomalyOpened {
  const { name = '', uid = '' } = pod.metadata ?? {}
  const entity = { ...target, kind: 'Pod', name, uid }
  const named = { name: rule, version: 1 }
  const startedMs = Date.now() - SINCE_MS
  return {
    kind: 'anomaly',
    id: anomalyId(entity, named, startedMs),
    epoch: 1,
    entity,
    target,
    rule: named,
    source: 'state',
    startedMs,
    detectedMs: startedMs + 1000,
    severity: 'critical',
    score: 12,
    confidence: 1,
    say: 'It does not do as its siblings.',
    features,
    partition: 0,
    seq: 1,
  }
}

const first = ([pod]: readonly Pod[]): Pod => pod ?? { metadata: {} }

/** All is well with it, but one replica does the work of ten. */
async function runaway(kube: Kube, cluster: string): Promise<Story> {
  const target = await prepare(kube, cluster, { kind: 'Deployment', now: template('1') })
  const pod = first(await podsIn(kube, cluster))
  return { target, anomaly: anomalyOf(target, pod, 'sibling-outlier', { value: 90, siblings: 9, ratio: 10 }) }
}

/** Its pods run and never become ready; it has no rollouts, and no playbook knows why. */
async function hanging(kube: Kube, cluster: string): Promise<Story> {
  await createNamespace(kube, cluster, true)
  const pods = template('1')
  const annotations = { 'simulator.kubewise.io/app': JSON.stringify({ readyAfterSeconds: 86_400 }) }
  const made = await kube.create<ReplicaSet>(RESOURCES.ReplicaSet, {
    metadata: { name: 'web', namespace: cluster },
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: { app: 'web' } },
      template: { ...pods, metadata: { ...pods.metadata, annotations } },
    },
  })
  const running = async () => (await podsIn(kube, cluster)).filter(({ status }) => status?.phase === 'Running')
  await eventually(async () => (await running()).length === REPLICAS, {
    timeoutMs: 90_000,
    everyMs: 500,
    say: `pods in ${cluster} run`,
  })
  const uid = made.metadata?.uid
  const target = { cluster, kind: 'ReplicaSet', namespace: cluster, name: 'web', ...(uid !== undefined && { uid }) }
  return { target, anomaly: anomalyOf(target, first(await running()), 'pod-not-ready', {}) }
}

/** Its pods crash without what they need: a Service that nobody answers for since somebody scaled it to 0. */
async function needy(kube: Kube, cluster: string): Promise<Story> {
  const pods = template('1', { env: [{ name: 'DB_HOST', value: 'db' }] })
  const annotations = { 'simulator.kubewise.io/app': JSON.stringify({ requiresService: 'db' }) }
  const now = { ...pods, metadata: { ...pods.metadata, annotations } }
  const target = await prepare(kube, cluster, { kind: 'Deployment', now, isBroken: true })
  const metadata = { name: 'db', namespace: cluster }
  const labels = { app: 'db' }
  await kube.create<Deployment>(RESOURCES.Deployment, {
    metadata,
    spec: { replicas: 0, selector: { matchLabels: labels }, template: { ...template('1'), metadata: { labels } } },
  })
  await kube.create<Service>(RESOURCES.Service, { metadata, spec: { selector: labels, ports: [{ port: 5432 }] } })
  const pod = first(await podsIn(kube, cluster))
  return {
    target,
    anomaly: anomalyOf(target, pod, 'crash-loop', {}),
    later: anomalyOf(target, pod, 'pod-not-ready', {}),
  }
}

const at = (...labels: string[]) => labels.map((label) => `planner:${label}`)

/** Every way that an incident takes through the planner. */
export const INCIDENTS: readonly IncidentKind[] = [
  {
    name: 'a model is asked',
    make: hanging,
    places: at(
      'llm-claimed',
      'llm-reserved',
      'llm-called',
      'llm-recorded',
      'incident-decided',
      'incident-decided@2',
      'plan-inserted',
      'hint-published',
    ),
    expected: { target: 'web', status: 'open', code: 'unknown', actions: ['evict-pod@1'] },
    questions: 1,
    losesAnswer: at('llm-called', 'incident-decided'),
  },
  {
    name: 'a playbook applies',
    make: runaway,
    places: at('incident-claimed', 'incident-opened', 'plan-inserted', 'incident-decided', 'hint-published'),
    expected: { target: 'web', status: 'open', code: 'runaway-replica', actions: ['evict-pod@1'] },
    questions: 0,
  },
  {
    name: 'it is well again',
    make: runaway,
    endsAfterPlan: true,
    places: at('incident-resolved'),
    expected: { target: 'web', status: 'resolved', code: 'runaway-replica', actions: ['evict-pod@1'] },
    questions: 0,
  },
  {
    name: 'it is the symptom of another',
    make: needy,
    endsAfterPlan: true,
    places: at('root-claimed', 'root-opened', 'symptom-claimed', 'incident-merged', 'symptom-joined', 'symptom-ended'),
    expected: {
      target: 'db',
      status: 'open',
      code: 'scaled-to-zero',
      actions: [],
      symptom: { target: 'web', shows: ['pod-not-ready'] },
    },
    questions: 0,
  },
]
