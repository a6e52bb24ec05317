import { titleOf, type Execution, type ExecutionStatus, type Refusal } from '@kubewise/contracts'
import type { Work } from '../work.ts'

type Ending = Extract<ExecutionStatus, 'recovered' | 'refused' | 'undone' | 'escalated' | 'failed'>

/** The plan was overtaken by better news or a better plan: nobody need be told that it was not carried out. */
const NOT_WORTH_TELLING: ReadonlySet<string> = new Set(['incident-resolved', 'plan-superseded'])

const isWorthTelling = (status: Ending, refusal: Refusal | undefined) =>
  status !== 'refused' || !refusal || !NOT_WORTH_TELLING.has(refusal.code)

/** How an execution that did not help ended, by what became of its steps. */
export function endedStatus({ steps }: Execution): Ending {
  if (steps.some(({ status }) => status === 'undone')) return 'undone'
  return steps.some(({ status }) => status === 'escalated') ? 'escalated' : 'failed'
}

/** That every receiver has still to be told. */
export function untoldBy({ receivers }: Work['options']): Pick<Execution, 'isUntold' | 'untold'> {
  const untold = receivers.map(({ name }) => name)
  return untold.length > 0 ? { isUntold: true, untold } : {}
}

/** The clock of attempts and cooldown starts only where something was, or may have been, changed. */
function ended({ clock, options }: Work, execution: Execution, status: Ending, say: string): Execution {
  const { actedMs, owed: _owed, isUntold: _isUntold, untold: _untold, ...rest } = execution
  const hasActed = actedMs !== undefined && status !== 'refused'
  // In the same write, so that a message that is not taken, or a death before it is sent, cannot lose it.
  const told = isWorthTelling(status, rest.refusal) ? untoldBy(options) : {}
  return {
    ...rest,
    ...(hasActed && { actedMs }),
    ...told,
    status,
    say,
    finishedMs: clock.now(),
    holderUntilMs: 0,
  }
}

/**
 * Brings an execution to its end: in the record first, then the target's rest, which whoever comes next makes good if we die
 * in between; then people are told.
 */
export async function settle(work: Work, status: Ending, say: string): Promise<void> {
  const { ledger, lock, limits, audit, plan, crashpoint } = work
  crashpoint('before-settle')
  await audit.append({
    event: 'settled',
    target: plan.target,
    plan: plan._id,
    epoch: lock.epoch,
    say: `${status}: ${say}`,
  })
  await ledger.change((execution) => ended(work, execution, status, say))
  crashpoint('after-settle')
  await lock.release(ledger.execution, limits)
  report(work, status, say)
}

function report({ ledger, plan, log, figures, teller, mayNote }: Work, status: Ending, say: string): void {
  const { execution } = ledger
  const { actedMs, claimedMs, finishedMs = claimedMs, refusal } = execution
  if (status === 'refused' && refusal) figures.refused(refusal.code)
  if (actedMs !== undefined) figures.settled((finishedMs - claimedMs) / 1000)
  const what = {
    plan: plan._id,
    target: titleOf(plan.target),
    cause: plan.cause,
    ...(refusal && { code: refusal.code }),
    say,
  }
  log[status === 'recovered' || status === 'refused' ? 'info' : 'warn'](what, status)
  if (isWorthTelling(status, refusal)) teller.tell(plan, status, say, { execution, mayNote })
}
