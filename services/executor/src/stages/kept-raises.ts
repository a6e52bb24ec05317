import type { ExecutionStep } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import { restOf } from '../canary/rest.ts'
import { attemptsBefore, findAll } from '../context/under-way.ts'
import type { Work } from '../work.ts'

export const isKept = ({ action }: ExecutionStep): boolean => actionNamed(action)?.keepsWhenNotEnough === true

const isOpenRaise = (step: ExecutionStep) =>
  isKept(step) && step.status === 'failed' && step.undo?.status === 'available'

/** Is this the last time that the incident is tried? Then nothing that was not enough stays. */
export async function isLastAttempt({ record, plan, limits }: Work): Promise<boolean> {
  return (await attemptsBefore(record.executions, plan)) + 1 >= limits.maxAttemptsPerIncident
}

const hasRaised = (step: ExecutionStep) => isKept(step) && step.undo !== undefined

export interface KeptRaise {
  step: ExecutionStep
  /** What our last write left on the object: the step's own, or what let its rollout go on. */
  lastMarker: string
}

/**
 * What an earlier execution of the incident raised and left. Its reversal goes back to before the incident, so that the newest
 * one's takes back all of them. Nothing where this execution has raised the same itself.
 */
export async function keptRaise({ record, plan, ledger }: Work): Promise<KeptRaise | undefined> {
  if (ledger.execution.steps.some(hasRaised)) return undefined
  const all = await findAll(record.executions, { where: { incident: plan.incident } })
  const earlier = all.filter(({ _id, steps }) => _id !== plan._id && steps.some(hasRaised))
  const newest = earlier.sort((a, b) => b.claimedMs - a.claimedMs)[0]
  const step = newest?.status === 'failed' ? newest.steps.findLast(isOpenRaise) : undefined
  if (!newest || !step) return undefined
  const rest = restOf(newest.steps, step.id)
  return { step, lastMarker: rest?.observedMs === undefined ? step.marker : rest.marker }
}
