import type { Refusal } from '@kubewise/contracts'
import {
  isManaged,
  isPodFinished,
  isPodReady,
  isTerminating,
  RESOURCES,
  type Namespace,
  type Pod,
} from '@kubewise/kube'
import { isMirror, isOfDaemonSet, ownersOf, podsOnNode, type OwnedPod } from '../context/pod-owners.ts'
import { refOf, resourceOfKind } from '../context/workload.ts'
import { CORDONED } from './cordon.ts'
import { evictionOf } from './evict-pod.ts'
import { isSetByUs, setFlag, takingOff } from './flag.ts'
import { localDataRefusal } from './local-data.ts'
import {
  irreversible,
  isRefusal,
  type Member,
  type ReadKube,
  type SeveralPreparation,
  type SeveralWork,
} from './work.ts'

const titled = ({ metadata }: Pod) => `${metadata?.namespace}/${metadata?.name}`

/** What is protected is not moved. */
function protectedRefusal(pod: Pod, { protectedNamespaces }: SeveralPreparation): Refusal | undefined {
  if (!protectedNamespaces.isKnown)
    return { code: 'protected-unknown', say: `The protected namespaces cannot be read: ${protectedNamespaces.why}` }
  return protectedNamespaces.value.includes(pod.metadata?.namespace ?? '')
    ? { code: 'protected-namespace', say: `The pod ${titled(pod)} lies in a protected namespace.` }
    : undefined
}

/** Nor is what did not opt in: nobody asked. @throws KubeError */
async function scopeRefusal(kube: ReadKube, { pod, target }: Member): Promise<Refusal | undefined> {
  const resource = resourceOfKind(target.kind)
  const [owner, namespace] = await Promise.all([
    resource && kube.get(resource, refOf(target)),
    kube.get<Namespace>(RESOURCES.Namespace, { name: target.namespace }),
  ])
  return isManaged(owner, namespace)
    ? undefined
    : { code: 'not-managed', say: `The pod ${titled(pod)} is of ${target.kind} ${target.name}, which did not opt in.` }
}

/** A pod that may be evicted, or why the node must not be drained. @throws KubeError */
async function memberOf({ pod, target }: OwnedPod, preparation: SeveralPreparation): Promise<Member | Refusal> {
  const { kube, step } = preparation
  const isProtected = protectedRefusal(pod, preparation)
  if (isProtected) return isProtected
  if (!target)
    return { code: 'bare-pod', say: `The pod ${titled(pod)} has no controller that is known to bring it back.` }
  const mayDeleteEmptyDirs = step.with['deleteEmptyDirData'] === true
  const refusal =
    (await scopeRefusal(kube, { pod, target })) ?? (await localDataRefusal(kube, pod, { mayDeleteEmptyDirs }))
  return refusal ?? { pod, target }
}

/** What holds the node up: pods that ended, or are ending, or would be back at once, do not. */
const isInTheWay = (pod: Pod) => !isTerminating(pod) && !isPodFinished(pod) && !isMirror(pod) && !isOfDaemonSet(pod)

/**
 * Cordons a node, then evicts its pods one by one, as their disruption budgets allow. All of them are looked at first: one that
 * must stay means that nothing is done.
 */
export const drain: SeveralWork = {
  on: 'several',
  name: 'drain@1',
  memberEffect: 'evict',

  prepare({ object, incident }) {
    if (!CORDONED.isSet(object)) return setFlag(object, CORDONED, true, incident, 'Uncordons the node.')
    if (!isSetByUs(object, CORDONED))
      return { code: 'cordoned-by-others', say: 'Somebody else cordoned the node; that is maintenance.' }
    const { changes: _none, ...again } = setFlag(object, CORDONED, true, incident, '')
    return { ...again, changes: [], undo: irreversible('The node was cordoned before, and stays so.') }
  },

  undo: takingOff(CORDONED),

  async members(preparation) {
    const { kube, object, target } = preparation
    const pods = (await podsOnNode(kube, object.metadata?.name ?? '')).filter(isInTheWay)
    const members = await Promise.all(
      (await ownersOf(kube, target.cluster, pods)).map((owned) => memberOf(owned, preparation)),
    )
    const refusal = members.find(isRefusal)
    if (refusal) return refusal
    const all = members.filter((member): member is Member => !isRefusal(member))
    // The ill ones first: their replacements may be ready by the time that the others go.
    return all.sort((a, b) => Number(isPodReady(a.pod)) - Number(isPodReady(b.pod)))
  },

  prepareMember: evictionOf,
}
