import {
  planHash,
  type Anomaly,
  type Approval,
  type Execution,
  type Incident,
  type Plan,
  type PlanStep,
  type Target,
} from '@kubewise/contracts'
import { actionNamed, DEFAULT_LIMITS } from '@kubewise/policy'

const HOUR = 3_600_000

/** A plan with all that the record has of it. */
export interface Remedy {
  plan: Plan
  incident: Incident
  anomalies: Anomaly[]
  /** What was tried before for the same incident. */
  earlier: Execution[]
  approval?: Approval
}

export interface RemedyOptions {
  /** Names the plan and its incident; no two are the same. */
  name: string
  target: Target & { uid: string }
  action: string
  object?: PlanStep['object']
  with: PlanStep['with']
  expect: NonNullable<Plan['expect']>
  timeoutSeconds?: number
  proposal?: Plan['proposal']
}

/** Nothing ever fulfils it: the signal stays. */
export const HOPELESS: NonNullable<Plan['expect']> = { withinSeconds: 1, holds: ['signal-cleared'] }

/** A plan of one step, as a planner would leave it in the record: approved where its risk asks for a person, in its last attempt. */
export function remedyOf(options: RemedyOptions): Remedy {
  const { name, target, action, object = target, with: values, expect, timeoutSeconds = 60, proposal } = options
  const { risk = 'high' } = actionNamed(action) ?? {}
  const nowMs = Date.now()
  const step: PlanStep = {
    id: 'only',
    action,
    object,
    with: values,
    needs: [],
    timeoutSeconds,
    preconditions: [],
    changes: [],
  }
  // Of a DaemonSet's pods there is one on a node, and it may be the only one.
  const needsPerson = risk === 'high' || target.kind === 'DaemonSet'
  const isHopeless = expect === HOPELESS
  // A raise that was not enough is kept for the next attempt; only the last one takes back.
  const attempts = isHopeless ? DEFAULT_LIMITS.maxAttemptsPerIncident - 1 : 0
  const anomalies = isHopeless ? [anomalyOf(target, `signal-${name}`, nowMs)] : []
  const body = {
    cluster: target.cluster,
    incident: `incident-${name}`,
    attempt: attempts + 1,
    target,
    origin: { kind: 'playbook' as const, name: 'test', hash: 'test' },
    cause: 'tested',
    reasoning: 'It is done to see that it can be.',
    cites: [],
    confidence: { value: 1, parts: {} },
    risk,
    impact: { pods: 1, readyPodsTaken: 0, readyShare: 0, restarts: true },
    fallback: [],
    refusals: [],
    mode: 'auto' as const,
    evidence: 'state' as const,
    metrics: [],
    anomalies: anomalies.map(({ _id }) => _id),
    createdMs: nowMs,
    notAfterMs: nowMs + HOUR,
    steps: [step],
    expect,
    ...(proposal && { proposal }),
  }
  const plan: Plan = { _id: `plan-${name}`, version: 1, ...body, hash: planHash(body) }
  return {
    plan,
    incident: incidentOf(plan, nowMs),
    anomalies,
    earlier: Array.from({ length: attempts }, (_, i) => attemptOf(plan, i + 1, nowMs)),
    ...(needsPerson && { approval: approvalOf(plan, nowMs) }),
  }
}

const approvalOf = ({ _id, hash }: Plan, nowMs: number): Approval => ({
  _id,
  version: 1,
  planHash: hash,
  verdict: 'approved',
  by: 'ada',
  givenMs: nowMs,
  expiresMs: nowMs + HOUR,
})

/** Long open, so that many of them are no storm. */
const incidentOf = ({ cluster, incident, target }: Plan, nowMs: number): Incident => ({
  _id: incident,
  version: 1,
  cluster,
  target,
  status: 'open',
  openedMs: nowMs - HOUR,
  updatedMs: nowMs,
  severity: 'critical',
  say: 'It is ill.',
  signals: [],
  plans: [],
  attempts: 0,
})

/** One that changed something, did not help, and left nothing to be taken back. */
const attemptOf = ({ cluster, incident, target, hash, _id }: Plan, attempt: number, nowMs: number): Execution => ({
  _id: `${_id}-attempt-${attempt}`,
  version: 1,
  cluster,
  incident,
  target,
  planHash: hash,
  status: 'failed',
  holder: 'earlier',
  holderUntilMs: 0,
  epoch: 0,
  claimedMs: nowMs - HOUR,
  actedMs: nowMs - HOUR,
  finishedMs: nowMs - HOUR,
  steps: [],
})

const anomalyOf = (target: Target, _id: string, nowMs: number): Anomaly => ({
  _id,
  version: 1,
  entity: target,
  target,
  rule: { name: 'tested', version: 1 },
  source: 'state',
  startedMs: nowMs - HOUR,
  detectedMs: nowMs - HOUR,
  severity: 'critical',
  score: 12,
  confidence: 1,
  say: 'It does not clear.',
  features: {},
  partition: 0,
  seq: 1,
  status: 'open',
})
