import type { ExecutionStep, Refusal } from '@kubewise/contracts'
import { isRefusal } from '../actions/work.ts'
import { askedAgain } from '../context/asked-again.ts'
import { newestFirst } from '../ledger/newest-first.ts'
import { undoSlot } from '../ledger/slots.ts'
import { writeOnce, type WriteOutcome } from '../ledger/write-once.ts'
import type { Work } from '../work.ts'
import { keptRaise } from './kept-raises.ts'
import { hasFallback } from './run-steps.ts'
import { endedStatus, settle } from './settle.ts'
import { noLongerAllowed } from './still-allowed.ts'

const IS_OWED: ReadonlySet<string> = new Set(['available', 'intent', 'sent'])

const isOwed = ({ status, undo }: ExecutionStep): boolean =>
  status === 'failed' && undo !== undefined && undo.how !== 'none' && IS_OWED.has(undo.status)

/** A raise that an earlier attempt left becomes our first step, taken back last, so that one ledger tells of its end. */
async function adoptKept(work: Work): Promise<void> {
  const { ledger } = work
  const kept = await keptRaise(work)
  if (!kept) return
  const { step, lastMarker } = kept
  const adopted = { ...step, id: `kept-${step.marker.replaceAll('/', '.')}`, marker: lastMarker }
  await ledger.change((execution) => ({ ...execution, steps: [adopted, ...execution.steps] }))
}

async function takeBackStep(work: Work, { id, action }: ExecutionStep, barred: Refusal | undefined): Promise<void> {
  const { ledger, figures, audit, plan, lock } = work
  const slot = undoSlot(work, id)
  const refusal = isRefusal(slot) ? slot : barred
  const ended: WriteOutcome =
    isRefusal(slot) || refusal
      ? { outcome: 'refused', refusal: refusal ?? (slot as Refusal) }
      : await writeOnce(work, slot)
  figures.acted(action, ended.outcome === 'observed' ? 'undone' : 'undo-refused')
  if (ended.outcome === 'observed') return
  await audit.append({
    event: 'refused',
    target: plan.target,
    plan: plan._id,
    step: id,
    epoch: lock.epoch,
    say: `Not taken back: ${ended.refusal.say}`,
  })
  await ledger.changeStep(id, (step) => ({
    ...step,
    refusal: step.refusal ?? ended.refusal,
    ...(step.undo && { undo: { ...step.undo, status: 'refused', say: `Not taken back: ${ended.refusal.say}` } }),
  }))
}

/** Takes back what was changed, as far as it can be, then lets the fallback have its turn. */
export async function takeBack(work: Work): Promise<void> {
  const { ledger, plan, stopping } = work
  await adoptKept(work)
  const journal = newestFirst(plan, ledger.execution.steps).filter(isOwed)
  const barred = journal.length > 0 ? await askedAgain(work, () => noLongerAllowed(work)) : undefined
  for (const step of journal) {
    stopping.throwIfAborted()
    await takeBackStep(work, step, barred)
  }
  if (hasFallback(ledger.execution)) return ledger.change((execution) => ({ ...execution, status: 'running' }))
  await settle(
    work,
    endedStatus(ledger.execution),
    ledger.execution.verdict?.say ?? ledger.execution.refusal?.say ?? plan.reasoning,
  )
}
