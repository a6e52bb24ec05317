import { hashOf, planHash, planId, titleOf, type Decision, type Incident } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import type { NewPlan } from './compose-plan.ts'

const MINUTE = 60_000
/** A person is told when an incident could not be looked at for so long. */
const LONGEST_UNREAD_MS = 5 * MINUTE
const VALID_MS = 10 * MINUTE
const CODE = 'context-incomplete'

/** Nothing is decided on a part of the context. */
export function unreadWait(why: string, atMs: number): Decision {
  const say = `The context cannot be read in full: ${why}`
  return { atMs, outcome: 'wait', code: CODE, say, hash: hashOf({ outcome: 'wait', code: CODE }) }
}

/** Was the same said of it so long that it is a person's turn? Once told, it stays so until it can be read again. */
export const isUnreadForLong = ({ decision }: Pick<Incident, 'decision'>, nowMs: number): boolean =>
  decision?.code === CODE && (decision.outcome === 'escalate' || nowMs - decision.atMs >= LONGEST_UNREAD_MS)

/** The call for a person about what cannot be looked at: by the incident alone, since nothing else is known. The same each time. */
export function unreadCall(incident: Incident, wait: Decision): { decision: Decision; plan: NewPlan } {
  const { target, cluster, attempts, signals } = incident
  const hash = hashOf({ outcome: 'escalate', code: CODE })
  const say = `${titleOf(target)} is ill, and has not been looked at for ${LONGEST_UNREAD_MS / MINUTE} minutes. ${wait.say}`
  const step = {
    id: 'tell',
    action: actionNamed('escalate@1')?.name ?? 'escalate@1',
    object: target,
    with: {},
    needs: [],
    timeoutSeconds: 60,
    preconditions: [],
    changes: [],
  }
  const body = {
    cluster,
    incident: incident._id,
    attempt: attempts + 1,
    target,
    origin: { kind: 'playbook' as const, name: 'planner', hash },
    cause: 'unknown',
    reasoning: say,
    cites: [],
    confidence: { value: 0, parts: {} },
    risk: 'low' as const,
    impact: { pods: 0, readyPodsTaken: 0, readyShare: 0, restarts: false },
    steps: [step],
    fallback: [],
    refusals: [],
    mode: 'auto' as const,
    evidence: 'state' as const,
    metrics: [],
    anomalies: signals.filter(({ resolvedMs }) => resolvedMs === undefined).map(({ anomaly }) => anomaly),
    createdMs: wait.atMs,
    notAfterMs: wait.atMs + VALID_MS,
  }
  const plan = { _id: planId(incident._id, body.attempt, hash), ...body, hash: planHash(body) }
  return { decision: { atMs: wait.atMs, outcome: 'escalate', code: CODE, say, hash, plan: plan._id }, plan }
}
