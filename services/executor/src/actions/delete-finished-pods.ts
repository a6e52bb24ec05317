import type { Target } from '@kubewise/contracts'
import {
  conditionOf,
  controllerOf,
  isPodFinished,
  isTerminating,
  RESOURCES,
  timeMs,
  type Job,
  type Pod,
} from '@kubewise/kube'
import { ownersOf } from '../context/pod-owners.ts'
import { deletionOf } from './delete-pod.ts'
import type { Member, ReadKube, SeveralWork } from './work.ts'

const sinceMs = ({ status, metadata }: Pod): number => {
  const ended = (status?.containerStatuses ?? []).flatMap(({ state }) => timeMs(state?.terminated?.finishedAt) ?? [])
  return ended.length > 0 ? Math.max(...ended) : (timeMs(metadata?.creationTimestamp) ?? 0)
}

const isOver = ({ status }: Job) =>
  ['Complete', 'Failed'].some((type) => conditionOf({ status: status ?? {} }, type)?.status === 'True')

const isOf = ({ kind, namespace, name }: Target, other: Target | undefined) =>
  other?.kind === kind && other.namespace === namespace && other.name === name

/** Of these, whose Job still counts them, by the Job's name. @throws KubeError */
async function runningJobs(kube: ReadKube, namespace: string, pods: readonly Pod[]): Promise<Set<string>> {
  const controllers = pods.flatMap((pod) => controllerOf(pod) ?? [])
  const names = [...new Set(controllers.filter(({ kind }) => kind === 'Job').map(({ name }) => name))]
  const jobs = await Promise.all(names.map((name) => kube.get<Job>(RESOURCES.Job, { namespace, name })))
  return new Set(names.filter((_, i) => jobs[i] && !isOver(jobs[i])))
}

/** Deletes pods of the target that ran to their end, the oldest first: they hold names, addresses and quota, and do nothing. */
export const deleteFinishedPods: SeveralWork = {
  on: 'several',
  name: 'delete-finished-pods@1',
  memberEffect: 'delete',

  async members({ kube, object, target, step }, takenCount) {
    // A Job that still runs counts its pods; one of them missing might be made again.
    if (object.kind === 'Job' && !isOver(object))
      return { code: 'job-running', say: `The Job ${target.name} has not ended; it still counts its pods.` }
    const { items } = await kube.list<Pod>(RESOURCES.Pod, { namespace: target.namespace })
    const finished = items.filter((pod) => isPodFinished(pod) && !isTerminating(pod))
    const owned = await ownersOf(kube, target.cluster, finished)
    const left = Math.max(0, Number(step.with['atMost']) - takenCount)
    const ours = owned.filter((one): one is Member => isOf(target, one.target))
    const counting = await runningJobs(
      kube,
      target.namespace,
      ours.map(({ pod }) => pod),
    )
    const members = ours
      .filter(({ pod }) => !counting.has(controllerOf(pod)?.name ?? ''))
      .sort((a, b) => sinceMs(a.pod) - sinceMs(b.pod))
      .slice(0, left)
    return members.length === 0 && takenCount === 0
      ? counting.size > 0
        ? {
            code: 'job-running',
            say: `The Jobs of ${target.name} that made its ended pods have not ended; they count them.`,
          }
        : { code: 'already-so', say: `${target.name} has no pods that ran to their end.` }
      : members
  },

  prepareMember: (pod) =>
    isPodFinished(pod)
      ? deletionOf(pod, 'A pod that ended cannot be brought back; its log is gone with it.')
      : { code: 'pod-running', say: `The pod ${pod.metadata?.name} has not ended.` },
}
