import { keyOf, type Target } from '@kubewise/contracts'
import {
  controllerOf,
  resourceOf,
  RESOURCES,
  topOwner,
  type Kube,
  type KubernetesObject,
  type Pod,
} from '@kubewise/kube'

/** A pod, and what brings it back. */
export interface OwnedPod {
  pod: Pod
  /** What its controllers end at; undefined where it has none, or they cannot be followed to their end. */
  target: Target | undefined
}

type Reader = Pick<Kube, 'get' | 'list'>

/** The kubelet's own, from a file on the node: the API server only mirrors it. */
const MIRROR = 'kubernetes.io/config.mirror'
export const isMirror = ({ metadata }: Pod): boolean => metadata?.annotations?.[MIRROR] !== undefined

/** Its controller puts another one on the same node at once, whatever is written on it. */
export const isOfDaemonSet = (pod: Pod): boolean => controllerOf(pod)?.kind === 'DaemonSet'

/** Follows the controllers of pods to their ends, each owner read once. @throws KubeError */
export async function ownersOf(kube: Reader, cluster: string, pods: readonly Pod[]): Promise<OwnedPod[]> {
  const read = new Map<string, Promise<KubernetesObject | undefined>>()
  const get = (owner: { apiVersion: string; kind: string; namespace?: string; name: string; uid?: string }) => {
    const resource = resourceOf(owner)
    if (!resource) return undefined
    const { namespace, name } = owner
    const key = `${owner.kind}/${namespace}/${name}`
    const found = read.get(key) ?? kube.get(resource, { ...(namespace !== undefined && { namespace }), name })
    read.set(key, found)
    return found
  }
  return Promise.all(
    pods.map(async (pod) => {
      if (!controllerOf(pod)) return { pod, target: undefined }
      const { top, isComplete } = await topOwner(pod, get)
      const { kind, namespace = '', name, uid } = top
      return { pod, target: isComplete ? { cluster, kind, namespace, name, ...(uid && { uid }) } : undefined }
    }),
  )
}

/** All pods on a node, whatever their state. @throws KubeError */
export async function podsOnNode(kube: Reader, node: string): Promise<Pod[]> {
  const { items } = await kube.list<Pod>(RESOURCES.Pod, { fieldSelector: `spec.nodeName=${node}` })
  return items
}

/** What the pods on a node belong to, each once. @throws KubeError */
export async function targetsOnNode(kube: Reader, { cluster, name }: Target): Promise<Target[]> {
  const owned = await ownersOf(kube, cluster, await podsOnNode(kube, name))
  const targets = owned.flatMap(({ target }) => target ?? [])
  // In one order for all, so that two that want the same do not each hold half of it.
  return [...new Map(targets.map((target) => [keyOf(target), target])).values()].sort((a, b) =>
    keyOf(a) < keyOf(b) ? -1 : 1,
  )
}
