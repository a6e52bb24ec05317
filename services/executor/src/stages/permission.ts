import type { Refusal } from '@kubewise/contracts'
import { needsOf, sayNeed } from '@kubewise/policy'
import type { Work } from '../work.ts'

/**
 * Why the plan cannot be carried out by this account, before anything of it is. A right that cannot be asked about is left to the
 * write itself, which the API server refuses.
 */
export async function missingPermission({ kube, plan, stopping }: Work): Promise<Refusal | undefined> {
  const answers = await Promise.all(
    needsOf([...plan.steps, ...plan.fallback]).map(async (need) => {
      const { isAllowed } = await kube.canI(need, stopping).catch(() => ({ isAllowed: true }))
      return isAllowed ? [] : [sayNeed(need)]
    }),
  )
  const missing = answers.flat()
  return missing.length === 0
    ? undefined
    : { code: 'permission-missing', say: `This account may not ${missing.join(', ')}.` }
}
