import type { Refusal, Target } from '@kubewise/contracts'
import {
  conditionOf,
  isPodReady,
  isSelected,
  isTerminating,
  RESOURCES,
  timeMs,
  type Node,
  type Pod,
  type PodDisruptionBudget,
} from '@kubewise/kube'
import { ownersOf } from '../context/pod-owners.ts'
import { TAKEN_UID, TERMINATING_SINCE } from '../ledger/effects/index.ts'
import { irreversible, uidOf, type ObjectWork, type Prepared, type ReadKube } from './work.ts'

/** How long after its time was up a pod counts as stuck: a kubelet that is only slow has ended it by then. */
const STUCK_AFTER_MS = 60_000
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'

/** Deletes one pod, as it asks to be ended, or by its grace period of 0. */
export const deletionOf = (pod: Pod, say: string, gracePeriodSeconds?: number): Prepared => ({
  effect: { kind: 'delete', uid: uidOf(pod), ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }) },
  changes: [
    { path: TAKEN_UID, before: uidOf(pod), after: null },
    ...(isTerminating(pod) ? [{ path: TERMINATING_SINCE, before: pod.metadata?.deletionTimestamp, after: null }] : []),
  ],
  undo: irreversible(say),
})

const evictionApplies = ({ metadata }: Pod, why: string): Refusal => ({
  code: 'eviction-applies',
  say: `The pod ${metadata?.name} ${why}; evicting is the way, which asks its budgets.`,
})

/**
 * A node that will not end its pods any more. Where a pod has a name of its own, its double could write to the same volume while
 * a node that is only cut off still runs it: there, the node must be gone or said by a person to be out of service.
 */
function deadNodeRefusal(node: Node | undefined, { metadata, spec }: Pod, target: Target): Refusal | undefined {
  if (!node || node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE)) return undefined
  const isAlive = conditionOf({ status: node.status ?? {} }, 'Ready')?.status === 'True'
  if (isAlive)
    return {
      code: 'node-alive',
      say: `The node ${spec?.nodeName} is ready; it will end the pod ${metadata?.name} itself.`,
    }
  return target.kind === 'StatefulSet'
    ? {
        code: 'node-may-live',
        say: `The node ${spec?.nodeName} may be cut off only, and still run ${metadata?.name}; mark it as ${OUT_OF_SERVICE} first.`,
      }
    : undefined
}

/** A pod that was told to end, and never will. @throws KubeError */
async function stuck(kube: ReadKube, pod: Pod, target: Target, nowMs: number): Promise<Prepared | Refusal> {
  const { name, deletionTimestamp, finalizers = [] } = pod.metadata ?? {}
  // The time that the server writes there is when its grace is over.
  const overdueMs = nowMs - (timeMs(deletionTimestamp) ?? nowMs)
  if (overdueMs < STUCK_AFTER_MS)
    return { code: 'pod-ending', say: `The pod ${name} is being ended; that may take until ${deletionTimestamp}.` }
  if (finalizers.length > 0)
    return {
      code: 'pod-held',
      say: `The pod ${name} is held by ${finalizers.join(', ')}; who put that there must let go.`,
    }
  const nodeName = pod.spec?.nodeName
  const node = nodeName === undefined ? undefined : await kube.get<Node>(RESOURCES.Node, { name: nodeName })
  return (
    deadNodeRefusal(node, pod, target) ??
    deletionOf(pod, 'A pod whose node is dead cannot be brought back; its controller makes another one.', 0)
  )
}

/** More than one budget on a pod is what the eviction API cannot do; one that is not ready takes from none of them. @throws KubeError */
async function unevictable(kube: ReadKube, pod: Pod): Promise<Prepared | Refusal> {
  const { namespace = '', labels = {}, name } = pod.metadata ?? {}
  const { items } = await kube.list<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, { namespace })
  const budgets = items.filter(({ spec }) => isSelected(spec?.selector, labels))
  if (budgets.length < 2) return evictionApplies(pod, 'can be evicted')
  if (isPodReady(pod))
    return { code: 'pod-ready', say: `The pod ${name} is ready, and ${budgets.length} budgets count on it.` }
  return deletionOf(pod, 'A deleted pod cannot be brought back; its controller makes another one.')
}

/** Deletes one pod, by uid, where the eviction API cannot: it sticks on a dead node, or several budgets are about it. */
export const deletePod: ObjectWork = {
  on: 'object',
  name: 'delete-pod@1',
  effect: 'delete',

  async prepare({ object, target, kube, nowMs }) {
    const pod = object as Pod
    const [owned] = await ownersOf(kube, target.cluster, [pod])
    const name = pod.metadata?.name
    if (!owned?.target) return { code: 'bare-pod', say: `The pod ${name} has no controller to bring it back.` }
    if (owned.target.kind !== target.kind || owned.target.name !== target.name)
      return { code: 'foreign-object', say: `The pod ${name} is of ${owned.target.kind} ${owned.target.name}.` }
    return isTerminating(pod) ? stuck(kube, pod, target, nowMs) : unevictable(kube, pod)
  },
}
