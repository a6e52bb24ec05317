import type { ExecutionStep, Refusal } from '@kubewise/contracts'
import { firstRefusal, GUARDS, actionNamed, stepOrder } from '@kubewise/policy'
import { isRefusal } from '../actions/work.ts'
import { isHeldBack } from '../canary/rest.ts'
import { gather } from '../context/gather.ts'
import { stepId } from '../ledger/claim.ts'
import { isMemberOf } from '../ledger/members.ts'
import type { WriteOutcome } from '../ledger/write-once.ts'
import type { Work } from '../work.ts'
import { carryOutRest } from './carry-out-rest.ts'
import { carryOutStep } from './carry-out-step.ts'
import { withDeadline } from './deadline.ts'
import { mayNotBegin } from './still-allowed.ts'

export type NotDone = Exclude<WriteOutcome, { outcome: 'observed' }>

export const IS_OPEN: ReadonlySet<string> = new Set(['pending', 'intent', 'sent'])
export const NOT_REACHED: Refusal = { code: 'not-reached', say: 'A step before it was not done.' }
const HALTED: Refusal = { code: 'not-reached', say: 'Another step was not done.' }

/** Does it change nothing in the cluster? */
export const isPassive = ({ action }: ExecutionStep) => actionNamed(action)?.isPassive === true

/**
 * A fallback that changes something is decided anew, as is what follows a mere wait: much time has passed since the plan's own
 * guards were asked. Of a step after a change, what must hold of every write is asked again, and whether its time is over: somebody
 * may have paused the namespace since.
 */
async function refusalBefore(work: Work, step: ExecutionStep): Promise<Refusal | undefined> {
  if (isPassive(step)) return undefined
  const done = work.ledger.execution.steps.filter(({ status }) => status === 'observed')
  if (step.isFallback || (done.length > 0 && done.every(isPassive)))
    return firstRefusal(GUARDS, await gather(work, work.stormWatch, work.plan))
  return done.length > 0 ? mayNotBegin(work) : undefined
}

async function refuseStep({ ledger }: Work, id: string, refusal: Refusal): Promise<NotDone> {
  await ledger.changeStep(id, (step) => ({ ...step, status: 'refused', refusal }))
  return { outcome: 'refused', refusal }
}

/** May something of it be in the cluster, or wait in the ledger to be? */
const hasBegun = ({ ledger }: Work, id: string): boolean =>
  ledger.step(id).status === 'sent' || ledger.execution.steps.some((step) => isMemberOf(id, step))

async function carryOut(work: Work, id: string, halted: () => Refusal | undefined): Promise<WriteOutcome> {
  const { ledger } = work
  if (ledger.step(id).status !== 'observed') {
    const refusal = await refusalBefore(work, ledger.step(id))
    if (refusal && !hasBegun(work, id)) return refuseStep(work, id, refusal)
    // What may have been sent is looked for all the same, and nothing new is sent.
    const mine = refusal ? { ...work, barred: refusal } : work
    const ended = await carryOutStep(withDeadline(mine, id, halted), id)
    if (ended.outcome !== 'observed') return ended
  }
  return isHeldBack(ledger.execution.steps, ledger.step(id)) ? carryOutRest(work, id, halted) : { outcome: 'observed' }
}

/** Which steps come before each, as the ledger names them; where that cannot be told, each that stands before it. */
function orderOf({ plan }: Work, round: readonly ExecutionStep[]): (id: string) => readonly string[] {
  const ids = round.map(({ id }) => id)
  const isFallback = round.some((step) => step.isFallback)
  const order = stepOrder(isFallback ? plan.fallback : plan.steps)
  if (isRefusal(order)) return (id) => ids.slice(0, ids.indexOf(id))
  const named = new Map(
    [...order].map(([id, before]) => [
      stepId({ id }, isFallback),
      [...before].map((each) => stepId({ id: each }, isFallback)),
    ]),
  )
  return (id) => named.get(id) ?? ids.slice(0, ids.indexOf(id))
}

/** How a step ended that was not done, by the ledger: whoever wrote it may have died before anything followed from it. */
function notDone({ status, refusal = NOT_REACHED }: ExecutionStep): NotDone | undefined {
  if (status === 'failed') return { outcome: 'unknown', refusal }
  return status === 'refused' ? { outcome: 'refused', refusal } : undefined
}

/**
 * Carries out the steps of a round, each once all that comes before it is done, those of no relation at the same time. After the
 * first that is not done none begins, and none that has begun is sent; what was sent is waited for, and looked for after a crash.
 *
 * @returns how the first that was not done ended; undefined when all are done
 * @throws as `carryOutStep`, once nothing is under way any more
 */
export async function carryOutRound(work: Work, round: readonly ExecutionStep[]): Promise<NotDone | undefined> {
  const { ledger, stopping } = work
  const before = orderOf(work, round)
  const underWay = new Map<string, Promise<void>>()
  const isHeld = (step: ExecutionStep) => isHeldBack(ledger.execution.steps, step)
  const begun = new Set(round.filter((step) => !IS_OPEN.has(step.status) && !isHeld(step)).map(({ id }) => id))
  let stop = round.map(notDone).find((ended) => ended !== undefined)
  const errors: unknown[] = []
  const isHalted = () => stop !== undefined || errors.length > 0
  const isDone = (id: string) => begun.has(id) && !underWay.has(id)
  const hasLeft = (id: string) =>
    ledger.execution.steps.some(
      (step) => (step.id === id && step.status === 'sent') || (isMemberOf(id, step) && step.status !== 'pending'),
    )
  const mayBegin = (id: string) => hasLeft(id) || (!isHalted() && (isHeld(ledger.step(id)) || before(id).every(isDone)))

  async function run(id: string): Promise<void> {
    try {
      stopping.throwIfAborted()
      const ended = await carryOut(work, id, () => (isHalted() ? HALTED : undefined))
      if (ended.outcome !== 'observed') stop ??= ended
    } catch (error) {
      errors.push(error)
    }
  }

  for (;;) {
    for (const { id } of round.filter((step) => !begun.has(step.id) && mayBegin(step.id))) {
      begun.add(id)
      // A run that ends at once, because the process stops, must be noted before it is forgotten.
      const running = run(id).then(() => void underWay.delete(id))
      underWay.set(id, running)
    }
    if (underWay.size === 0) break
    await Promise.race(underWay.values())
  }
  if (errors.length > 0) throw errors[0]
  return stop
}
