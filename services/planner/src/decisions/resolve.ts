import { hashOf, type Decision, type Facts, type Refusal } from '@kubewise/contracts'
import { actingMode, strictestMode, wishesOf } from '@kubewise/policy'
import type { Context } from '../context/context.ts'
import type { Draft } from '../evaluation/check.ts'
import { evaluate, preflightShare, type Evaluated, type EvaluationPorts } from '../evaluation/evaluate.ts'
import { proposalOf } from '../evaluation/proposal.ts'
import type { Choice, Close, Remedy, Wait } from './choice.ts'
import { composePlan, draftSteps, riskOf, type NewPlan } from './compose-plan.ts'
import { confidenceOf } from './confidence.ts'
import { escalation } from './decide.ts'
import { earlyRefusals, lastingRefusals, modeFor, type Ground, type Installation } from './early-refusals.ts'
import { identityOf, type DecisionContent, type Identity } from './identity.ts'

/** A decision in full: what the incident will remember, and the plan if there is one. */
export type Resolved =
  | { outcome: 'close'; choice: Close }
  | { outcome: 'decided'; decision: Decision; plan?: NewPlan; isNewPlan: boolean; cause?: string }

export interface ResolvePorts {
  evaluation: EvaluationPorts
}

function waiting({ code, say }: Wait, atMs: number): Resolved {
  const decision = { atMs, outcome: 'wait' as const, code, say, hash: hashOf({ outcome: 'wait', code }) }
  return { outcome: 'decided', decision, isNewPlan: false }
}

interface Drafted {
  steps: Draft[]
  content: DecisionContent
  refusals: Refusal[]
  identity: Identity
  /** Under its id, with the guards' refusals; its confidence is not computed yet. */
  plan: NewPlan
}

const stepsOf = (drafts: readonly Draft[]) => drafts.map(({ step }) => step)

function draft(context: Context, facts: Facts, remedy: Remedy, ground: Ground, installation: Installation): Drafted {
  const wishes = wishesOf([context.target, context.namespace], context.nowMs)
  const granted = modeFor(context.incident.target.namespace, riskOf(remedy), installation, ground)
  const allowed = actingMode('auto', granted, wishes)
  // A model's choice is bounded by rules, but nobody has reviewed it before.
  const isForAPerson = remedy.demotion !== undefined || (remedy.llm !== undefined && installation.mayModelAct !== true)
  const mode = isForAPerson ? strictestMode(allowed, 'approve') : allowed
  const drafts = draftSteps(context, facts, remedy.steps)
  const body = { remedy, steps: stepsOf(drafts), fallback: stepsOf(draftSteps(context, facts, remedy.fallback)), mode }
  const none = { value: 0, parts: {} }
  const plan = composePlan({ ...body, id: 'draft', context, facts, confidence: none, refusals: [] })
  const refusals = remedy.outcome === 'plan' ? earlyRefusals(context, facts, plan, ground, installation) : []
  const content = { ...body, refusals: lastingRefusals(refusals) }
  const identity = identityOf(context.incident._id, facts.attempts.count + 1, content, context)
  return { steps: drafts, content, refusals, identity, plan: { ...plan, _id: identity.id, refusals } }
}

function finish(context: Context, facts: Facts, remedy: Remedy, drafted: Drafted, evaluated: Evaluated): Resolved {
  const { content, refusals, identity } = drafted
  const { id, hash, plan } = identity
  const { outcome, code, say, cause } = remedy
  const confidence = confidenceOf(facts, remedy, context, preflightShare(evaluated.checks))
  const made = plan ?? composePlan({ ...content, remedy, id, context, facts, refusals, confidence, evaluated })
  const decision = { atMs: context.nowMs, outcome, code, say, hash, plan: id }
  return { outcome: 'decided', decision, plan: made, isNewPlan: plan === undefined, cause }
}

/** What was asked of a plan once is not asked again. */
const isToBeEvaluated = (remedy: Remedy, { identity }: Drafted) => remedy.outcome === 'plan' && !identity.plan

/** Told, not acted upon: where another owns the target, with the patch that would do it. */
function tell(context: Context, facts: Facts, remedy: Remedy, drafted: Drafted): Resolved {
  const wish = remedy.wish && proposalOf(context, facts, draftSteps(context, facts, remedy.wish))
  return finish(context, facts, remedy, drafted, { checks: [], ...(wish && { proposal: wish }) })
}

/**
 * Makes of a choice what is to be recorded: a plan with all its values, or a wait. A plan that a check refuses becomes a call
 * for a person, with all that was found.
 */
export async function resolve(
  ports: ResolvePorts,
  context: Context,
  facts: Facts,
  choice: Choice,
  ground: Ground,
  installation: Installation,
  signal: AbortSignal,
): Promise<Resolved> {
  if (choice.outcome === 'close') return { outcome: 'close', choice }
  if (choice.outcome === 'wait') return waiting(choice, context.nowMs)
  const drafted = draft(context, facts, choice, ground, installation)
  if (!isToBeEvaluated(choice, drafted)) return tell(context, facts, choice, drafted)
  // What may not be done leaves no trace in the cluster, not even a dry run, as in mode observe.
  const mayAsk = drafted.content.refusals.length === 0
  const question = { context, facts, plan: drafted.plan, drafts: drafted.steps, mayAsk }
  const evaluated = await evaluate(ports.evaluation, question, signal)
  if (!evaluated.refusal) return finish(context, facts, choice, drafted, evaluated)
  const { code, say } = evaluated.refusal
  const told = escalation(code, choice.cause, say, choice)
  return finish(context, facts, told, draft(context, facts, told, ground, installation), evaluated)
}
