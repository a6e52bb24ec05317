import type { KubernetesObject } from './objects.ts'
import type { Resource } from './port.ts'

function namespaced(group: string, version: string, kind: string, plural: string): Resource {
  return { kind, group, version, plural, isNamespaced: true }
}

function clusterWide(group: string, version: string, kind: string, plural: string): Resource {
  return { kind, group, version, plural, isNamespaced: false }
}

/**
 * The kinds KubeWise knows, by kind. `Event` is `events.k8s.io/v1`; `CoreEvent` is the same objects through the core
 * group. Secrets are absent on purpose: they are never read.
 */
export const RESOURCES = {
  Namespace: clusterWide('', 'v1', 'Namespace', 'namespaces'),
  Node: clusterWide('', 'v1', 'Node', 'nodes'),
  PersistentVolume: clusterWide('', 'v1', 'PersistentVolume', 'persistentvolumes'),
  Pod: namespaced('', 'v1', 'Pod', 'pods'),
  Service: namespaced('', 'v1', 'Service', 'services'),
  ConfigMap: namespaced('', 'v1', 'ConfigMap', 'configmaps'),
  PersistentVolumeClaim: namespaced('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  ResourceQuota: namespaced('', 'v1', 'ResourceQuota', 'resourcequotas'),
  LimitRange: namespaced('', 'v1', 'LimitRange', 'limitranges'),
  CoreEvent: namespaced('', 'v1', 'Event', 'events'),
  Event: namespaced('events.k8s.io', 'v1', 'Event', 'events'),
  EndpointSlice: namespaced('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices'),
  Deployment: namespaced('apps', 'v1', 'Deployment', 'deployments'),
  ReplicaSet: namespaced('apps', 'v1', 'ReplicaSet', 'replicasets'),
  StatefulSet: namespaced('apps', 'v1', 'StatefulSet', 'statefulsets'),
  DaemonSet: namespaced('apps', 'v1', 'DaemonSet', 'daemonsets'),
  ControllerRevision: namespaced('apps', 'v1', 'ControllerRevision', 'controllerrevisions'),
  Job: namespaced('batch', 'v1', 'Job', 'jobs'),
  CronJob: namespaced('batch', 'v1', 'CronJob', 'cronjobs'),
  PodDisruptionBudget: namespaced('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  HorizontalPodAutoscaler: namespaced('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  NetworkPolicy: namespaced('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies'),
  StorageClass: clusterWide('storage.k8s.io', 'v1', 'StorageClass', 'storageclasses'),
  PriorityClass: clusterWide('scheduling.k8s.io', 'v1', 'PriorityClass', 'priorityclasses'),
  ValidatingWebhookConfiguration: clusterWide(
    'admissionregistration.k8s.io',
    'v1',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
  ),
  MutatingWebhookConfiguration: clusterWide(
    'admissionregistration.k8s.io',
    'v1',
    'MutatingWebhookConfiguration',
    'mutatingwebhookconfigurations',
  ),
  NodeMetrics: clusterWide('metrics.k8s.io', 'v1beta1', 'NodeMetrics', 'nodes'),
  PodMetrics: namespaced('metrics.k8s.io', 'v1beta1', 'PodMetrics', 'pods'),
} as const satisfies Record<string, Resource>

export type ResourceName = keyof typeof RESOURCES

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
}

/**
 * The resource of an object or reference, by kind and API group; the version may differ from ours.
 *
 * @returns undefined for a kind that is not in `RESOURCES`, such as a custom resource
 */
export function resourceOf(object: Pick<KubernetesObject, 'apiVersion' | 'kind'>): Resource | undefined {
  const apiVersion = object.apiVersion ?? 'v1'
  const slash = apiVersion.indexOf('/')
  const group = slash === -1 ? '' : apiVersion.slice(0, slash)
  return Object.values(RESOURCES).find((resource) => resource.kind === object.kind && resource.group === group)
}
