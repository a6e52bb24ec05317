import {
  CORDONED_ANNOTATION,
  planHash,
  type Anomaly,
  type Approval,
  type Execution,
  type Incident,
  type Plan,
  type PlanStep,
  type Target,
} from '@kubewise/contracts'
import type { Kube } from '@kubewise/kube'
import { DEFAULT_LIMITS } from '@kubewise/policy'
import {
  autoscaled,
  claimed,
  EARLIER_MARK,
  failedJob,
  finishedPods,
  occupied,
  onNode,
  onPod,
  onWorkload,
  paused,
  type MakeSubject,
  unevictable,
} from './subjects.ts'
import { brokenTemplate, REPLICAS, template } from './workload.ts'

/** One plan in a namespace of its own, ready to be carried out. */
export interface Victim {
  plan: Plan
  incident: Incident
  anomalies: Anomaly[]
  /** What was tried before for the same incident. */
  earlier: Execution[]
  /** A person's yes: what is of high risk waits for it. */
  approval: Approval
}

export interface VictimKind {
  name: string
  action: string
  /** How it ends where nothing goes wrong, and with how many writes to the workload and evictions. */
  ends: 'recovered' | 'undone'
  writes: number
  /** Places where the executor passes on its way; `@2` is the second time. */
  places: readonly string[]
  /** It needs nodes to spare, leaves out what a real cluster does by itself, or takes long there. */
  isForSimulator?: boolean
  /** It takes a minute and more: `npm run test:chaos` has the time. */
  isLong?: boolean
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
/** Those of every write. */
const WRITE = FORWARDS.slice(2)
const SECOND_WRITE = WRITE.map((label) => `${label}@2`)
const BACK = WRITE.map((label) => `undo-${label}`)
/** Between the first new pod and the rest. */
const CANARY = ['canary-watched', 'canary-noted']
const SETTLED = ['before-settle', 'after-settle']
const TO_THE_END = ['after-verified', ...SETTLED]

interface Case extends Omit<VictimKind, 'make'> {
  subject: MakeSubject
  expect: NonNullable<Plan['expect']>
  /** How often its incident was tried without success before. */
  attemptsBefore?: number
}

function victim({ subject, expect, attemptsBefore = 0, ...kind }: Case): VictimKind {
  return {
    ...kind,
    async make(kube, namespace) {
      const { target, object = target, with: values } = await subject(kube, namespace)
      const step: PlanStep = {
        id: 'only',
        action: kind.action,
        object,
        with: values,
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
        approval: approvalOf(plan),
      }
    },
  }
}

const approvalOf = ({ _id, hash, createdMs, notAfterMs }: Plan): Approval => ({
  _id,
  version: 1,
  planHash: hash,
  verdict: 'approved',
  by: 'ada',
  givenMs: createdMs,
  expiresMs: notAfterMs,
})

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
  places: [...FORWARDS, ...BACK, ...SETTLED],
  expect: hopeless,
}

const rollback = {
  action: 'rollback@1',
  subject: onWorkload({ kind: 'Deployment', before: V1, now: V2 }, { toRevision: 1 }),
}
const deployed = (values: PlanStep['with']) => onWorkload({ kind: 'Deployment', now: V1 }, values)
const raise = { action: 'set-resources@1', subject: deployed({ container: 'app', memoryLimit: '96Mi' }) }
const scale = { action: 'scale@1', subject: deployed({ replicas: 3 }) }
const pause = { action: 'pause-rollout@1', subject: deployed({}) }
const resume = { action: 'resume-rollout@1', subject: paused }
const maximum = { action: 'set-autoscaler-maximum@1', subject: autoscaled }
const resize = { action: 'resize-pod@1', subject: onPod({ container: 'app', memoryLimit: '96Mi' }) }
const rerun = { action: 'rerun-job@1', subject: failedJob }
const stands: Plan['expect'] = { withinSeconds: 60, holds: ['change-stands'] }
/** There is no signal, so that it has cleared. */
const nothing: Plan['expect'] = { withinSeconds: 60, holds: ['signal-cleared'] }
const onSpareNode = (action: string, state?: Parameters<typeof onNode>[0]) => ({
  action,
  subject: onNode(state),
  isForSimulator: true,
})
const cordon = onSpareNode('cordon@1')
const uncordon = onSpareNode('uncordon@1', {
  unschedulable: true,
  annotations: { [CORDONED_ANNOTATION]: 'incident-0', ...EARLIER_MARK },
})
const taint = onSpareNode('taint@1')
const untaint = onSpareNode('untaint@1', { isTainted: true })
const drain = { action: 'drain@1', subject: occupied, isForSimulator: true }
/** Held after its first new pod, then let go by a second write. */
const held = {
  ...forwards,
  isForSimulator: true,
  writes: 2,
  places: [...FORWARDS, ...CANARY, ...SECOND_WRITE, ...TO_THE_END],
}
const MANY = 4

/** Each action forwards, and back where it can be taken back. */
export const VICTIMS: readonly VictimKind[] = [
  victim({ name: 'rollback', ...rollback, ...forwards }),
  victim({ name: 'rollback, taken back', ...rollback, ...back }),
  victim({
    name: 'rollback of a stuck StatefulSet',
    action: 'rollback@1',
    ...forwards,
    subject: onWorkload({ kind: 'StatefulSet', before: V1, now: BROKEN, isBroken: true }, { toRevision: 1 }),
    // The second evicts the pod that is in the way.
    writes: 2,
    places: [...FORWARDS, ...SECOND_WRITE, ...TO_THE_END],
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
    subject: onPod(),
    ...forwards,
    expect: { withinSeconds: 60, holds: ['pod-replaced'] },
  }),
  victim({ name: 'restart', action: 'restart@1', subject: deployed({}), ...forwards }),
  victim({ name: 'scale', ...scale, ...forwards }),
  victim({ name: 'scale, taken back', ...scale, ...back }),
  victim({ name: 'higher maximum', ...maximum, ...forwards }),
  victim({ name: 'higher maximum, taken back', ...maximum, ...back }),
  victim({ name: 'pause', ...pause, ...forwards, expect: stands }),
  victim({ name: 'pause, taken back', ...pause, ...back }),
  victim({ name: 'resume', ...resume, ...forwards, expect: stands }),
  victim({ name: 'resume, taken back', ...resume, ...back }),
  victim({ name: 'resize', ...resize, ...forwards }),
  victim({ name: 'resize, taken back', ...resize, ...back }),
  victim({
    name: 'expansion',
    action: 'expand-volume@1',
    subject: claimed,
    isForSimulator: true,
    ...forwards,
    expect: stands,
  }),
  victim({ name: 'deletion', action: 'delete-pod@1', subject: unevictable, ...forwards, expect: nothing }),
  victim({
    name: 'finished pods',
    action: 'delete-finished-pods@1',
    subject: finishedPods,
    ...forwards,
    expect: nothing,
  }),
  victim({ name: 'second run', ...rerun, ...forwards, expect: nothing }),
  // Where a process died around the first request, no late one may find the name free again.
  victim({ name: 'second run, taken back', ...rerun, ...back, isForSimulator: true, isLong: true }),
  victim({ name: 'cordon', ...cordon, ...forwards, expect: stands }),
  victim({ name: 'cordon, taken back', ...cordon, ...back }),
  victim({ name: 'uncordon', ...uncordon, ...forwards, expect: stands }),
  victim({ name: 'uncordon, taken back', ...uncordon, ...back }),
  victim({ name: 'taint', ...taint, ...forwards, expect: stands }),
  victim({ name: 'taint, taken back', ...taint, ...back }),
  victim({ name: 'untaint', ...untaint, ...forwards, expect: stands }),
  victim({ name: 'untaint, taken back', ...untaint, ...back }),
  // The node is cordoned, the pod on it evicted.
  victim({
    name: 'drain',
    ...drain,
    ...forwards,
    writes: 2,
    expect: stands,
    places: [...FORWARDS, ...SECOND_WRITE, ...TO_THE_END],
  }),
  victim({
    name: 'drain, taken back',
    ...drain,
    ...back,
    writes: 3,
    places: [...FORWARDS, ...SECOND_WRITE, ...BACK, ...SETTLED],
  }),
  victim({
    name: 'raise of many pods',
    ...held,
    ...raise,
    subject: onWorkload({ kind: 'Deployment', now: V1, replicas: MANY }, { container: 'app', memoryLimit: '96Mi' }),
  }),
  victim({
    name: 'rollback of many pods',
    isLong: true,
    ...held,
    ...rollback,
    subject: onWorkload({ kind: 'Deployment', before: V1, now: V2, replicas: MANY }, { toRevision: 1 }),
  }),
  victim({
    name: 'restart of many pods in order',
    isLong: true,
    ...held,
    action: 'restart@1',
    subject: onWorkload({ kind: 'StatefulSet', now: V1, replicas: MANY }, {}),
  }),
  victim({
    name: 'rollback of many pods to what cannot run',
    isLong: true,
    ...rollback,
    ...back,
    isForSimulator: true,
    // The plan hopes for what the first new pod already shows not to come.
    expect: available,
    subject: onWorkload({ kind: 'Deployment', before: BROKEN, now: V1, replicas: MANY }, { toRevision: 1 }),
    places: [...FORWARDS, ...CANARY, ...BACK, ...SETTLED],
  }),
]

const CRITICAL = new Set(['before-send', 'after-send', 'undo-before-send', 'undo-after-send'])

/** Those around a write, which differ from action to action. */
export const criticalPlacesOf = ({ places }: VictimKind): string[] =>
  places.filter((place) => CRITICAL.has(place.replace('@2', '')))
