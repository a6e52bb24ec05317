import type { Resource } from '@kubewise/kube'
import type { JsonObject } from '../../objects/json.ts'
import { resourceKey } from '../../objects/metadata.ts'
import {
  fillEndpoints,
  fillEndpointSlice,
  fillLimitRange,
  fillNamespace,
  fillPriorityClass,
  fillRoleBinding,
  fillService,
  fillWebhookConfiguration,
} from './cluster.ts'
import { fillPod } from './pod-spec.ts'
import {
  fillAutoscaler,
  fillClaim,
  fillCronJob,
  fillDaemonSet,
  fillDeployment,
  fillJob,
  fillReplicaSet,
  fillStatefulSet,
} from './workloads.ts'

const BY_RESOURCE: Record<string, (object: JsonObject) => void> = {
  '/pods': fillPod,
  '/namespaces': fillNamespace,
  '/services': fillService,
  '/endpoints': fillEndpoints,
  '/limitranges': fillLimitRange,
  '/persistentvolumeclaims': fillClaim,
  'apps/deployments': fillDeployment,
  'apps/replicasets': fillReplicaSet,
  'apps/statefulsets': fillStatefulSet,
  'apps/daemonsets': fillDaemonSet,
  'batch/jobs': fillJob,
  'batch/cronjobs': fillCronJob,
  'autoscaling/horizontalpodautoscalers': fillAutoscaler,
  'discovery.k8s.io/endpointslices': fillEndpointSlice,
  'scheduling.k8s.io/priorityclasses': fillPriorityClass,
  'rbac.authorization.k8s.io/rolebindings': fillRoleBinding,
  'rbac.authorization.k8s.io/clusterrolebindings': fillRoleBinding,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': fillWebhookConfiguration,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': fillWebhookConfiguration,
}

/** Sets, in place, what the API server sets where a writer left a field out. */
export function fillDefaults(resource: Resource, object: JsonObject): void {
  BY_RESOURCE[resourceKey(resource)]?.(object)
}
