import type { ExecutionStep, Refusal } from '@kubewise/contracts'
import { isKubeError } from '@kubewise/kube'
import { isRefusal } from '../actions/work.ts'
import { askedAgain } from '../context/asked-again.ts'
import { asKnown } from '../context/gather.ts'
import { newestFirst } from '../ledger/newest-first.ts'
import { undoSlot } from '../ledger/slots.ts'
import { writeOnce, type Slot, type WriteOutcome } from '../ledger/write-once.ts'
import type { Work } from '../work.ts'
import { keptRaise } from './kept-raises.ts'
import { owe, sayOfOwed, staysOwed } from './owed.ts'
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

/** What is owed is not taken back once the incident has ended with the change in place: it may be what helped. */
async function endedMeanwhile({ ledger, record, plan }: Work): Promise<Refusal | undefined> {
  if (!ledger.execution.owed) return undefined
  const incident = await asKnown(() => record.incidents.get(plan.incident))
  if (!incident.isKnown) return { code: 'incident-unknown', say: `The incident cannot be read: ${incident.why}` }
  return incident.value?.status === 'open'
    ? undefined
    : { code: 'incident-over', say: 'The incident has ended meanwhile, with the change in place; it stays.' }
}

/** What cannot be read now, can perhaps later. */
async function written(work: Work, slot: Slot): Promise<WriteOutcome> {
  try {
    return await writeOnce(work, slot)
  } catch (error) {
    if (!isKubeError(error)) throw error
    return { outcome: 'unknown', refusal: { code: 'target-unknown', say: `It cannot be read: ${error.message}` } }
  }
}

/** @returns why it was not taken back, and is still owed */
async function takeBackStep(
  work: Work,
  { id, action }: ExecutionStep,
  barred: Refusal | undefined,
): Promise<Refusal | undefined> {
  const { ledger, figures, audit, plan, lock } = work
  const slot = undoSlot(work, id)
  const refusal = isRefusal(slot) ? slot : barred
  const ended: WriteOutcome =
    isRefusal(slot) || refusal
      ? { outcome: 'refused', refusal: refusal ?? (slot as Refusal) }
      : await written(work, slot)
  if (ended.outcome !== 'observed' && staysOwed(work, ended.refusal)) return ended.refusal
  figures.acted(action, ended.outcome === 'observed' ? 'undone' : 'undo-refused')
  if (ended.outcome === 'observed') return undefined
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
  return undefined
}

/**
 * Takes back what was changed, as far as it can be, then lets the fallback have its turn.
 *
 * @returns `owed` where something could not be taken back now: nothing that came before it is, and somebody tries again later
 */
export async function takeBack(work: Work): Promise<'owed' | 'over'> {
  const { ledger, plan, stopping, clock } = work
  await adoptKept(work)
  const journal = newestFirst(plan, ledger.execution.steps).filter(isOwed)
  const barred = journal.length > 0 ? await askedAgain(work, () => noLongerAllowed(work)) : undefined
  const over = journal.length > 0 ? await endedMeanwhile(work) : undefined
  for (const step of journal) {
    stopping.throwIfAborted()
    // Where most pods still have the old template, a rollout must not stay held.
    const stays = step.canary?.isWatched ? undefined : over
    const owed = await takeBackStep(work, step, barred ?? stays)
    if (!owed) continue
    await owe(work, step, owed)
    return 'owed'
  }
  if (hasFallback(ledger.execution)) {
    await ledger.change(({ owed: _owed, isUntold: _isUntold, untold: _untold, ...execution }) => ({
      ...execution,
      status: 'running',
    }))
    return 'over'
  }
  const { execution } = ledger
  const say = execution.verdict?.say ?? execution.refusal?.say ?? plan.reasoning
  await settle(work, endedStatus(execution), sayOfOwed(execution, clock.now(), say))
  return 'over'
}
