import type { PlanStep, Refusal } from '@kubewise/contracts'
import { isKubeError, RESOURCES, type JsonPatchOperation, type Kube, type ResourceName } from '@kubewise/kube'

/** What the API server says to a change that is not made. */
export type Preflight = { outcome: 'passed' | 'not-asked' } | { outcome: 'refused'; refusal: Refusal }

/** A step with the change that the server is asked about. */
export interface Draft {
  step: PlanStep
  patch?: JsonPatchOperation[]
}

const LONGEST_ANSWER = 300

/** A dry run needs the right to write, which the planner has only where it shares the executor's account. */
const isNoRight = (message: string) => /\bcannot (?:patch|create) resource\b/.test(message)

/** The change itself is what is not taken: by validation, or by admission, which says forbidden too. All else says nothing of it. */
function refusalOf(error: unknown): Refusal | undefined {
  const isRefused = isKubeError(error, 'invalid') || (isKubeError(error, 'forbidden') && !isNoRight(error.message))
  if (!isRefused) return undefined
  return { code: 'preflight-refused', say: `The API server would refuse it: ${error.message.slice(0, LONGEST_ANSWER)}` }
}

async function ask(kube: Pick<Kube, 'patch' | 'evict'>, { step, patch }: Draft, signal: AbortSignal): Promise<boolean> {
  const { kind, namespace, name } = step.object
  if (step.action === 'evict-pod@1') {
    await kube.evict({ namespace, name }, String(step.with['uid']), { isDryRun: true, signal })
    return true
  }
  if (!patch || !(kind in RESOURCES)) return false
  const uid = step.preconditions.find(({ field }) => field === 'metadata.uid')?.is
  const guarded: JsonPatchOperation[] = [{ op: 'test', path: '/metadata/uid', value: uid }, ...patch]
  const resource = RESOURCES[kind as ResourceName]
  await kube.patch(resource, { namespace, name }, { type: 'json', operations: guarded }, { isDryRun: true, signal })
  return true
}

/**
 * Asks the API server what it would say to the steps, admission included, without changing anything. Only a clear no counts:
 * who cannot ask (forbidden) or gets no answer leaves the question to the executor.
 */
export async function preflight(
  kube: Pick<Kube, 'patch' | 'evict'>,
  drafts: readonly Draft[],
  signal: AbortSignal,
): Promise<Preflight> {
  const answers = await Promise.allSettled(drafts.map((draft) => ask(kube, draft, signal)))
  for (const answer of answers) {
    const refusal = answer.status === 'rejected' ? refusalOf(answer.reason) : undefined
    if (refusal) return { outcome: 'refused', refusal }
  }
  const isAsked = answers.length > 0 && answers.every((answer) => answer.status === 'fulfilled' && answer.value)
  return { outcome: isAsked ? 'passed' : 'not-asked' }
}

/** Steps that only tell, or come after one that changes what they rest on, are not asked about. */
export function firstDrafts(drafts: readonly Draft[]): Draft[] {
  return drafts.filter(({ step }) => step.needs.length === 0 && step.preconditions.length > 0)
}
