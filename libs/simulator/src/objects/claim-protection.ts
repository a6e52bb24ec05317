import { RESOURCES, type KubernetesObject, type PersistentVolumeClaim, type Pod } from '@kubewise/kube'
import type { Etcd } from './object-store.ts'

export const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection'

const MANAGER = 'kube-controller-manager'

function uses(pod: Pod, claim: string): boolean {
  return (pod.spec?.volumes ?? []).some((volume) => volume.persistentVolumeClaim?.claimName === claim)
}

/**
 * Lets claims go that are being deleted once no pod uses them.
 *
 * @returns a function that stops it
 */
export function startClaimProtection({ etcd }: { etcd: Etcd }): () => void {
  function release(claim: KubernetesObject): void {
    const { namespace, name = '', deletionTimestamp, finalizers = [] } = claim.metadata ?? {}
    if (deletionTimestamp === undefined || !finalizers.includes(CLAIM_FINALIZER)) return
    if (etcd.list<Pod>(RESOURCES.Pod, namespace).some((pod) => uses(pod, name))) return
    etcd.update<PersistentVolumeClaim>(RESOURCES.PersistentVolumeClaim, namespace, name, MANAGER, (it) => {
      const kept = (it.metadata?.finalizers ?? []).filter((finalizer) => finalizer !== CLAIM_FINALIZER)
      return { ...it, metadata: { ...it.metadata, finalizers: kept } }
    })
  }

  return etcd.subscribe(({ type, resource, object }) => {
    const isPodGone = type === 'DELETED' && resource.plural === 'pods'
    const isClaim = type !== 'DELETED' && resource.plural === 'persistentvolumeclaims'
    if (!isPodGone && !isClaim) return
    for (const claim of etcd.list(RESOURCES.PersistentVolumeClaim, object.metadata?.namespace)) release(claim)
  })
}
