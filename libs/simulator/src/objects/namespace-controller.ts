import { RESOURCES, type KubernetesObject, type Namespace, type Resource } from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import { deleteObject } from './deletion.ts'
import type { Etcd } from './object-store.ts'

const MANAGER = 'kube-controller-manager'

const SERVICE_ACCOUNT: Resource = {
  kind: 'ServiceAccount',
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  isNamespaced: true,
}

const CERTIFICATE = 'There is no TLS in the simulator.\n'

/**
 * Furnishes new namespaces with what pods need, and empties those that are on their way out.
 *
 * @returns a function that stops it
 */
export function startNamespaceController({ etcd, clock }: { etcd: Etcd; clock: Clock }): () => void {
  function furnish(namespace: string): void {
    const put = (resource: Resource, name: string, rest: object) => {
      if (etcd.get(resource, namespace, name) === undefined) {
        etcd.create<KubernetesObject>(resource, { metadata: { name, namespace }, ...rest }, MANAGER)
      }
    }
    put(SERVICE_ACCOUNT, 'default', {})
    put(RESOURCES.ConfigMap, 'kube-root-ca.crt', { data: { 'ca.crt': CERTIFICATE } })
  }

  function contentsOf(namespace: string): { resource: Resource; object: KubernetesObject }[] {
    const resources = etcd.resources().filter((resource) => resource.isNamespaced)
    return resources.flatMap((resource) => etcd.list(resource, namespace).map((object) => ({ resource, object })))
  }

  function empty(namespace: string): void {
    for (const { resource, object } of contentsOf(namespace)) {
      const name = object.metadata?.name ?? ''
      const isStaying =
        object.metadata?.deletionTimestamp === undefined && etcd.get(resource, namespace, name) !== undefined
      if (isStaying) deleteObject(etcd, clock, resource, namespace, name)
    }
    if (contentsOf(namespace).length === 0) finish(namespace)
  }

  function finish(namespace: string): void {
    if (etcd.get(RESOURCES.Namespace, undefined, namespace) === undefined) return
    type Finalized = Namespace & { spec?: { finalizers?: string[] } }
    etcd.update<Finalized>(RESOURCES.Namespace, undefined, namespace, MANAGER, (it) => ({
      ...it,
      spec: { finalizers: [] },
    }))
  }

  function isLeaving(namespace: string): boolean {
    return etcd.get(RESOURCES.Namespace, undefined, namespace)?.metadata?.deletionTimestamp !== undefined
  }

  for (const namespace of etcd.list(RESOURCES.Namespace)) furnish(namespace.metadata?.name ?? '')
  return etcd.subscribe(({ type, resource, object }) => {
    const { name = '', namespace } = object.metadata ?? {}
    if (resource.kind === 'Namespace' && resource.group === '') {
      if (type === 'ADDED') furnish(name)
      else if (type === 'MODIFIED' && isLeaving(name)) empty(name)
    } else if (type === 'DELETED' && namespace !== undefined && isLeaving(namespace)) {
      if (contentsOf(namespace).length === 0) finish(namespace)
    }
  })
}
