import type { Plan, Refusal } from '@kubewise/contracts'
import { isKubeError } from '@kubewise/kube'
import { needsOf, sayNeed, type Need } from '@kubewise/policy'
import { explain } from '@kubewise/service'
import type { Runtime } from '../runtime.ts'

type Answer = { say: string; isAllowed: boolean; why?: string }

async function ask(kube: Runtime['kube'], need: Need, signal: AbortSignal): Promise<Answer> {
  const say = sayNeed(need)
  try {
    const { isAllowed } = await kube.canI(need, signal)
    return { say, isAllowed }
  } catch (error) {
    signal.throwIfAborted()
    // A server without this API has no opinion beforehand; it refuses the write itself.
    return isKubeError(error, 'not-found') ? { say, isAllowed: true } : { say, isAllowed: false, why: explain(error) }
  }
}

const list = (answers: readonly Answer[]) => answers.map(({ say }) => say).join(', ')

/**
 * Why the plan cannot be carried out by this account, before anything of it is: a right that is missing, or (it can pass) one
 * that could not be asked about.
 *
 * @throws the reason of `signal`
 */
export async function missingPermission(
  { kube }: Pick<Runtime, 'kube'>,
  { steps, fallback }: Plan,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const answers = await Promise.all(needsOf([...steps, ...fallback]).map((need) => ask(kube, need, signal)))
  const refused = answers.filter(({ isAllowed, why }) => !isAllowed && why === undefined)
  if (refused.length > 0) return { code: 'permission-missing', say: `This account may not ${list(refused)}.` }
  const unknown = answers.filter(({ why }) => why !== undefined)
  return (
    unknown[0] && {
      code: 'permission-unknown',
      say: `Whether this account may ${list(unknown)} cannot be asked: ${unknown[0].why}`,
    }
  )
}
