import {
  isPodFinished,
  isPodReady,
  isTerminating,
  type ControllerRevision,
  type Pod,
  type StatefulSet,
} from '@kubewise/kube'
import { isAvailable } from '../../objects/pods.ts'
import { labelOf } from '../revision-history.ts'

/** What to do with the pods of a StatefulSet now. One step at a time where order is kept. */
export type Step = { do: 'create'; ordinal: number; revision: ControllerRevision } | { do: 'delete'; pod: Pod }

export interface Situation {
  set: StatefulSet
  pods: readonly Pod[]
  current: ControllerRevision
  update: ControllerRevision
  nowMs: number
}

/** The number at the end of a pod's name; -1 if there is none. */
function ordinalOf(pod: Pod): number {
  return Number(/-(\d+)$/.exec(pod.metadata?.name ?? '')?.[1] ?? -1)
}

export const podRevision = (pod: Pod) => pod.metadata?.labels?.['controller-revision-hash']

const isParallel = ({ spec }: StatefulSet) => spec?.podManagementPolicy === 'Parallel'
const partitionOf = ({ spec }: StatefulSet) => spec?.updateStrategy?.rollingUpdate?.partition ?? 0

/**
 * The steps that are due: missing pods in order, surplus pods from the highest, then pods of another revision from the
 * highest. With ordered pods each waits until all before it are ready, so that a broken pod stops everything behind it,
 * also its own replacement after the template was put right.
 *
 * @see updateStatefulSet in pkg/controller/statefulset of Kubernetes
 */
export function nextSteps(situation: Situation): Step[] {
  const { set } = situation
  if (isTerminating(set)) return []
  const replicas = replicaSteps(situation)
  if (replicas.isBlocked) return replicas.steps
  const surplus = surplusSteps(situation)
  if (surplus.isBlocked) return [...replicas.steps, ...surplus.steps]
  return [...replicas.steps, ...surplus.steps, ...updateSteps(situation)]
}

interface Stage {
  steps: Step[]
  isBlocked: boolean
}

function replicaSteps(situation: Situation): Stage {
  const { set, pods } = situation
  const steps: Step[] = []
  for (let ordinal = 0; ordinal < (set.spec?.replicas ?? 1); ordinal++) {
    const pod = pods.find((one) => ordinalOf(one) === ordinal)
    const step = stepFor(situation, ordinal, pod)
    if (step) steps.push(step)
    const isWaiting = step !== undefined || !pod || !isSettled(situation, pod)
    if (isWaiting && !isParallel(set)) return { steps, isBlocked: true }
  }
  return { steps, isBlocked: false }
}

function stepFor({ set, current, update }: Situation, ordinal: number, pod: Pod | undefined): Step | undefined {
  if (!pod) return { do: 'create', ordinal, revision: ordinal < partitionOf(set) ? current : update }
  return isPodFinished(pod) && !isTerminating(pod) ? { do: 'delete', pod } : undefined
}

function isSettled({ set, nowMs }: Situation, pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod) && isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)
}

function surplusSteps(situation: Situation): Stage {
  const { set, pods } = situation
  const surplus = pods
    .filter((pod) => ordinalOf(pod) >= (set.spec?.replicas ?? 1))
    .toSorted((a, b) => ordinalOf(b) - ordinalOf(a))
  if (isParallel(set))
    return {
      steps: surplus.filter((pod) => !isTerminating(pod)).map((pod) => ({ do: 'delete', pod })),
      isBlocked: false,
    }
  const [highest] = surplus
  if (!highest) return { steps: [], isBlocked: false }
  const firstIll = surplus.toReversed().find((pod) => !isSettled(situation, pod))
  const mayGo = !isTerminating(highest) && (firstIll === undefined || firstIll === highest)
  return { steps: mayGo ? [{ do: 'delete', pod: highest }] : [], isBlocked: true }
}

function updateSteps(situation: Situation): Step[] {
  const { set, pods, update } = situation
  if (set.spec?.updateStrategy?.type === 'OnDelete') return []
  for (let ordinal = (set.spec?.replicas ?? 1) - 1; ordinal >= partitionOf(set); ordinal--) {
    const pod = pods.find((one) => ordinalOf(one) === ordinal)
    if (!pod) return []
    if (podRevision(pod) !== labelOf(update) && !isTerminating(pod)) return [{ do: 'delete', pod }]
    if (!isSettled(situation, pod)) return []
  }
  return []
}
