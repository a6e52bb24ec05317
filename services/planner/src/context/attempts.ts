import { SETTLED, type Execution, type Facts } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import type { Context } from './context.ts'

/** An attempt is a plan of which something was sent to the cluster; telling a person is none. */
export function isAttempt({ actedMs, steps }: Execution): boolean {
  return actedMs !== undefined && steps.some(({ action }) => actionNamed(action)?.isPassive !== true)
}

/** Is an execution at work? One that a guard asked to wait was let go again: the incident may be decided otherwise meanwhile. */
export function isUnderWay({ status, refusal }: Execution): boolean {
  return !SETTLED.includes(status) && !(status === 'claimed' && refusal !== undefined)
}

export function attemptFacts({ executions }: Pick<Context, 'executions'>): Facts['attempts'] {
  const attempts = executions.filter(isAttempt)
  const last = attempts.at(-1)
  const step = last?.steps.findLast(({ action }) => actionNamed(action)?.isPassive !== true)
  return { count: attempts.length, lastAction: step?.action ?? '', lastOutcome: last?.status ?? '' }
}
