import type { Facts, PlanCheck, Proposal, Refusal } from '@kubewise/contracts'
import type { Context } from '../context/context.ts'
import type { NewPlan } from '../decisions/compose-plan.ts'
import { checkAdmission } from './admission.ts'
import { arrivalsOf, type Arrival } from './arrivals.ts'
import { checkAvailability } from './availability.ts'
import {
  CHECKS,
  doubt,
  named,
  NOT_READABLE,
  pass,
  refusalIn,
  refuse,
  type CheckName,
  type Draft,
  type Verdict,
} from './check.ts'
import { askPods, checkDryRun, type DryRunKube } from './dry-run.ts'
import { checkImages } from './image.ts'
import { checkOwnership } from './ownership.ts'
import { checkPermission } from './permission.ts'
import { proposalOf } from './proposal.ts'
import { checkQuota } from './quota.ts'
import type { ReadPlace } from './read-place.ts'
import { checkScheduling } from './scheduling.ts'
import { checkSchema } from './schema.ts'
import type { Place } from './place.ts'
import { checkTiming } from './timing.ts'
import { checkVolumes } from './volumes.ts'

export interface EvaluationPorts {
  kube: DryRunKube
  readPlace: ReadPlace
  /** The executor's account, where it is not the planner's own. */
  executorAccount?: string
}

export interface EvaluationQuestion {
  context: Context
  facts: Facts
  plan: NewPlan
  /** Of the plan's own steps. */
  drafts: readonly Draft[]
  /** False where nothing may be asked that looks like a write, as in mode observe: what is configured is judged alone. */
  mayAsk: boolean
}

/** What was found of a plan before it is offered. */
export interface Evaluated {
  checks: PlanCheck[]
  /** Why it is left to a person. */
  refusal?: Refusal
  proposal?: Proposal
}

/** One server that hangs must not hold a decision for longer. */
const PATIENCE_MS = 8_000

/** Steps that only tell rest on nothing; one that comes after another rests on what that one makes, and is not asked about now. */
const isActive = ({ step }: Draft) => step.preconditions.length > 0
const isFirst = ({ step }: Draft) => step.needs.length === 0

const NO_NEW_POD = pass('No new pod is needed.')
const notAsked = () => doubt('Nothing is asked of the cluster while the plan may not be carried out.')

/** On these it rests whether a pod that goes comes back. */
const RETURN: ReadonlySet<CheckName> = new Set(['quota', 'admission', 'scheduling'])

/** Where ready pods go first, what stands in the way of their return must be known: not to be able to read it is a refusal. */
function strict(name: CheckName, verdict: Verdict, arrivals: readonly Arrival[]): Verdict {
  const isReadyTaken = arrivals.some(({ readyTaken }) => readyTaken > 0)
  return verdict.code === NOT_READABLE && isReadyTaken && RETURN.has(name)
    ? refuse('return-unknown', `Ready pods would go, and whether they could come back is not known. ${verdict.say}`)
    : verdict
}

interface Seen {
  question: EvaluationQuestion
  arrivals: readonly Arrival[]
  changes: Verdict
  /** What the server says to the new pods; undefined where it was not asked. */
  pods: Verdict | undefined
  around: Place
}

/** The server's word on quota counts the pods that are still there, also those that go first, and asks for one pod alone. */
function quotaVerdict({ arrivals, pods, around }: Seen): Verdict {
  if (arrivals.length === 0) return NO_NEW_POD
  const isOne = arrivals.length === 1 && arrivals[0]?.count === 1
  const isRefused = pods?.code === 'quota-exceeded'
  const byState = checkQuota(arrivals, around)
  if (pods?.verdict === 'passed' && isOne) return pods
  if (isRefused && (byState.verdict !== 'passed' || arrivals.every(({ leaving }) => leaving.length === 0))) return pods
  return byState
}

function admissionVerdict({ question, arrivals, changes, pods, around }: Seen): Verdict {
  const isAsked = pods !== undefined && pods.verdict !== 'unknown'
  if (pods?.verdict === 'refused' && pods.code !== 'quota-exceeded') return pods
  const isTaken = arrivals.length === 0 || isAsked
  if (isTaken && changes.verdict === 'passed') return pass('The API server would take the change and the new pods.')
  const { context, drafts } = question
  return checkAdmission(context, drafts.filter(isActive), isTaken ? [] : arrivals, around)
}

function podVerdicts(seen: Seen): [CheckName, Verdict][] {
  const { question, arrivals, around } = seen
  const { kind, namespace } = question.context.incident.target
  const ofPods = (check: () => Verdict) => (arrivals.length === 0 ? NO_NEW_POD : check())
  return [
    ['quota', quotaVerdict(seen)],
    ['admission', admissionVerdict(seen)],
    ['image', ofPods(() => checkImages(arrivals, namespace, around))],
    ['scheduling', ofPods(() => checkScheduling(arrivals, kind, around))],
    ['volumes', ofPods(() => checkVolumes(question.context, arrivals, around))],
  ]
}

function policyVerdict({ refusals }: NewPlan): Verdict {
  const [first] = refusals
  return first ? refuse(first.code, first.say) : pass('No guard stands in the way.')
}

/**
 * Asks of a plan, before it is offered: may it, can it, what would it cost. Reads and dry runs alone, within bounded time; what
 * cannot be known is `unknown`, with its reason.
 */
export async function evaluate(
  { kube, readPlace, executorAccount }: EvaluationPorts,
  question: EvaluationQuestion,
  stopping: AbortSignal,
): Promise<Evaluated> {
  const { context, facts, plan, drafts, mayAsk } = question
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(PATIENCE_MS)])
  const active = drafts.filter(isActive)
  const arrivals = arrivalsOf(context, facts, active)
  const { namespace } = context.incident.target
  const [permission, changes, pods, around] = await Promise.all([
    mayAsk ? checkPermission(kube, [...plan.steps, ...plan.fallback], executorAccount, signal) : notAsked(),
    mayAsk ? checkDryRun(kube, active.filter(isFirst), signal) : notAsked(),
    mayAsk ? askPods(kube, context, arrivals, signal) : undefined,
    readPlace(namespace, signal),
  ])
  const verdicts = new Map<CheckName, Verdict>([
    ['schema', checkSchema(plan)],
    ['policy', policyVerdict(plan)],
    ['permission', permission],
    ['ownership', checkOwnership(context, facts, active)],
    ['availability', checkAvailability(context, facts, active, arrivals)],
    ['timing', checkTiming(context, facts, active)],
    ['dry-run', changes],
    ...podVerdicts({ question, arrivals, changes, pods, around }),
  ])
  const checks = CHECKS.flatMap((name) => {
    const verdict = verdicts.get(name)
    return verdict ? named(name, strict(name, verdict, arrivals)) : []
  })
  const refusal = refusalIn(checks)
  const proposal = refusal && facts.target.ownedBy !== '' ? proposalOf(context, facts, active) : undefined
  return { checks, ...(refusal && { refusal }), ...(proposal && { proposal }) }
}

/** How much of a plan's confidence each check takes with it that could not be answered. */
const IF_UNKNOWN: Readonly<Partial<Record<string, number>>> = {
  'dry-run': 0.5,
  permission: 0.8,
  quota: 0.8,
  admission: 0.8,
}
const IF_UNKNOWN_ELSE = 0.9

const rounded = (share: number) => Math.round(share * 100) / 100

/** The preflight's part of a plan's confidence: 1 where every check passed, less for each that is unknown, 0 where one refused. */
export function preflightShare(checks: readonly PlanCheck[]): number {
  if (refusalIn(checks)) return 0
  const unknown = checks.filter(({ verdict }) => verdict === 'unknown')
  return rounded(unknown.reduce((share, { name }) => share * (IF_UNKNOWN[name] ?? IF_UNKNOWN_ELSE), 1))
}
