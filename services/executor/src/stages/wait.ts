import type { Execution, ExecutionStep, Refusal } from '@kubewise/contracts'
import type { Work } from '../work.ts'

const untouched = ({ id, action, object, isFallback, marker }: ExecutionStep): ExecutionStep => ({
  id,
  action,
  object,
  isFallback,
  marker,
  status: 'pending',
  changes: [],
})

/** As it was claimed, with the reason why nobody works on it: it counts in no budget, and is looked at again. */
export function waitingFor(execution: Execution, refusal: Refusal): Execution {
  const { actedMs: _acted, verifyingSinceMs: _verifying, neighbours: _noted, ...rest } = execution
  return { ...rest, status: 'claimed', refusal, holderUntilMs: 0, steps: execution.steps.map(untouched) }
}

/** Lets a plan go that may not be carried out now, but perhaps soon; nothing was changed. */
export async function letWait(work: Work, refusal: Refusal): Promise<void> {
  const { ledger, lock, limits, log, plan, figures } = work
  await ledger.change((execution) => waitingFor(execution, refusal))
  await lock.release(ledger.execution, limits)
  figures.refused(refusal.code)
  log.info({ plan: plan._id, ...refusal }, 'waits')
}
