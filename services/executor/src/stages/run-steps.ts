import type { Execution, ExecutionStep, Refusal } from '@kubewise/contracts'
import { actionNamed, firstRefusal, GUARDS, isPassing } from '@kubewise/policy'
import { gather } from '../context/gather.ts'
import { isMember } from '../ledger/members.ts'
import type { WriteOutcome } from '../ledger/write-once.ts'
import type { Work } from '../work.ts'
import { carryOutStep } from './carry-out-step.ts'
import { keptRaise } from './kept-raises.ts'
import { endedStatus, settle } from './settle.ts'
import { noLongerAllowed } from './still-allowed.ts'
import { letWait } from './wait.ts'

type NotDone = Exclude<WriteOutcome, { outcome: 'observed' }>

const IS_OVER: ReadonlySet<string> = new Set(['refused', 'failed', 'undone', 'escalated'])
const IS_OPEN: ReadonlySet<string> = new Set(['pending', 'intent', 'sent'])
const NOT_REACHED: Refusal = { code: 'not-reached', say: 'A step before it was not done.' }

/** Its own steps, or, once these are over, its fallback's. Those on pods of a step on several are that step's to carry out. */
function roundOf({ steps: all }: Execution): ExecutionStep[] {
  const steps = all.filter((step) => !isMember(step))
  const own = steps.filter(({ isFallback }) => !isFallback)
  return own.every(({ status }) => IS_OVER.has(status)) ? steps.filter(({ isFallback }) => isFallback) : own
}

/** Does a fallback wait for its turn? */
export const hasFallback = ({ steps }: Execution): boolean =>
  steps.some(({ isFallback, status }) => isFallback && status === 'pending')

const isPassive = ({ action }: ExecutionStep) => actionNamed(action)?.isPassive === true
const isChanged = ({ status }: ExecutionStep) => status === 'observed'

/**
 * A fallback that changes something is decided anew: much time has passed since the plan's own guards were asked. Of a later
 * step, what must hold of every write is asked again: somebody may have paused the namespace since.
 */
async function refusalBefore(work: Work, step: ExecutionStep): Promise<Refusal | undefined> {
  if (isPassive(step)) return undefined
  if (step.isFallback) return firstRefusal(GUARDS, await gather(work, work.stormWatch, work.plan))
  return work.ledger.execution.steps.some(isChanged) ? noLongerAllowed(work) : undefined
}

async function refuseStep({ ledger }: Work, id: string, refusal: Refusal): Promise<NotDone> {
  await ledger.changeStep(id, (step) => ({ ...step, status: 'refused', refusal }))
  return { outcome: 'refused', refusal }
}

/** Nothing after a step that was not done runs; what was done before it is taken back, what was not known is told. */
async function stopAt(work: Work, round: readonly string[], { outcome, refusal }: NotDone): Promise<void> {
  const { ledger } = work
  const tried = ledger.execution.steps.filter(({ id }) => round.includes(id))
  const isFirstRound = tried.every(({ isFallback }) => !isFallback)
  const hasChanged = outcome === 'unknown' || tried.some(isChanged)
  if (!hasChanged && isFirstRound && isPassing(refusal.code)) return letWait(work, refusal)
  const steps = ledger.execution.steps.map((step): ExecutionStep => {
    if (!round.includes(step.id)) return step
    if (IS_OPEN.has(step.status)) return { ...step, status: 'refused', refusal: NOT_REACHED }
    return isChanged(step) ? { ...step, status: 'failed' } : step
  })
  if (hasChanged) return ledger.change((execution) => ({ ...execution, status: 'undoing', refusal, steps }))
  await ledger.change((execution) => ({ ...execution, refusal, steps }))
  await settle(work, isFirstRound ? 'refused' : endedStatus(ledger.execution), refusal.say)
}

/** Does the steps that are to be done, in their order; then what was changed is verified. */
export async function runSteps(work: Work): Promise<void> {
  const { ledger, lock, clock, stopping, plan } = work
  if (ledger.execution.status !== 'running' || ledger.execution.epoch !== lock.epoch)
    await ledger.change((execution) => ({ ...execution, status: 'running', epoch: lock.epoch }))
  const round = roundOf(ledger.execution)
  const ids = round.map(({ id }) => id)
  for (const { id } of round.filter(({ status }) => IS_OPEN.has(status))) {
    stopping.throwIfAborted()
    const refusal = await refusalBefore(work, ledger.step(id))
    const ended = refusal ? await refuseStep(work, id, refusal) : await carryOutStep(work, id)
    if (ended.outcome !== 'observed') return stopAt(work, ids, ended)
  }
  if (ledger.execution.steps.some(isChanged))
    return ledger.change((execution) => ({ ...execution, status: 'verifying', verifyingSinceMs: clock.now() }))
  if (await keptRaise(work)) return ledger.change((execution) => ({ ...execution, status: 'undoing' }))
  await settle(work, endedStatus(ledger.execution), plan.reasoning)
}
