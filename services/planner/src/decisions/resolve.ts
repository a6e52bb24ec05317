import { hashOf, type Decision, type Facts, type Mode, type Refusal } from '@kubewise/contracts'
import type { Kube } from '@kubewise/kube'
import type { Context } from '../context/context.ts'
import type { Choice, Close, Remedy, Wait } from './choice.ts'
import { composePlan, draftSteps, type NewPlan } from './compose-plan.ts'
import { confidenceOf } from './confidence.ts'
import { escalation } from './decide.ts'
import { earlyRefusals, lastingRefusals, modeFor, type Ground, type Installation } from './early-refusals.ts'
import { identityOf } from './identity.ts'
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

/** Whether the cluster may be asked about a change at all: where KubeWise only observes, not even a dry run leaves it. */
const mayAsk = (mode: Mode, refusals: readonly Refusal[]) => mode !== 'observe' && refusals.length === 0

interface Drafted {
  steps: Draft[]
  fallback: Draft[]
  plan: NewPlan
  refusals: Refusal[]
  mode: Mode
}

function draft(context: Context, facts: Facts, remedy: Remedy, ground: Ground, installation: Installation): Drafted {
  const mode = modeFor(context.incident.target.namespace, installation, ground)
  const steps = draftSteps(context, facts, remedy.steps)
  const fallback = draftSteps(context, facts, remedy.fallback)
  const plan = composePlan({
    id: 'draft',
    context,
    facts,
    remedy,
    steps: steps.map(({ step }) => step),
    fallback: fallback.map(({ step }) => step),
    confidence: { value: 0, parts: {} },
    refusals: [],
    mode,
  })
  const refusals = remedy.outcome === 'plan' ? earlyRefusals(context, facts, plan, ground, installation) : []
  return { steps, fallback, plan, refusals, mode }
}

function finish(context: Context, facts: Facts, remedy: Remedy, drafted: Drafted, asked: Preflight): Resolved {
  const { steps, fallback, refusals, mode } = drafted
  const content = {
    remedy,
    steps: steps.map(({ step }) => step),
    fallback: fallback.map(({ step }) => step),
    mode,
    refusals: lastingRefusals(refusals),
  }
  const { id, hash, plan } = identityOf(context.incident._id, facts.attempts.count + 1, content, context)
  const decision = {
    atMs: context.nowMs,
    outcome: remedy.outcome,
    code: remedy.code,
    say: remedy.say,
    hash,
    plan: id,
  }
  const confidence = confidenceOf(facts, remedy.steps, context.history, asked)
  const made =
    plan ?? composePlan({ ...content, id, context, facts, refusals: [...refusals, ...remedy.refused], confidence })
  return { outcome: 'decided', decision, plan: made, isNewPlan: plan === undefined, cause: remedy.cause }
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
  const isAsked = choice.outcome === 'plan' && mayAsk(drafted.mode, lastingRefusals(drafted.refusals))
  const asked: Preflight = isAsked
    ? await preflight(kube, firstDrafts(drafted.steps), signal)
    : { outcome: 'not-asked' }
  if (asked.outcome !== 'refused') return finish(context, facts, choice, drafted, asked)
  const { code, say } = asked.refusal
  const told = escalation(code, choice.cause, say, choice)
  return finish(context, facts, told, draft(context, facts, told, ground, installation), { outcome: 'not-asked' })
}
