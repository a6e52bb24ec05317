import type { ObjectState } from '@kubewise/contracts'
import {
  RESOURCES,
  type HorizontalPodAutoscaler,
  type KubernetesObject,
  type PersistentVolumeClaim,
  type PodDisruptionBudget,
  type Resource,
  type ResourceQuota,
  type Service,
} from '@kubewise/kube'
import type { Relations } from './relations.ts'
import {
  autoscalerState,
  budgetState,
  claimState,
  daemonSetState,
  deploymentState,
  endpointsState,
  jobState,
  nodeState,
  podState,
  quotaState,
  statefulSetState,
  webhookState,
} from './state-of.ts'

/** A kind that is watched, and what is said of it. */
export interface Watched {
  resource: Resource
  /** Absent for kinds that are watched only for what others need of them; nothing is said while it is undefined. */
  stateOf?(object: KubernetesObject, relations: Relations): ObjectState['state'] | undefined
  /** What it belongs to without being owned by it; absent for kinds whose owner references say it. */
  belongsTo?(object: KubernetesObject, relations: Relations): { kind: string; name: string } | undefined
  /** Its state also changes with other objects. */
  isDerived?: true
}

const alone =
  <T extends KubernetesObject>(stateOf: (object: T) => ObjectState['state']): NonNullable<Watched['stateOf']> =>
  (object) =>
    stateOf(object as T)

/** Workloads, pods and nodes. Owners come before what they own, so that a pod's target is known when it comes. */
export const CORE: readonly Watched[] = [
  { resource: RESOURCES.CronJob },
  { resource: RESOURCES.Job, stateOf: alone(jobState) },
  { resource: RESOURCES.ReplicaSet },
  { resource: RESOURCES.Deployment, stateOf: alone(deploymentState) },
  { resource: RESOURCES.StatefulSet, stateOf: alone(statefulSetState) },
  { resource: RESOURCES.DaemonSet, stateOf: alone(daemonSetState) },
  { resource: RESOURCES.Node, stateOf: alone(nodeState) },
  { resource: RESOURCES.Pod, stateOf: alone(podState) },
]

const webhooks = (object: KubernetesObject, relations: Relations) =>
  webhookState(object, (service) => relations.isDown(service))

/** What stands around them. Seen after them, since most of it is about what a selector finds. */
export const SURROUNDINGS: readonly Watched[] = [
  { resource: RESOURCES.Namespace },
  { resource: RESOURCES.StorageClass },
  { resource: RESOURCES.EndpointSlice },
  {
    resource: RESOURCES.Service,
    stateOf: (service: Service, relations) =>
      relations.canJudgeServices() ? endpointsState(service, relations.endpointsOf(service)) : undefined,
    isDerived: true,
  },
  {
    resource: RESOURCES.HorizontalPodAutoscaler,
    stateOf: alone(autoscalerState),
    belongsTo: ({ spec }: HorizontalPodAutoscaler) => spec?.scaleTargetRef,
  },
  {
    resource: RESOURCES.PersistentVolumeClaim,
    stateOf: (claim: PersistentVolumeClaim, relations) => claimState(claim, relations.waitsForConsumer(claim)),
    isDerived: true,
  },
  {
    resource: RESOURCES.PodDisruptionBudget,
    stateOf: ({ metadata, ...budget }: PodDisruptionBudget, relations) =>
      budgetState(budget, relations.cordonedNodes(metadata?.namespace ?? '', budget.spec?.selector)),
    belongsTo: ({ metadata, spec }: PodDisruptionBudget, relations) =>
      relations.behind(metadata?.namespace ?? '', spec?.selector),
    isDerived: true,
  },
  {
    resource: RESOURCES.ResourceQuota,
    stateOf: (quota: ResourceQuota, relations) =>
      quotaState(quota, relations.refusedBy(quota.metadata?.namespace ?? '', quota.metadata?.name ?? '')),
    isDerived: true,
  },
  { resource: RESOURCES.ValidatingWebhookConfiguration, stateOf: webhooks, isDerived: true },
  { resource: RESOURCES.MutatingWebhookConfiguration, stateOf: webhooks, isDerived: true },
]
