import {
  planHash,
  type Anomaly,
  type Execution,
  type Incident,
  type Plan,
  type PlanStep,
  type Target,
} from '@kubewise/contracts'
import type { Kube, Pod } from '@kubewise/kube'
import { DEFAULT_LIMITS } from '@kubewise/policy'
import { brokenTemplate, podsIn, prepare, REPLICAS, template, type Setting } from './workload.ts'

/** One plan in a namespace of its own, ready to be carried out. */
export interface Victim {
  plan: Plan
  incident: Incident
  anomalies: Anomaly[]
  /** What was tried before for the same incident. */
  earlier: Execution[]
}

export interface VictimKind {
  name: string
  action: string
  /** How it ends where nothing goes wrong, and with how many writes to the workload and evictions. */
  ends: 'recovered' | 'undone'
  writes: number
  /** Places where the executor passes on its way; `@2` is the second time. */
  places: readonly string[]
  /** @param name of its namespace, and of the cluster as its executors know it */
  make(kube: Kube, name: string): Promise<Victim>
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
/** Those of every write. */
const WRITE = FORWARDS.slice(2)
const BACK = WRITE.map((label) => `undo-${label}`)

interface Case extends Omit<VictimKind, 'make'> {
  setting: Setting
  /** What the step is told; of an eviction, the pod is found when there is one. */
  with: PlanStep['with']
  expect: NonNullable<Plan['expect']>
  /** How often its incident was tried without success before. */
  attemptsBefore?: number
}

/** Which pod is evicted. */
function podOf(target: Target, [pod]: readonly Pod[]) {
  const { name = '', uid = '' } = pod?.metadata ?? {}
  const object = { cluster: target.cluster, kind: 'Pod', namespace: target.namespace, name, uid }
  return { object, with: { pod: name, uid } }
}

function victim({ setting, with: values, expect, attemptsBefore = 0, ...kind }: Case): VictimKind {
  return {
    ...kind,
    async make(kube, namespace) {
      const target = await prepare(kube, namespace, setting)
      const isEviction = kind.action === 'evict-pod@1'
      const step: PlanStep = {
        id: 'only',
        action: kind.action,
        ...(isEviction ? podOf(target, await podsIn(kube, namespace)) : { object: target, with: values }),
        needs: [],
        timeoutSeconds: 60,
        preconditions: [],
        changes: [],
      }
      const nowMs = Date.now()
      const signal = `signal-${namespace}`
      const body = {
        cluster: target.cluster,
        incident: `incident-${namespace}`,
        attempt: attemptsBefore + 1,
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
        anomalies: kind.ends === 'undone' ? [signal] : [],
        createdMs: nowMs,
        notAfterMs: nowMs + 600_000,
        steps: [step],
        expect,
      }
      const plan = { _id: `plan-${namespace}`, version: 1, ...body, hash: planHash(body) }
      return {
        plan,
        incident: incidentOf(plan, nowMs),
        anomalies: plan.anomalies.map((id) => anomalyOf(target, id, nowMs)),
        earlier: Array.from({ length: attemptsBefore }, (_, i) => attemptOf(plan, i + 1, nowMs)),
      }
    },
  }
}

/** One that changed something, did not help, and left nothing to be taken back. */
function attemptOf({ cluster, incident, target, hash }: Plan, attempt: number, nowMs: number): Execution {
  return {
    _id: `attempt-${attempt}-${target.namespace}`,
    version: 1,
    cluster,
    incident,
    target,
    planHash: hash,
    status: 'failed',
    holder: 'earlier',
    holderUntilMs: 0,
    epoch: 0,
    claimedMs: nowMs,
    actedMs: nowMs,
    finishedMs: nowMs,
    steps: [],
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

const available: Plan['expect'] = { withinSeconds: 60, holds: ['workload-available'] }
/** At once: the signal is there and stays. */
const hopeless: Plan['expect'] = { withinSeconds: 1, holds: ['signal-cleared'] }
const V1 = template('1')
const V2 = template('2')
const BROKEN = brokenTemplate('2')
const forwards = { ends: 'recovered' as const, writes: 1, places: [...FORWARDS, ...TO_THE_END], expect: available }
const back = {
  ends: 'undone' as const,
  writes: 2,
  places: [...FORWARDS, ...BACK, 'before-settle', 'after-settle'],
  expect: hopeless,
}

const rollback = {
  action: 'rollback@1',
  setting: { kind: 'Deployment', before: V1, now: V2 },
  with: { toRevision: 1 },
} as const
const deployed = { setting: { kind: 'Deployment', now: V1 } } as const
const raise = { action: 'set-resources@1', ...deployed, with: { container: 'app', memoryLimit: '96Mi' } }
const scale = { action: 'scale@1', ...deployed, with: { replicas: 3 } }

/** Each action forwards, and back where it can be taken back. */
export const VICTIMS: readonly VictimKind[] = [
  victim({ name: 'rollback', ...rollback, ...forwards }),
  victim({ name: 'rollback, taken back', ...rollback, ...back }),
  victim({
    name: 'rollback of a stuck StatefulSet',
    ...rollback,
    ...forwards,
    setting: { kind: 'StatefulSet', before: V1, now: BROKEN, isBroken: true },
    // The second evicts the pod that is in the way.
    writes: 2,
    places: [...FORWARDS, ...WRITE.map((label) => `${label}@2`), ...TO_THE_END],
  }),
  victim({ name: 'raise', ...raise, ...forwards }),
  victim({
    name: 'raise, taken back',
    ...raise,
    ...back,
    // One that is not enough is kept for the next attempt; only the last one's is taken back.
    attemptsBefore: DEFAULT_LIMITS.maxAttemptsPerIncident - 1,
  }),
  victim({
    name: 'eviction',
    action: 'evict-pod@1',
    ...deployed,
    with: {},
    ...forwards,
    expect: { withinSeconds: 60, holds: ['pod-replaced'] },
  }),
  victim({ name: 'restart', action: 'restart@1', ...deployed, with: {}, ...forwards }),
  victim({ name: 'scale', ...scale, ...forwards }),
  victim({ name: 'scale, taken back', ...scale, ...back }),
]

const CRITICAL = new Set(['before-send', 'after-send', 'undo-before-send', 'undo-after-send'])

/** Those around a write, which differ from action to action. */
export const criticalPlacesOf = ({ places }: VictimKind): string[] =>
  places.filter((place) => CRITICAL.has(place.replace('@2', '')))
