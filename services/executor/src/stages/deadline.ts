import type { Refusal } from '@kubewise/contracts'
import { planStepOf, type Work } from '../work.ts'

const SECOND = 1000

/**
 * How much time a step has left. It counts from the step's first intent, also over a crash, and from now where there is none; a
 * clock that was set back makes it no longer than the plan says.
 */
export function leftMsOf({ plan, ledger, clock }: Work, id: string): number {
  const step = ledger.step(id)
  const timeoutMs = planStepOf(plan, step).timeoutSeconds * SECOND
  const endsMs = (step.intentMs ?? clock.now()) + timeoutMs
  return Math.min(timeoutMs, Math.max(0, endsMs - clock.now()))
}

/** The same work, in which this step is not sent any more once its time is over, or once it may not go on. */
export function withDeadline(work: Work, id: string, halted: () => Refusal | undefined = () => undefined): Work {
  const { clock, ledger, plan } = work
  const deadlineMs = clock.monotonic() + leftMsOf(work, id)
  const { timeoutSeconds } = planStepOf(plan, ledger.step(id))
  const say = `It was not done within its ${timeoutSeconds} s, and is not sent any more.`
  const overdue = () => (clock.monotonic() >= deadlineMs ? { code: 'deadline', say } : undefined)
  return { ...work, tooLate: () => halted() ?? overdue() }
}
