import { RESOURCES, type Kube, type KubernetesObject, type Observer, type Pod, type Resource } from '@kubewise/kube'

const pod = (i: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    namespace: `ns-${i % 50}`,
    name: `app-${i}`,
    uid: `uid-${i}`,
    resourceVersion: '1',
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'StatefulSet', name: `set-${i % 500}`, uid: 'x', controller: true },
    ],
  },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
})

/** A Kubernetes API with this many pods and nothing else, where nothing happens. */
export function quietCluster(pods: number): Kube {
  const reflect = <T extends KubernetesObject>(resource: Resource, _options: object, observer: Observer<T>) => {
    const items = resource === RESOURCES.Pod ? Array.from({ length: pods }, (_, i) => pod(i) as T) : []
    return {
      synced: Promise.resolve(observer.onReplace(items, '1')),
      confirmedMs: () => Date.now(),
      stop: async () => undefined,
    }
  }
  return { reflect, clockSkewMs: () => 0 } as unknown as Kube
}
