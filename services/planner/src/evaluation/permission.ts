import type { PlanStep } from '@kubewise/contracts'
import type { Kube } from '@kubewise/kube'
import { needsOf, sayNeed, type Need } from '@kubewise/policy'
import { explain } from '@kubewise/service'
import { doubt, gravest, pass, refuse, type Verdict } from './check.ts'

async function askOne(
  kube: Pick<Kube, 'canI'>,
  need: Need,
  account: string | undefined,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    const { isAllowed } = await kube.canI({ ...need, ...(account !== undefined && { user: account }) }, signal)
    const who = account ?? 'This account'
    return isAllowed ? pass('') : refuse('permission-missing', `${who} may not ${sayNeed(need)}.`)
  } catch (error) {
    return doubt(`Whether the executor may ${sayNeed(need)} cannot be asked: ${explain(error)}`)
  }
}

/**
 * May the executor do what the steps need?
 *
 * @param account the executor's, asked about by SubjectAccessReview; undefined where the planner shares it
 */
export async function checkPermission(
  kube: Pick<Kube, 'canI'>,
  steps: readonly PlanStep[],
  account: string | undefined,
  signal: AbortSignal,
): Promise<Verdict> {
  const verdicts = await Promise.all(needsOf(steps).map((need) => askOne(kube, need, account, signal)))
  return gravest(
    verdicts.filter(({ verdict }) => verdict !== 'passed'),
    'The executor may do all that the steps need.',
  )
}
