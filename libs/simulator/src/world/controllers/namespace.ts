import {
  isTerminating,
  RESOURCES,
  type KubernetesObject,
  type Namespace,
  type Pod,
  type Resource,
} from '@kubewise/kube'
import { deletePod } from '../objects/pods.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'

const MANAGER = 'namespace-controller'

/** Empties namespaces that are being deleted, then lets them go; gives new ones their phase. */
export function createNamespaceController({ objects }: WorldPorts): Reconcile {
  const contents: Resource[] = Object.values(RESOURCES).filter(
    ({ isNamespaced, group }) => isNamespaced && group !== 'events.k8s.io',
  )

  function empty(namespace: string, nowMs: number): boolean {
    let isEmpty = true
    for (const resource of contents)
      for (const object of objects.list(resource, namespace)) {
        isEmpty = false
        if (resource === RESOURCES.Pod) deletePod(objects, object, MANAGER, nowMs)
        else objects.remove(resource, namespace, object.metadata?.name ?? '')
      }
    return isEmpty
  }

  function setPhase(namespace: Namespace, phase: string): void {
    if (namespace.status?.phase === phase) return
    objects.update<Namespace>(RESOURCES.Namespace, undefined, namespace.metadata?.name ?? '', MANAGER, (found) => ({
      ...found,
      status: { ...found.status, phase },
    }))
  }

  return (nowMs) => {
    for (const namespace of objects.list<Namespace & KubernetesObject>(RESOURCES.Namespace)) {
      setPhase(namespace, isTerminating(namespace) ? 'Terminating' : 'Active')
      const name = namespace.metadata?.name ?? ''
      if (isTerminating(namespace) && empty(name, nowMs)) objects.remove(RESOURCES.Namespace, undefined, name)
    }
  }
}
