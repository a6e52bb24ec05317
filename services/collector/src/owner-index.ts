import type { Entity, Target } from '@kubewise/contracts'
import type { KubernetesObject, OwnerReference } from '@kubewise/kube'

const key = (kind: string, namespace: string, name: string) => `${kind}/${namespace}/${name}`
const MAX_DEPTH = 5

/**
 * Who owns what, from the watches: no request for each pod. An owner that is not watched (a custom controller's kind) ends the
 * chain: it is the target itself.
 */
export class OwnerIndex {
  readonly #cluster: string
  /** The controlling owner of each watched object; undefined for one that has none. */
  readonly #owners = new Map<string, OwnerReference | undefined>()
  /** ReplicaSets that are known by their pods' word alone, with these pods: they go with the last of them. */
  readonly #expected = new Map<string, Set<string>>()

  constructor(cluster: string) {
    this.#cluster = cluster
  }

  set(kind: string, object: KubernetesObject): void {
    const { namespace = '', name = '', ownerReferences = [] } = object.metadata ?? {}
    const owner = ownerReferences.find((reference) => reference.controller) ?? ownerReferences[0]
    this.#owners.set(key(kind, namespace, name), owner)
    if (kind === 'ReplicaSet') this.#expected.delete(key(kind, namespace, name))
    if (kind === 'Pod' && owner?.kind === 'ReplicaSet') this.#expectDeployment(object, namespace, owner.name)
  }

  /**
   * A pod may be seen before its new ReplicaSet is: two watches, no order between them. Only a Deployment's controller labels
   * with the hash that ends the ReplicaSet's name, so the name tells the owner until the ReplicaSet itself does.
   */
  #expectDeployment(pod: KubernetesObject, namespace: string, replicaSet: string): void {
    const ending = `-${pod.metadata?.labels?.['pod-template-hash'] ?? ''}`
    const id = key('ReplicaSet', namespace, replicaSet)
    if (ending === '-' || !replicaSet.endsWith(ending)) return
    const pods = this.#expected.get(id) ?? new Set()
    if (this.#owners.has(id) && pods.size === 0) return
    this.#expected.set(id, pods.add(key('Pod', namespace, pod.metadata?.name ?? '')))
    this.#owners.set(id, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: replicaSet.slice(0, -ending.length),
      uid: '',
    })
  }

  /**
   * What is not owned may still belong to something: an autoscaler to what it scales, a disruption budget to the one workload
   * that it covers. From then on that is its owner.
   */
  follow(kind: string, namespace: string, name: string, owner: { kind: string; name: string } | undefined): void {
    this.#owners.set(key(kind, namespace, name), owner && { apiVersion: '', uid: '', ...owner })
  }

  delete(kind: string, object: KubernetesObject): void {
    const { namespace = '', name = '' } = object.metadata ?? {}
    const id = key(kind, namespace, name)
    const owner = this.#owners.get(id)
    this.#owners.delete(id)
    if (kind !== 'Pod' || !owner) return
    const ofOwner = key(owner.kind, namespace, owner.name)
    const pods = this.#expected.get(ofOwner)
    if (!pods?.delete(id) || pods.size > 0) return
    this.#expected.delete(ofOwner)
    this.#owners.delete(ofOwner)
  }

  has(kind: string, namespace: string, name: string): boolean {
    return this.#owners.has(key(kind, namespace, name))
  }

  /** The top owner of an object; the object itself where it has none. */
  targetOf(kind: string, namespace: string, name: string, uid?: string): Target {
    let current: Entity = { cluster: this.#cluster, kind, namespace, name, ...(uid !== undefined && { uid }) }
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const owner = this.#owners.get(key(current.kind, current.namespace, current.name))
      // Static pods are owned by their node: the pod is what matters.
      if (!owner || owner.kind === 'Node') return withoutUid(current)
      current = { cluster: this.#cluster, kind: owner.kind, namespace: current.namespace, name: owner.name }
    }
    return withoutUid(current)
  }
}

/** A target is known by its name: a recreated workload is the same target. */
const withoutUid = ({ cluster, kind, namespace, name }: Entity): Target => ({ cluster, kind, namespace, name })
