import { RESOURCES, type JsonPatchOperation, type Kube, type Pod, type ResourceName } from '@kubewise/kube'
import type { Context } from '../context/context.ts'
import { answerOf } from './answer.ts'
import type { Arrival } from './arrivals.ts'
import { doubt, gravest, pass, type Draft, type Verdict } from './check.ts'
import { podFrom } from './new-pod.ts'

export type DryRunKube = Pick<Kube, 'patch' | 'evict' | 'create' | 'canI'>

async function askChange(kube: DryRunKube, { step, patch }: Draft, signal: AbortSignal): Promise<Verdict> {
  const { kind, namespace, name } = step.object
  if (step.action === 'evict-pod@1') {
    await kube.evict({ namespace, name }, String(step.with['uid']), { isDryRun: true, signal })
    return pass('')
  }
  if (!patch || !(kind in RESOURCES)) return doubt(`${step.action} is no change that can be asked about.`)
  const uid = step.preconditions.find(({ field }) => field === 'metadata.uid')?.is
  const guarded: JsonPatchOperation[] = [{ op: 'test', path: '/metadata/uid', value: uid }, ...patch]
  const ref = namespace === '' ? { name } : { namespace, name }
  const resource = RESOURCES[kind as ResourceName]
  await kube.patch(resource, ref, { type: 'json', operations: guarded }, { isDryRun: true, signal })
  return pass('')
}

/** Asks the API server what it would say to the changes, admission included, without making any. */
export async function checkDryRun(kube: DryRunKube, drafts: readonly Draft[], signal: AbortSignal): Promise<Verdict> {
  if (drafts.length === 0) return doubt('There is no change that can be asked about now.')
  const verdicts = await Promise.all(drafts.map((draft) => askChange(kube, draft, signal).catch(answerOf)))
  return gravest(
    verdicts.filter(({ verdict }) => verdict !== 'passed'),
    'The API server would take the change.',
  )
}

const mayCreatePods = (kube: DryRunKube, namespace: string, signal: AbortSignal) =>
  kube.canI({ verb: 'create', group: '', resource: 'pods', namespace }, signal).then(
    ({ isAllowed }) => isAllowed,
    () => false,
  )

async function askPod(kube: DryRunKube, pod: Pod, signal: AbortSignal): Promise<Verdict> {
  await kube.create(RESOURCES.Pod, pod, { isDryRun: true, signal })
  return pass('The API server would take the new pod.')
}

/**
 * Asks the API server whether it would take the pods that must come: quota, Pod Security, limit ranges and webhooks then speak
 * for themselves.
 *
 * @returns undefined where this account may not create pods
 */
export async function askPods(
  kube: DryRunKube,
  context: Context,
  arrivals: readonly Arrival[],
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const { namespace } = context.incident.target
  if (arrivals.length === 0 || !(await mayCreatePods(kube, namespace, signal))) return undefined
  const verdicts = await Promise.all(
    arrivals.map((arrival) => askPod(kube, podFrom(context, arrival), signal).catch(answerOf)),
  )
  return gravest(verdicts, 'The API server would take the new pod.')
}
