import { titleOf } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import { workOf } from '../actions/index.ts'
import { isRefusal, isSeveral } from '../actions/work.ts'
import { stepSlot } from '../ledger/slots.ts'
import { writeOnce, type WriteOutcome } from '../ledger/write-once.ts'
import type { Work } from '../work.ts'
import { carryOutPassive } from './carry-out-passive.ts'
import { carryOutSeveral } from './carry-out-several.ts'

async function write(work: Work, id: string): Promise<WriteOutcome> {
  const done = workOf(work.ledger.step(id).action)
  if (isSeveral(done)) return carryOutSeveral(work, id, done)
  const slot = stepSlot(work, id)
  return isRefusal(slot) ? { outcome: 'refused', refusal: slot } : writeOnce(work, slot)
}

/** Does one step of an execution, and writes down how it ended. What follows from that is the caller's matter. */
export async function carryOutStep(work: Work, id: string): Promise<WriteOutcome> {
  const { ledger, figures, audit, plan, lock, log, teller } = work
  const { action } = ledger.step(id)
  if (actionNamed(action)?.isPassive) return carryOutPassive(work, id)
  const ended = await write(work, id)
  figures.acted(action, ended.outcome)
  if (ended.outcome === 'observed') {
    log.info({ plan: plan._id, step: id, action, target: titleOf(plan.target), cause: plan.cause }, 'acted')
    teller.tell(plan, 'acting', plan.reasoning, { execution: ledger.execution, mayNote: false })
    return ended
  }
  await audit.append({
    event: ended.outcome === 'refused' ? 'refused' : 'unknown',
    target: plan.target,
    plan: plan._id,
    step: id,
    epoch: lock.epoch,
    say: ended.refusal.say,
  })
  figures.refused(ended.refusal.code)
  await ledger.changeStep(id, (step) => ({
    ...step,
    status: ended.outcome === 'refused' ? 'refused' : 'failed',
    refusal: ended.refusal,
    ...('answer' in ended && ended.answer !== undefined && { answer: ended.answer }),
  }))
  return ended
}
