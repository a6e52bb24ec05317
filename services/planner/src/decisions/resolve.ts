import { hashOf, type Decision, type Facts, type Refusal } from '@kubewise/contracts'
import type { Kube } from '@kubewise/kube'
import { strictestMode } from '@kubewise/policy'
import type { Context } from '../context/context.ts'
import type { Choice, Close, Remedy, Wait } from './choice.ts'
import { composePlan, draftSteps, riskOf, type NewPlan } from './compose-plan.ts'
import { confidenceOf } from './confidence.ts'
import { escalation } from './decide.ts'
import { earlyRefusals, lastingRefusals, modeFor, type Ground, type Installation } from './early-refusals.ts'
import { identityOf, type DecisionContent, type Identity } from './identity.ts'
import { firstDrafts, preflight, type Draft, type Preflight } from './preflight.ts'

/** A decision in full: what the incident will remember, and the plan if there is one. */
export type Resolved =
  | { outcome: 'close'; choice: Close }
  | { outcome: 'decided'; decision: Decision; plan?: NewPlan; isNewPlan: boolean; cause?: string }

export interface ResolvePorts {
  kube: Pick<Kube, 'patch' | 'evict'>
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
}

const stepsOf = (drafts: readonly Draft[]) => drafts.map(({ step }) => step)

function draft(context: Context, facts: Facts, remedy: Remedy, ground: Ground, installation: Installation): Drafted {
  const allowed = modeFor(context.incident.target.namespace, riskOf(remedy), installation, ground)
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
  return { steps: drafts, content, refusals, identity }
}

function finish(context: Context, facts: Facts, remedy: Remedy, drafted: Drafted, asked: Preflight): Resolved {
  const { content, refusals, identity } = drafted
  const { id, hash, plan } = identity
  const { outcome, code, say, cause } = remedy
  const confidence = confidenceOf(facts, remedy, context, asked)
  const made = plan ?? composePlan({ ...content, remedy, id, context, facts, refusals, confidence })
  const decision = { atMs: context.nowMs, outcome, code, say, hash, plan: id }
  return { outcome: 'decided', decision, plan: made, isNewPlan: plan === undefined, cause }
}

/** What may not be done leaves no trace in the cluster, not even a dry run, as in mode observe; and what was asked once is not asked again. */
function isToBeAsked(remedy: Remedy, { content, identity }: Drafted): boolean {
  return remedy.outcome === 'plan' && !identity.plan && content.refusals.length === 0
}

/**
 * Makes of a choice what is to be recorded: a plan with all its values, or a wait. A change that the API server would not take
 * becomes a call for a person, in the server's own words.
 */
export async function resolve(
  { kube }: ResolvePorts,
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
  const asked: Preflight = isToBeAsked(choice, drafted)
    ? await preflight(kube, firstDrafts(drafted.steps), signal)
    : { outcome: 'not-asked' }
  if (asked.outcome !== 'refused') return finish(context, facts, choice, drafted, asked)
  const { code, say } = asked.refusal
  const told = escalation(code, choice.cause, say, choice)
  return finish(context, facts, told, draft(context, facts, told, ground, installation), { outcome: 'not-asked' })
}
