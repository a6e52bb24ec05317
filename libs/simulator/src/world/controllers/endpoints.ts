import {
  conditionOf,
  isPodFinished,
  isPodReady,
  isTerminating,
  RESOURCES,
  type Container,
  type Endpoint,
  type EndpointSlice,
  type KubernetesObject,
  type Pod,
  type Resource,
  type Service,
  type ServicePort,
} from '@kubewise/kube'
import { isSameJson } from '../../objects/json.ts'
import type { ObjectStore } from '../../port.ts'
import { controllerReference } from '../objects/owners.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'

const MANAGER = 'kube-controller-manager'
const SERVICE = 'kubernetes.io/service-name'

const ENDPOINTS: Resource = { kind: 'Endpoints', group: '', version: 'v1', plural: 'endpoints', isNamespaced: true }

interface Address {
  ip: string
  nodeName?: string
  targetRef: { kind: string; namespace: string; name: string; uid: string }
}

interface Port {
  name?: string
  port: number
  protocol: string
}

interface EndpointsObject extends KubernetesObject {
  subsets?: { addresses?: Address[]; notReadyAddresses?: Address[]; ports?: Port[] }[]
}

/** Lists behind each Service the pods that its selector finds, as EndpointSlices and in the older form. */
export function createEndpointsController({ objects }: WorldPorts): Reconcile {
  function reconcile(service: Service): void {
    const pods = selectedPods(objects, service)
    const ports = portsOf(service, pods[0])
    const name = service.metadata?.name ?? ''
    put<EndpointSlice>(objects, RESOURCES.EndpointSlice, service, `${name}-${service.metadata?.uid?.slice(0, 5)}`, {
      addressType: 'IPv4',
      endpoints: pods.map((pod) => endpointOf(service, pod)),
      ports,
    })
    put<EndpointsObject>(objects, ENDPOINTS, service, name, { subsets: subsetsOf(service, pods, ports) })
  }

  return () => {
    for (const service of objects.list<Service>(RESOURCES.Service))
      if (Object.keys(service.spec?.selector ?? {}).length > 0 && !isTerminating(service)) reconcile(service)
  }
}

function selectedPods(objects: ObjectStore, service: Service): Pod[] {
  const selector = Object.entries(service.spec?.selector ?? {})
  return objects
    .list<Pod>(RESOURCES.Pod, service.metadata?.namespace)
    .filter(
      (pod) =>
        pod.status?.podIP &&
        !isPodFinished(pod) &&
        selector.every(([key, value]) => pod.metadata?.labels?.[key] === value),
    )
}

function portsOf(service: Service, pod: Pod | undefined): Port[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = targetPort(port, pod?.spec?.containers ?? [])
    return number === undefined
      ? []
      : [{ ...(port.name === undefined ? {} : { name: port.name }), port: number, protocol: port.protocol ?? 'TCP' }]
  })
}

function targetPort(
  { port, targetPort: target = port }: ServicePort,
  containers: readonly Container[],
): number | undefined {
  if (typeof target === 'number') return target
  return containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === target)?.containerPort
}

function targetRef(pod: Pod) {
  return {
    kind: 'Pod',
    namespace: pod.metadata?.namespace ?? '',
    name: pod.metadata?.name ?? '',
    uid: pod.metadata?.uid ?? '',
  }
}

function endpointOf(service: Service, pod: Pod): Endpoint {
  const serving = conditionOf(pod, 'Ready')?.status === 'True'
  const terminating = isTerminating(pod)
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: {
      ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(pod.spec?.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: targetRef(pod),
  }
}

function subsetsOf(service: Service, pods: readonly Pod[], ports: Port[]): NonNullable<EndpointsObject['subsets']> {
  const staying = pods.filter((pod) => !isTerminating(pod))
  const address = (pod: Pod): Address => ({
    ip: pod.status?.podIP ?? '',
    ...(pod.spec?.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: targetRef(pod),
  })
  const isListed = (pod: Pod) => service.spec?.publishNotReadyAddresses === true || isPodReady(pod)
  const [addresses, notReadyAddresses] = [
    staying.filter(isListed).map(address),
    staying.filter((pod) => !isListed(pod)).map(address),
  ]
  if (staying.length === 0) return []
  return [
    {
      ...(addresses.length > 0 ? { addresses } : {}),
      ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
      ports,
    },
  ]
}

function put<T extends KubernetesObject>(
  objects: ObjectStore,
  resource: Resource,
  service: Service,
  name: string,
  content: Omit<T, keyof KubernetesObject>,
): void {
  const namespace = service.metadata?.namespace ?? 'default'
  const current = objects.get<T>(resource, namespace, name)
  const labels = {
    ...service.metadata?.labels,
    [SERVICE]: service.metadata?.name ?? '',
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
  }
  const metadata = {
    name,
    namespace,
    labels: resource === ENDPOINTS ? { ...service.metadata?.labels } : labels,
    ownerReferences: [controllerReference(RESOURCES.Service, service)],
  }
  if (!current) objects.create<KubernetesObject>(resource, { metadata, ...content }, MANAGER)
  else if (
    Object.entries(content).some(([key, value]) => !isSameJson(value, (current as Record<string, unknown>)[key]))
  )
    objects.update<T>(resource, namespace, name, MANAGER, (found) => ({ ...found, ...content }))
}
