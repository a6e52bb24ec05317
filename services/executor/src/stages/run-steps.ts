import type { Execution, ExecutionStep } from '@kubewise/contracts'
import { isPassing, isPassivePlan, known, type Known } from '@kubewise/policy'
import { asKnown } from '../context/gather.ts'
import { noteNeighbours, type Neighbour } from '../context/neighbours.ts'
import { isMember } from '../ledger/members.ts'
import type { Work } from '../work.ts'
import { carryOutRound, IS_OPEN, isPassive, NOT_REACHED, type NotDone } from './carry-out-round.ts'
import { keptRaise } from './kept-raises.ts'
import { endedStatus, settle } from './settle.ts'
import { letWait } from './wait.ts'

const IS_OVER: ReadonlySet<string> = new Set(['refused', 'failed', 'undone', 'escalated'])

/**
 * Its own steps, or, once these have come to nothing and that was seen to, its fallback's. Whoever wrote down that a step was not
 * done may have died before anything followed from it: then it is still its own steps' turn. Steps on
 * pods of a step on several, and what ends a held one, are that step's to carry out.
 */
function roundOf({ steps: all, refusal, verdict }: Execution): ExecutionStep[] {
  const steps = all.filter((step) => !isMember(step) && step.restOf === undefined)
  const own = steps.filter(({ isFallback }) => !isFallback)
  const isConcluded =
    own.every(({ status }) => IS_OVER.has(status)) &&
    own.some(({ status }) => status !== 'refused') &&
    (refusal !== undefined || verdict !== undefined)
  return isConcluded ? steps.filter(({ isFallback }) => isFallback) : own
}

/** Does a fallback wait for its turn? */
export const hasFallback = ({ steps }: Execution): boolean =>
  steps.some(({ isFallback, status }) => isFallback && status === 'pending')

const isChanged = ({ status }: ExecutionStep) => status === 'observed'

/** Nothing after a step that was not done runs; what was done before it is taken back, what was not known is told. */
async function stopAt(work: Work, round: readonly string[], { refusal }: NotDone): Promise<void> {
  const { ledger } = work
  const tried = ledger.execution.steps.filter(({ id }) => round.includes(id))
  const isFirstRound = tried.every(({ isFallback }) => !isFallback)
  // A step is `failed` where nobody knows whether it was done. What only waited or told has changed nothing.
  const hasChanged = tried.some((step) => (isChanged(step) && !isPassive(step)) || step.status === 'failed')
  if (!hasChanged && isFirstRound && isPassing(refusal.code)) return letWait(work, refusal)
  const steps = ledger.execution.steps.map((step): ExecutionStep => {
    if (!round.includes(step.restOf ?? step.id)) return step
    if (IS_OPEN.has(step.status)) return { ...step, status: 'refused', refusal: NOT_REACHED }
    return isChanged(step) && !isPassive(step) ? { ...step, status: 'failed' } : step
  })
  if (hasChanged) return ledger.change((execution) => ({ ...execution, status: 'undoing', refusal, steps }))
  await ledger.change((execution) => ({ ...execution, refusal, steps }))
  await settle(work, isFirstRound ? 'refused' : endedStatus(ledger.execution), refusal.say)
}

/** How those around the target are before anything is done; undefined where that is noted, or nothing will be. */
async function neighboursBefore(work: Work): Promise<Known<Neighbour[] | undefined>> {
  const { ledger, plan } = work
  const { neighbours, actedMs } = ledger.execution
  const isNoted = neighbours !== undefined || actedMs !== undefined
  return isNoted || isPassivePlan(plan) ? known(undefined) : asKnown(() => noteNeighbours(work))
}

/** Does the steps that are to be done, in their order; then what was changed is verified. */
export async function runSteps(work: Work): Promise<void> {
  const { ledger, lock, clock, plan } = work
  const neighbours = await neighboursBefore(work)
  if (!neighbours.isKnown)
    return letWait(work, { code: 'target-unknown', say: `The neighbours cannot be read: ${neighbours.why}` })
  const { execution: found } = ledger
  const noted = neighbours.value && { neighbours: neighbours.value }
  if (found.status !== 'running' || found.epoch !== lock.epoch || noted)
    await ledger.change((execution) => ({ ...execution, status: 'running', epoch: lock.epoch, ...noted }))
  const round = roundOf(ledger.execution)
  const stop = await carryOutRound(work, round)
  if (stop)
    return stopAt(
      work,
      round.map(({ id }) => id),
      stop,
    )
  if (ledger.execution.steps.some(isChanged))
    return ledger.change((execution) => ({ ...execution, status: 'verifying', verifyingSinceMs: clock.now() }))
  if (await keptRaise(work)) return ledger.change((execution) => ({ ...execution, status: 'undoing' }))
  await settle(work, endedStatus(ledger.execution), plan.reasoning)
}
