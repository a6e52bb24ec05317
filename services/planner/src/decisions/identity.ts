import {
  hashOf,
  planId,
  SETTLED,
  type Execution,
  type Mode,
  type Plan,
  type PlanStep,
  type Refusal,
} from '@kubewise/contracts'
import type { Remedy } from './choice.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** What makes two decisions the same one: what is to be done, on what, by whom, and what stands in the way for good. */
export interface DecisionContent {
  remedy: Pick<Remedy, 'outcome' | 'code' | 'cause' | 'origin'>
  steps: readonly PlanStep[]
  fallback: readonly PlanStep[]
  mode: Mode
  /** Refusals that end a plan; those that pass by themselves leave it as it is. */
  refusals: readonly Refusal[]
}

const decisionHash = ({ remedy, steps, fallback, mode, refusals }: DecisionContent, generation: number): string => {
  const { outcome, code, cause, origin } = remedy
  return hashOf({
    outcome,
    code,
    cause,
    origin,
    steps,
    fallback,
    mode,
    refusals: refusals.map((refusal) => refusal.code).sort(),
    generation,
  })
}

/** How long a plan that was refused rests before the same is planned again. */
const FIRST_REST_MS = 15 * SECOND
const LONGEST_REST_MS = 5 * MINUTE
/** A decision that was refused this often is left to a person. */
const MAX_GENERATIONS = 20

interface Made {
  plans: readonly Plan[]
  executions: readonly Execution[]
  nowMs: number
}

/** A person said no: the same is not asked again. */
const FINAL_REFUSALS: ReadonlySet<string> = new Set(['approval-rejected'])

/** A plan that somebody might carry out. */
const isActive = ({ steps, refusals }: DecisionContent) => steps.length > 0 && refusals.length === 0

/** A newer plan of the same incident stands before it, so that the executor would not take it any more. */
const isSuperseded = (plan: Plan, { plans }: Made) => plans.some(({ createdMs }) => createdMs > plan.createdMs)

/** Did a plan come to nothing, for a reason that was not known when it was made? Then the same may be planned once more. */
function isSpent(plan: Plan, generation: number, { executions, nowMs }: Made): boolean {
  const execution = executions.find(({ _id }) => _id === plan._id)
  if (!execution) return nowMs >= plan.notAfterMs
  if (!SETTLED.includes(execution.status) || execution.actedMs !== undefined) return false
  if (execution.status !== 'refused' || FINAL_REFUSALS.has(execution.refusal?.code ?? '')) return false
  const restMs = Math.min(FIRST_REST_MS * 2 ** generation, LONGEST_REST_MS)
  return nowMs - (execution.finishedMs ?? execution.claimedMs) >= restMs
}

export interface Identity {
  id: string
  hash: string
  /** The plan, where this decision was made before and still stands. */
  plan: Plan | undefined
}

/**
 * The id of the plan for a decision. The same decision has the same id, so that it is planned once whoever decides it how
 * often; only one that was refused for a passing reason, or ran out of time, is planned anew under the next id.
 */
export function identityOf(incident: string, attempt: number, content: DecisionContent, made: Made): Identity {
  const at = (generation: number): Identity => {
    const hash = decisionHash(content, generation)
    const id = planId(incident, attempt, hash)
    return { id, hash, plan: made.plans.find(({ _id }) => _id === id) }
  }
  let generation = 0
  let identity = at(generation)
  const mayFollow = ({ plan }: Identity) =>
    plan !== undefined && (isSuperseded(plan, made) || (isActive(content) && isSpent(plan, generation, made)))
  while (mayFollow(identity) && generation < MAX_GENERATIONS) identity = at(++generation)
  return identity
}
