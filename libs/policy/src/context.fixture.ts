import { planHash, type Approval, type Plan, type PlanStep, type TargetRecord } from '@kubewise/contracts'
import { known, type GuardContext, type TargetObject } from './guard.ts'
import { DEFAULT_LIMITS } from './limits.ts'

export const NOW = Date.UTC(2026, 0, 5, 12)
export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

const WEB = { cluster: 'prod', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'uid-web' }

export function step(overrides: Partial<PlanStep> = {}): PlanStep {
  return {
    id: 'rollback',
    action: 'rollback@1',
    object: WEB,
    with: { toRevision: 6 },
    needs: [],
    timeoutSeconds: 60,
    preconditions: [],
    changes: [],
    ...overrides,
  }
}

/** A plan that every guard lets pass, with a hash that is its own. */
export function plan(overrides: Partial<Plan> = {}): Plan {
  const {
    _id,
    version,
    hash: _hash,
    ...body
  }: Plan = {
    _id: 'plan-1',
    version: 1,
    cluster: 'prod',
    incident: 'incident-1',
    attempt: 1,
    target: WEB,
    origin: { kind: 'playbook', name: 'rollback-broken-rollout', hash: 'abc' },
    cause: 'bad-rollout',
    reasoning: 'The new pods cannot run.',
    cites: [],
    confidence: { value: 0.9, parts: {} },
    risk: 'medium',
    impact: { pods: 1, readyPodsTaken: 0, readyShare: 0, restarts: true },
    steps: [step()],
    expect: { withinSeconds: 180, holds: ['workload-available'] },
    fallback: [],
    refusals: [],
    mode: 'auto',
    evidence: 'state',
    metrics: [],
    anomalies: ['anomaly-1'],
    createdMs: NOW - SECOND,
    notAfterMs: NOW + 10 * MINUTE,
    hash: '',
    ...overrides,
  }
  return { _id, version, ...body, hash: overrides.hash ?? planHash(body) }
}

export function object(overrides: Partial<TargetObject> = {}): TargetObject {
  return {
    uid: 'uid-web',
    isManaged: true,
    isPaused: false,
    isDeleting: false,
    ownedBy: '',
    hasAutoscaler: false,
    isBarePod: false,
    wanted: 4,
    ready: 3,
    readyPodsTaken: 0,
    budgets: [],
    ...overrides,
  }
}

export function record(overrides: Partial<TargetRecord> = {}): TargetRecord {
  return {
    _id: 'prod/shop/Deployment/web',
    version: 1,
    target: WEB,
    epoch: 1,
    coolingUntilMs: 0,
    failures: 0,
    actedMs: [],
    originals: {},
    ...overrides,
  }
}

export function approvalOf(plan: Plan, overrides: Partial<Approval> = {}): Approval {
  return {
    _id: plan._id,
    version: 1,
    planHash: plan.hash,
    verdict: 'approved',
    by: 'ada',
    givenMs: NOW - MINUTE,
    expiresMs: NOW + MINUTE,
    ...overrides,
  }
}

/** The best of all worlds: nothing stands against the plan. */
export function context(overrides: Partial<GuardContext> = {}): GuardContext {
  return {
    at: 'execution',
    nowMs: NOW,
    plan: plan(),
    limits: DEFAULT_LIMITS,
    mode: known('auto'),
    protectedNamespaces: known(['kube-system']),
    kill: ['bus', 'record', 'file', 'audit'].map((channel) => ({ channel, state: known(undefined) })),
    approval: known(undefined),
    target: known(undefined),
    running: known([]),
    acted: known({ inCluster: 0, inNamespace: 0 }),
    attempts: known(0),
    object: known(object()),
    windows: known([]),
    storm: known({ targets: 50, illTargets: 1, nodes: 5, illNodes: 0 }),
    freshness: known({
      writtenMs: NOW,
      clockSkewMs: known(0),
      metrics: [],
      watches: [{ resource: 'pods', confirmedMs: NOW - SECOND }],
    }),
    incident: known({ isOpen: true, newestPlan: 'plan-1' }),
    ...overrides,
  }
}
