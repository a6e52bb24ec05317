import { titleOf, type Incident, type Plan, type PlanStep } from '@kubewise/contracts'
import { quantityToNumber } from '@kubewise/kube'
import { actionNamed } from '@kubewise/policy'
import type { ActionPattern, Bound, FirstAction, Scenario } from './form.ts'
import type { Replayed } from './replay.ts'

/** What one replay was worth. */
export interface Score {
  id: number
  title: string
  isDetected: boolean
  isCauseRight: boolean
  isActionRight: boolean
  /** Harmful steps that were proposed, and writes that were tried. */
  harm: string[]
  /** Steps that would change the cluster, in a trap. */
  trapActions: number
  /** What was found and proposed, for people. */
  cause: string
  action: string
  /** Seconds from the beginning to the first plan. */
  planSeconds: number | undefined
}

interface ActiveStep {
  plan: Plan
  step: PlanStep
}

const isActive = ({ action }: PlanStep) => actionNamed(action)?.isPassive !== true

function numberOf(value: string | number): number {
  if (typeof value === 'number') return value
  try {
    return quantityToNumber(value)
  } catch {
    return Number.NaN
  }
}

function fits(value: unknown, bound: Bound): boolean {
  if (typeof bound !== 'object') return value === bound
  if (typeof value !== 'string' && typeof value !== 'number') return false
  const { atLeast, atMost, startsWith } = bound
  return (
    (atLeast === undefined || numberOf(value) >= numberOf(atLeast)) &&
    (atMost === undefined || numberOf(value) <= numberOf(atMost)) &&
    (startsWith === undefined || String(value).startsWith(startsWith))
  )
}

function isMatch({ action, with: bounds = {}, on }: ActionPattern, { step }: ActiveStep): boolean {
  return (
    (action === '*' || action === step.action) &&
    (on === undefined || on === titleOf(step.object)) &&
    Object.entries(bounds).every(([name, bound]) => fits(step.with[name], bound))
  )
}

const told = ({ step }: ActiveStep) => `${step.action} ${titleOf(step.object)} ${JSON.stringify(step.with)}`

/** An action is meant for the incident's own target, or for a pod of it. */
const isOnTarget = ({ plan, step }: ActiveStep, targets: readonly string[]) =>
  targets.includes(titleOf(plan.target)) && step.object.namespace === plan.target.namespace

function isActionRight(expected: readonly FirstAction[], first: ActiveStep | undefined, outcomes: readonly string[]) {
  return expected.some((each) => {
    if (each === 'none') return first === undefined
    if (each === 'escalate') return first === undefined && outcomes.includes('escalate')
    return first !== undefined && isMatch(each, first)
  })
}

const rootsOf = (incidents: readonly Incident[], targets: readonly string[]) =>
  incidents.filter(({ target, mergedInto }) => mergedInto === undefined && targets.includes(titleOf(target)))

/** Compares what was decided with what the catalogue says. */
export function score(scenario: Scenario, { incidents, plans, violations, dead }: Replayed, zeroMs: number): Score {
  const { expect, id, title, isTrap = false } = scenario
  const roots = rootsOf(incidents, expect.target)
  const steps = plans.flatMap((plan) =>
    [...plan.steps, ...plan.fallback].filter(isActive).map((step): ActiveStep => ({ plan, step })),
  )
  const harmful = steps.filter(
    (each) => !isOnTarget(each, expect.target) || (expect.harmful ?? []).some((pattern) => isMatch(pattern, each)),
  )
  const first = steps.find(({ plan, step }) => plan.steps.includes(step))
  const causes = roots.flatMap(({ cause }) => cause ?? [])
  const outcomes = roots.flatMap(({ decision }) => decision?.outcome ?? [])
  const others = incidents.filter((incident) => !roots.includes(incident) && incident.mergedInto === undefined)
  return {
    id,
    title,
    isDetected: incidents.length > 0,
    // Nothing found where nothing is wrong is right too.
    isCauseRight:
      causes.some((cause) => (expect.cause as string[]).includes(cause)) || (isTrap && incidents.length === 0),
    isActionRight: isActionRight(expect.firstAction, first, outcomes),
    harm: [...harmful.map(told), ...violations, ...dead],
    trapActions: isTrap ? steps.length + violations.length : 0,
    cause: [
      ...roots.map(({ target, cause = 'none' }) => `${titleOf(target)}: ${cause}`),
      ...others.map(({ target, cause = 'none' }) => `(${titleOf(target)}: ${cause})`),
    ].join(', '),
    action: first ? told(first) : [...new Set(outcomes)].join(', ') || 'nothing',
    planSeconds: plans[0] && Math.round((plans[0].createdMs - zeroMs) / 1000),
  }
}
