import type { Refusal } from '@kubewise/contracts'
import { LET_GO, restOf, withRest } from '../canary/rest.ts'
import { watchFirstPod, type Watched } from '../canary/watch-first-pod.ts'
import { irreversible, isRefusal } from '../actions/work.ts'
import { workOf } from '../actions/index.ts'
import type { WriteOutcome } from '../ledger/write-once.ts'
import type { Work } from '../work.ts'
import { carryOutStep } from './carry-out-step.ts'
import { withDeadline } from './deadline.ts'
import { noLongerAllowed } from './still-allowed.ts'

async function noteWatched({ audit, ledger, plan, lock, log }: Work, id: string, watched: Watched): Promise<void> {
  const { value, say } = watched
  await audit.append({
    event: 'verdict',
    target: plan.target,
    plan: plan._id,
    step: id,
    epoch: lock.epoch,
    say: `canary ${value}: ${say}`,
  })
  log.info({ plan: plan._id, step: id, canary: value, say }, 'canary watched')
  await ledger.change((execution) => {
    const steps = execution.steps.map((step) =>
      step.id === id && step.canary ? { ...step, canary: { ...step.canary, verdict: value, say } } : step,
    )
    const step = steps.find((each) => each.id === id)
    return value === 'bad' || !step ? { ...execution, steps } : { ...execution, steps: withRest(steps, step, plan._id) }
  })
}

/** The step is what failed: it is taken back, while all pods but one are still as they were. */
async function failed({ ledger }: Work, id: string, refusal: Refusal): Promise<WriteOutcome> {
  await ledger.changeStep(id, (step) => ({ ...step, status: 'failed', refusal }))
  return { outcome: 'unknown', refusal }
}

/**
 * Ends a step that was held at its first new pod: that pod is watched, then a write of its own lets the rest be replaced; or the
 * step failed. Whether KubeWise may still write is asked anew before.
 */
export async function carryOutRest(work: Work, id: string, halted: () => Refusal | undefined): Promise<WriteOutcome> {
  const { ledger } = work
  const { canary } = ledger.step(id)
  if (canary?.verdict === undefined) {
    const watched = await watchFirstPod(work, ledger.step(id), halted)
    if (isRefusal(watched)) return { outcome: 'refused', refusal: watched }
    work.crashpoint('canary-watched')
    await noteWatched(work, id, watched)
    work.crashpoint('canary-noted')
  }
  const known = ledger.step(id).canary
  const rest = restOf(ledger.execution.steps, id)
  if (!rest || known?.verdict === 'bad') return failed(work, id, { code: 'canary-failed', say: known?.say ?? '' })
  const barred = rest.status === 'sent' ? work.barred : (work.barred ?? (await noLongerAllowed(work)))
  const mine = { ...work, ...(barred && { barred }) }
  const wrote = await carryOutStep(withDeadline(mine, rest.id, halted), rest.id)
  const isLetGo = wrote.outcome === 'refused' && wrote.refusal.code === LET_GO.code
  const ended: WriteOutcome = isLetGo ? { outcome: 'observed' } : wrote
  const action = workOf(ledger.step(id).action)
  // From here on the step cannot be taken back any more than without a canary.
  if (ended.outcome === 'observed' && action?.on === 'workload' && !action.undo)
    await ledger.changeStep(id, (step) => ({
      ...step,
      undo: irreversible('All its pods were replaced, which cannot be taken back.'),
    }))
  return ended
}
