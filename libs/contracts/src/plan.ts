import { Type, type Static } from 'typebox'
import { ActionName, Parameters, RISKS, StepId } from './action.ts'
import { decoderOf } from './decode.ts'
import { Entity, type Target } from './entity.ts'
import { hashOf, idOf } from './ids.ts'
import { Expectation } from './playbook.ts'
import { Refusal } from './refusal.ts'
import { Count, Ms, oneOf, optional, Share, stored, strict, Text } from './schema.ts'

export const MODES = ['observe', 'approve', 'auto'] as const
/** What KubeWise may do by itself: only say, act when a person agrees, act. */
export type Mode = (typeof MODES)[number]

/** Must hold when the step is carried out: a field's value, or the hash of it. */
export const Precondition = strict({
  field: Text,
  is: optional(Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  hash: optional(Text),
})
export type Precondition = Static<typeof Precondition>

/** One field that a step will change; what it was and will be, in full where that is short and no secret, else as hash. */
export const FieldChange = strict({
  path: Text,
  before: Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
  after: Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
})
export type FieldChange = Static<typeof FieldChange>

export const PlanStep = strict({
  id: StepId,
  action: ActionName,
  /** The object it acts on: the incident's target, or one of its pods. */
  object: Entity,
  with: Parameters,
  needs: Type.Array(StepId),
  timeoutSeconds: Type.Number({ exclusiveMinimum: 0 }),
  preconditions: Type.Array(Precondition),
  changes: Type.Array(FieldChange),
})
export type PlanStep = Static<typeof PlanStep>

/** What the plan is born of: decides how its freshness is judged. */
export const EvidenceKind = oneOf(['state', 'metric', 'event'])

/** One question that was asked of a plan before it was offered: may it, can it, what would it cost. */
export const PlanCheck = strict({
  /** schema, policy, permission, dry-run, quota, admission, image, scheduling, volumes, availability, timing, ownership. */
  name: Text,
  verdict: oneOf(['passed', 'refused', 'unknown']),
  code: optional(Text),
  say: Text,
})
export type PlanCheck = Static<typeof PlanCheck>

/** A change that KubeWise leaves to a person, such as one that GitOps would revert: a patch that can be committed as it is. */
export const Proposal = strict({
  /** The object that it changes. */
  object: Entity,
  /** A strategic merge patch in YAML. Holds no value that is a secret. */
  patch: Text,
  say: Text,
})
export type Proposal = Static<typeof Proposal>

/** What is to be done about an incident, all values resolved. Immutable. No steps: the right thing is to do nothing, for the reason given. */
export const Plan = strict({
  ...stored,
  cluster: Text,
  incident: Text,
  attempt: Count,
  target: Entity,
  origin: Type.Union([
    strict({ kind: Type.Literal('playbook'), name: Text, hash: Text }),
    strict({ kind: Type.Literal('llm'), model: Text, prompt: Text }),
  ]),
  cause: Text,
  reasoning: Text,
  /** Ids of the facts it rests on, `fact:rollout.current`. */
  cites: Type.Array(Text),
  confidence: strict({ value: Share, parts: Type.Record(Type.String(), Share) }),
  risk: oneOf(RISKS),
  impact: strict({ pods: Count, readyPodsTaken: Count, readyShare: Share, restarts: Type.Boolean() }),
  steps: Type.Array(PlanStep),
  expect: optional(Expectation),
  fallback: Type.Array(PlanStep),
  /** Why it may not be carried out, as seen when it was made; the executor decides anew. */
  refusals: Type.Array(Refusal),
  /** What was asked of it when it was made; the executor asks anew. */
  checks: optional(Type.Array(PlanCheck)),
  proposal: optional(Proposal),
  mode: oneOf(MODES),
  evidence: EvidenceKind,
  /** Metrics it was born of, whose freshness counts. */
  metrics: Type.Array(Text),
  /** Anomalies that must clear for the incident to be over. */
  anomalies: Type.Array(Text),
  /** Who asked for it; absent where nobody did. They cannot be the one who approves. */
  requestedBy: optional(Text),
  createdMs: Ms,
  /** Not to be carried out after this. */
  notAfterMs: Ms,
  hash: Text,
})
export type Plan = Static<typeof Plan>
export const decodePlan = decoderOf(Plan)

/** A plan is known by its incident, the attempt, and what is decided: the same decision is the same plan. */
export function planId(incident: string, attempt: number, decisionHash: string): string {
  return idOf('plan', incident, attempt, decisionHash)
}

/** The hash that an approval binds to: everything a person approves, nothing that the store adds. */
export function planHash(plan: Omit<Plan, 'hash' | '_id' | 'version'>): string {
  const { createdMs: _created, refusals: _refusals, checks: _checks, ...approved } = plan
  return hashOf(approved)
}

/** A hint to look at a plan in the record; losing or repeating one is harmless. */
export const PlanHint = strict({ kind: Type.Literal('plan-hint'), plan: Text, target: Entity })
export type PlanHint = Static<typeof PlanHint>
export const decodePlanHint = decoderOf(PlanHint)

export const hintOf = (plan: { _id: string; target: Target }): PlanHint => ({
  kind: 'plan-hint',
  plan: plan._id,
  target: plan.target,
})
