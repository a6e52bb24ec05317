import type { Entity, Facts, Parameters, Refusal } from '@kubewise/contracts'
import { actionNamed, harmOf, type ActionSpec } from '@kubewise/policy'
import type { Context } from '../context/context.ts'
import type { Remedy } from '../decisions/choice.ts'
import { composePlan, draftSteps, riskOf } from '../decisions/compose-plan.ts'
import { earlyRefusals, modeFor, type Ground, type Installation } from '../decisions/early-refusals.ts'
import type { ResolvedStep } from '../playbooks/ask.ts'
import { offersOf, type Bound, type Offer } from './offers.ts'

export type { Bound } from './offers.ts'

/** An action that may be chosen for one incident; whoever chooses names its id, and numbers within the bounds. */
export interface Candidate {
  /** `c1`, `c2` …, in a fixed order: the same facts give the same ids. */
  id: string
  action: ActionSpec
  object: Pick<Entity, 'kind' | 'namespace' | 'name'>
  /** Parameters that are settled. */
  with: Parameters
  /** Parameters that are left to choose, by name. */
  bounds: Readonly<Record<string, Bound>>
  say: string
}

const TIMEOUT_SECONDS = 120

/** The step of a candidate with its numbers chosen. */
export function stepOf({ id, action, with: settled }: Candidate, chosen: Parameters): ResolvedStep {
  return { id, action, with: { ...settled, ...chosen }, needs: [], timeoutSeconds: TIMEOUT_SECONDS }
}

function remedyOf(step: ResolvedStep): Remedy {
  const origin = { name: 'candidate', hash: '' }
  const none = { fallback: [], cites: [], refused: [] }
  return { outcome: 'plan', code: 'candidate', say: '', cause: 'unknown', origin, steps: [step], ...none }
}

/** Observing is no reason not to think: what would have been done is recorded. */
const isInTheWay = ({ code }: Refusal) => code !== 'mode-observe'

export interface Situation {
  context: Context
  facts: Facts
  ground: Ground
  installation: Installation
}

function guardRefusals({ context, facts, ground, installation }: Situation, step: ResolvedStep): Refusal[] {
  const remedy = remedyOf(step)
  const steps = draftSteps(context, facts, remedy.steps).map(({ step: drafted }) => drafted)
  const mode = modeFor(context.incident.target.namespace, riskOf(remedy), installation, ground)
  const none = { fallback: [], confidence: { value: 0, parts: {} }, refusals: [] }
  const plan = composePlan({ id: 'candidate', context, facts, remedy, steps, mode, ...none })
  return earlyRefusals(context, facts, plan, ground, installation)
}

/** Both ends of every bound: what is harmless there is so between. */
function endsOf({ bounds }: Offer): Parameters[] {
  const names = Object.keys(bounds)
  const at = (end: keyof Bound) => Object.fromEntries(names.map((name) => [name, bounds[name]?.[end] ?? 0]))
  return names.length === 0 ? [{}] : [at('min'), at('max')]
}

function isFitting({ action, with: values }: ResolvedStep, facts: Facts): boolean {
  if (!action.decode(values).ok) return false
  const isOfKind = action.kinds.includes('Pod') || action.kinds.includes(facts.target.kind)
  return isOfKind && action.isOwn?.(facts, values) !== false
}

function isAllowed(situation: Situation, offer: Offer, action: ActionSpec): boolean {
  return endsOf(offer).every((numbers) => {
    const step = stepOf({ ...offer, id: 'candidate', action, object: situation.facts.target }, numbers)
    return (
      isFitting(step, situation.facts) &&
      harmOf(action.name, step.with, situation.facts) === undefined &&
      !guardRefusals(situation, step).some(isInTheWay)
    )
  })
}

/**
 * What may be chosen for an incident: what the facts speak for and neither a harm rule nor a guard refuses. A pure function of
 * state: no text of the cluster has a part in it.
 */
export function candidatesOf(situation: Situation): Candidate[] {
  const { kind, namespace, name } = situation.facts.target
  const allowed = offersOf(situation.facts).flatMap((offer) => {
    const action = actionNamed(offer.action)
    return action && isAllowed(situation, offer, action) ? [{ offer, action }] : []
  })
  return allowed.map(({ offer, action }, index) => ({
    id: `c${index + 1}`,
    action,
    object: action.kinds.includes('Pod')
      ? { kind: 'Pod', namespace, name: String(offer.with['pod']) }
      : { kind, namespace, name },
    with: offer.with,
    bounds: offer.bounds,
    say: offer.say,
  }))
}
