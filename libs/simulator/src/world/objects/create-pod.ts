import {
  RESOURCES,
  type KubernetesObject,
  type Pod,
  type PodSpec,
  type PodTemplate,
  type Resource,
  type Toleration,
} from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'
import { controllerReference } from './owners.ts'
import { qosClassOf } from './qos.ts'

export interface PodWish {
  resource: Resource
  owner: KubernetesObject
  template: PodTemplate
  /** Either a fixed name or a prefix. */
  name?: string
  generateName?: string
  labels?: Record<string, string>
  tolerations?: Toleration[]
  nodeName?: string
  finalizers?: string[]
}

const NODE_FAILURE_TOLERATIONS: Toleration[] = ['not-ready', 'unreachable'].map((condition) => ({
  key: `node.kubernetes.io/${condition}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}))

/** Adds the five minutes that every pod tolerates its node's failure, unless it says itself what it tolerates. */
function withTolerations(given: readonly Toleration[]): Toleration[] {
  const says = (wanted: Toleration) =>
    given.some(({ key, effect }) => key === wanted.key && (effect === undefined || effect === wanted.effect))
  return [...given, ...NODE_FAILURE_TOLERATIONS.filter((toleration) => !says(toleration))]
}

/**
 * Creates a pod of a controller from its template.
 *
 * @throws ApiStatus 403 when admission (a quota, pod security) forbids it, 409 when the name is taken
 */
export function createPod(objects: ObjectStore, wish: PodWish): Pod {
  const { resource, owner, template } = wish
  const namespace = owner.metadata?.namespace ?? 'default'
  const spec: PodSpec = { containers: [], ...structuredClone(template.spec) }
  const pod: Pod = {
    metadata: {
      ...(wish.name === undefined
        ? { generateName: wish.generateName ?? '' }
        : { name: wish.name, ...(wish.generateName ? { generateName: wish.generateName } : {}) }),
      namespace,
      labels: { ...template.metadata?.labels, ...wish.labels },
      ...(template.metadata?.annotations ? { annotations: { ...template.metadata.annotations } } : {}),
      ...(wish.finalizers ? { finalizers: wish.finalizers } : {}),
      ownerReferences: [controllerReference(resource, owner)],
    },
    spec: {
      ...spec,
      serviceAccountName: spec.serviceAccountName ?? 'default',
      tolerations: withTolerations([...(spec.tolerations ?? []), ...(wish.tolerations ?? [])]),
      ...(wish.nodeName === undefined ? {} : { nodeName: wish.nodeName }),
    },
    status: { phase: 'Pending', qosClass: qosClassOf(spec) },
  }
  return objects.create<Pod>(RESOURCES.Pod, pod, 'kube-controller-manager')
}
