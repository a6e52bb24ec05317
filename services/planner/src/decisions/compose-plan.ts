import {
  planHash,
  RISKS,
  type Entity,
  type Facts,
  type Mode,
  type Plan,
  type PlanStep,
  type Refusal,
  type Risk,
} from '@kubewise/contracts'
import type { Context } from '../context/context.ts'
import { factId, podFactId } from '../context/fact-ids.ts'
import { isCurrent } from '../context/facts.ts'
import type { Draft } from '../evaluation/check.ts'
import type { Evaluated } from '../evaluation/evaluate.ts'
import type { ResolvedStep } from '../playbooks/ask.ts'
import type { Remedy } from './choice.ts'
import { reasoningOf } from './reasoning.ts'
import { changesOf } from './step-changes.ts'

/** How long a plan may be carried out: what it was decided upon may not be true any more after. */
const VALID_MS = 10 * 60_000

/** A plan as the store takes it. */
export type NewPlan = Omit<Plan, 'version'>

function targetOf({ incident, target }: Context): Entity {
  const uid = target?.metadata?.uid
  const { cluster, kind, namespace, name } = incident.target
  return { cluster, kind, namespace, name, ...(uid !== undefined && { uid }) }
}

/** The object of a step: never a text from anywhere, only the target itself or what is its own. */
function objectOf(context: Context, { action, with: given }: ResolvedStep): Entity {
  const target = targetOf(context)
  return action.objectOf?.(target, given) ?? target
}

/** Turns resolved steps into a plan's, with what they rest on and what they will change. */
export function draftSteps(context: Context, facts: Facts, steps: readonly ResolvedStep[]): Draft[] {
  return steps.map((step) => {
    const { patch, template, preconditions, changes } = changesOf(context, facts, step)
    return {
      step: {
        id: step.id,
        action: step.action.name,
        object: objectOf(context, step),
        with: step.with,
        needs: [...step.needs],
        timeoutSeconds: step.timeoutSeconds,
        preconditions,
        changes,
      },
      ...(patch && { patch }),
      ...(template && { template }),
    }
  })
}

function impactOf(remedy: Remedy, facts: Facts): Plan['impact'] {
  const impacts = remedy.steps.map((step) => step.action.impact(facts, step.with))
  const readyPodsTaken = impacts.reduce((sum, impact) => sum + impact.readyPodsTaken, 0)
  return {
    pods: Math.max(0, ...impacts.map(({ pods }) => pods)),
    readyPodsTaken,
    readyShare: Math.min(1, readyPodsTaken / Math.max(1, facts.target.ready)),
    restarts: impacts.some(({ restarts }) => restarts),
  }
}

/** The highest of all its steps, those of its fallback included. */
export function riskOf({ steps, fallback }: Pick<Remedy, 'steps' | 'fallback'>): Risk {
  const ranks = [...steps, ...fallback].map(({ action }) => RISKS.indexOf(action.risk))
  return RISKS[Math.max(0, ...ranks)] ?? 'high'
}

/** What the plan is born of decides how its freshness is judged: an outlier among siblings is known by metrics alone. */
function evidenceOf(remedy: Remedy, { incident }: Context, facts: Facts): Pick<Plan, 'evidence' | 'metrics'> {
  const signals = incident.signals.filter(({ resolvedMs }) => resolvedMs === undefined)
  const isOfMetrics =
    remedy.cites.some((path) => path.startsWith('runaway')) ||
    (facts.signals.length > 0 && facts.signals.every(({ source }) => source === 'metric'))
  if (!isOfMetrics) return { evidence: 'state', metrics: [] }
  return { evidence: 'metric', metrics: [...new Set(signals.flatMap(({ metric }) => metric ?? []))].sort() }
}

const factIds = (remedy: Remedy, facts: Facts): string[] => [
  ...new Set([
    ...remedy.cites.flatMap((path) => factId(facts, path) ?? []),
    ...facts.pods.filter(({ cannotRun, uid }) => cannotRun || uid === facts.runaway.uid).map(podFactId),
  ]),
]

export interface PlanParts {
  id: string
  context: Context
  facts: Facts
  remedy: Remedy
  steps: readonly PlanStep[]
  fallback: readonly PlanStep[]
  confidence: Plan['confidence']
  refusals: readonly Refusal[]
  mode: Mode
  /** What was asked of it, and the patch that a person may commit instead. */
  evaluated?: Pick<Evaluated, 'checks' | 'proposal'>
}

/** Puts a plan together; nothing in it is left to be evaluated but its preconditions. */
export function composePlan({
  id,
  context,
  facts,
  remedy,
  steps,
  fallback,
  confidence,
  refusals,
  mode,
  evaluated,
}: PlanParts): NewPlan {
  const { incident, nowMs } = context
  const body = {
    cluster: incident.cluster,
    incident: incident._id,
    attempt: facts.attempts.count + 1,
    target: targetOf(context),
    origin: remedy.llm ? { kind: 'llm' as const, ...remedy.llm } : { kind: 'playbook' as const, ...remedy.origin },
    cause: remedy.cause,
    reasoning: reasoningOf(remedy, facts),
    cites: factIds(remedy, facts),
    confidence,
    risk: riskOf(remedy),
    impact: impactOf(remedy, facts),
    steps: [...steps],
    ...(remedy.expect && { expect: remedy.expect }),
    fallback: [...fallback],
    refusals: [...refusals],
    ...(evaluated && evaluated.checks.length > 0 && { checks: evaluated.checks }),
    ...(evaluated?.proposal && { proposal: evaluated.proposal }),
    mode,
    ...evidenceOf(remedy, context, facts),
    anomalies: incident.signals
      .filter((signal) => isCurrent(signal, facts.pods, context))
      .map(({ anomaly }) => anomaly),
    createdMs: nowMs,
    notAfterMs: nowMs + VALID_MS,
  }
  return { _id: id, ...body, hash: planHash(body) }
}
