import { planHash, type Anomaly, type Incident, type Plan, type PlanStep, type Target } from '@kubewise/contracts'
import {
  RESOURCES,
  type Deployment,
  type KubernetesObject,
  type Pod,
  type PodTemplate,
  type StatefulSet,
} from '@kubewise/kube'
import type { Simulator } from '@kubewise/simulator'
import { eventually } from '@kubewise/testkit'

/** One plan in a namespace of its own, ready to be carried out. */
export interface Victim {
  plan: Plan
  incident: Incident
  anomalies: Anomaly[]
}

export interface VictimKind {
  name: string
  /** How it ends where nothing goes wrong, and with how many writes to the workload and evictions. */
  ends: 'recovered' | 'undone'
  writes: number
  /** Places where the executor passes on its way, as often as it does. */
  places: readonly string[]
  make(simulator: Simulator, cluster: string, namespace: string): Promise<Victim>
}

const FORWARDS = [
  'after-claim',
  'after-lock',
  'before-intent',
  'after-intent-audit',
  'after-intent',
  'before-send',
  'after-send',
  'after-observed',
]
const TO_THE_END = ['after-verified', 'before-settle', 'after-settle']
const BACK = FORWARDS.slice(2).map((label) => `undo-${label}`)

const template = (image: string, command: string[] = ['sleep', 'infinity'], memory = '64Mi'): PodTemplate => ({
  metadata: { labels: { app: 'web' } },
  spec: {
    containers: [{ name: 'app', image, command, resources: { limits: { memory }, requests: { memory: '32Mi' } } }],
  },
})

type Kind = 'Deployment' | 'StatefulSet'

const workload = (kind: Kind, namespace: string, replicas: number, pods: PodTemplate): Deployment | StatefulSet => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'web', namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: pods,
    ...(kind === 'StatefulSet' && { serviceName: 'web' }),
  },
})

const read = <T extends KubernetesObject>({ objects }: Simulator, kind: Kind, namespace: string) =>
  objects.get<T & (Deployment | StatefulSet)>(RESOURCES[kind], namespace, 'web')

async function allReady(simulator: Simulator, kind: Kind, namespace: string, wanted: number): Promise<void> {
  const isReady = () => {
    const { metadata, status } = read(simulator, kind, namespace) ?? {}
    return (
      status?.observedGeneration === metadata?.generation &&
      status?.readyReplicas === wanted &&
      status?.replicas === wanted
    )
  }
  await eventually(isReady, { timeoutMs: 60_000, everyMs: 200, say: `the ${kind} in ${namespace} is ready` })
}

interface Setting {
  kind: Kind
  before?: PodTemplate
  now: PodTemplate
  /** The present template cannot run: only the controller's having seen it is waited for. */
  isBroken?: boolean
}

const REPLICAS = 2

/** Brings a workload into being, one revision after the other. */
async function prepare(
  simulator: Simulator,
  namespace: string,
  { kind, before, now, isBroken }: Setting,
): Promise<Target & { uid: string }> {
  simulator.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'kubewise.io/managed': 'true' } } },
  ])
  if (before) {
    simulator.apply([workload(kind, namespace, REPLICAS, before)])
    await allReady(simulator, kind, namespace, REPLICAS)
  }
  simulator.apply([workload(kind, namespace, REPLICAS, now)])
  if (!isBroken) await allReady(simulator, kind, namespace, REPLICAS)
  else
    await eventually(() => brokenPods(simulator, namespace).length > 0, {
      timeoutMs: 60_000,
      say: `pods in ${namespace} crash`,
    })
  return { cluster: '', kind, namespace, name: 'web', uid: read(simulator, kind, namespace)?.metadata?.uid ?? '' }
}

const brokenPods = ({ objects }: Simulator, namespace: string) =>
  objects
    .list<Pod>(RESOURCES.Pod, namespace)
    .filter(({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0)

type Make = (target: Target, simulator: Simulator) => Pick<Plan, 'steps' | 'expect'>

function victim(
  name: string,
  facts: Pick<VictimKind, 'ends' | 'writes' | 'places'>,
  setting: Setting,
  make: Make,
): VictimKind {
  return {
    name,
    ...facts,
    async make(simulator, cluster, namespace) {
      const target = { ...(await prepare(simulator, namespace, setting)), cluster }
      const nowMs = Date.now()
      const signal = `signal-${namespace}`
      const body = {
        cluster,
        incident: `incident-${namespace}`,
        attempt: 1,
        target,
        origin: { kind: 'playbook' as const, name: 'chaos', hash: 'chaos' },
        cause: 'chaos',
        reasoning: 'It is done to see whether it is done once.',
        cites: [],
        confidence: { value: 1, parts: {} },
        risk: 'medium' as const,
        impact: { pods: REPLICAS, readyPodsTaken: 0, readyShare: 0, restarts: true },
        fallback: [],
        refusals: [],
        mode: 'auto' as const,
        evidence: 'state' as const,
        metrics: [],
        anomalies: facts.ends === 'undone' ? [signal] : [],
        createdMs: nowMs,
        notAfterMs: nowMs + 600_000,
        ...make(target, simulator),
      }
      const plan = { _id: `plan-${namespace}`, version: 1, ...body, hash: planHash(body) }
      return {
        plan,
        incident: incidentOf(plan, nowMs),
        anomalies: plan.anomalies.map((id) => anomalyOf(target, id, nowMs)),
      }
    },
  }
}

function incidentOf(plan: Plan, nowMs: number): Incident {
  const { cluster, incident, target } = plan
  return {
    _id: incident,
    version: 1,
    cluster,
    target,
    status: 'open',
    openedMs: nowMs,
    updatedMs: nowMs,
    severity: 'critical',
    say: 'It is ill.',
    signals: [],
    plans: [],
    attempts: 0,
  }
}

/** A signal that never clears, so that no remedy ever helps. */
function anomalyOf(target: Target, _id: string, nowMs: number): Anomaly {
  return {
    _id,
    version: 1,
    entity: target,
    target,
    rule: { name: 'chaos', version: 1 },
    source: 'state',
    startedMs: nowMs,
    detectedMs: nowMs,
    severity: 'critical',
    score: 12,
    confidence: 1,
    say: 'It does not clear.',
    features: {},
    partition: 0,
    seq: 1,
    status: 'open',
  }
}

const step = (target: Target, action: string, values: PlanStep['with'], object: Target = target): PlanStep => ({
  id: 'only',
  action,
  object,
  with: values,
  needs: [],
  timeoutSeconds: 60,
  preconditions: [],
  changes: [],
})

const available: Plan['expect'] = { withinSeconds: 60, holds: ['workload-available'] }
/** At once: the signal is there and stays. */
const hopeless: Plan['expect'] = { withinSeconds: 1, holds: ['signal-cleared'] }
const V1 = template('registry.local/web:1')
const V2 = template('registry.local/web:2')
const forwards = { ends: 'recovered' as const, writes: 1, places: [...FORWARDS, ...TO_THE_END] }
const back = { ends: 'undone' as const, writes: 2, places: [...FORWARDS, ...BACK, 'before-settle', 'after-settle'] }

/** Each action forwards, and back where it can be taken back. */
export const VICTIMS: readonly VictimKind[] = [
  victim('rollback', forwards, { kind: 'Deployment', before: V1, now: V2 }, (target) => ({
    steps: [step(target, 'rollback@1', { toRevision: 1 })],
    expect: available,
  })),
  victim('rollback, taken back', back, { kind: 'Deployment', before: V1, now: V2 }, (target) => ({
    steps: [step(target, 'rollback@1', { toRevision: 1 })],
    expect: hopeless,
  })),
  victim(
    'rollback of a stuck StatefulSet',
    { ...forwards, writes: 2 },
    { kind: 'StatefulSet', before: V1, now: template('registry.local/web:2', ['false']), isBroken: true },
    (target) => ({ steps: [step(target, 'rollback@1', { toRevision: 1 })], expect: available }),
  ),
  victim('raise', forwards, { kind: 'Deployment', now: V1 }, (target) => ({
    steps: [step(target, 'set-resources@1', { container: 'app', memoryLimit: '96Mi' })],
    expect: available,
  })),
  victim('eviction', forwards, { kind: 'Deployment', now: V1 }, (target, { objects }) => {
    const { name = '', uid = '' } = objects.list<Pod>(RESOURCES.Pod, target.namespace)[0]?.metadata ?? {}
    const pod = { cluster: target.cluster, kind: 'Pod', namespace: target.namespace, name, uid }
    return {
      steps: [step(target, 'evict-pod@1', { pod: name, uid }, pod)],
      expect: { withinSeconds: 60, holds: ['pod-replaced'] },
    }
  }),
  victim('restart', forwards, { kind: 'Deployment', now: V1 }, (target) => ({
    steps: [step(target, 'restart@1', {})],
    expect: available,
  })),
  victim('scale, taken back', back, { kind: 'Deployment', now: V1 }, (target) => ({
    steps: [step(target, 'scale@1', { replicas: 3 })],
    expect: hopeless,
  })),
]
