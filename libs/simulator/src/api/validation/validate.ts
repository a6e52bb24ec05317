import type { KubernetesObject, Resource } from '@kubewise/kube'
import { resourceKey } from '../../objects/metadata.ts'
import { validateCronJob, validateJob } from './batch.ts'
import { fieldErrors, invalidObject, type FieldErrors } from './field-errors.ts'
import { validateMetadata, validateMetadataUpdate } from './metadata.ts'
import {
  validateAutoscaler,
  validateBudget,
  validateConfigMap,
  validatePriorityClass,
  validateQuota,
  validateRoleBinding,
  validateService,
} from './others.ts'
import { validatePod, validatePodResize } from './pod.ts'
import {
  validateDaemonSet,
  validateDeployment,
  validateReplicaSet,
  validateStatefulSet,
  type Validate,
} from './workloads.ts'

/** Each rule knows its own kind's shape; the decoder has made sure that the object has it. */
const BY_RESOURCE: Record<string, Validate<never>> = {
  '/pods': validatePod,
  '/services': validateService,
  '/configmaps': validateConfigMap,
  '/resourcequotas': validateQuota,
  'apps/deployments': validateDeployment,
  'apps/replicasets': validateReplicaSet,
  'apps/statefulsets': validateStatefulSet,
  'apps/daemonsets': validateDaemonSet,
  'batch/jobs': validateJob,
  'batch/cronjobs': validateCronJob,
  'policy/poddisruptionbudgets': validateBudget,
  'autoscaling/horizontalpodautoscalers': validateAutoscaler,
  'rbac.authorization.k8s.io/rolebindings': validateRoleBinding,
  'rbac.authorization.k8s.io/clusterrolebindings': validateRoleBinding,
  'scheduling.k8s.io/priorityclasses': validatePriorityClass,
}

function run(
  errors: FieldErrors,
  validate: Validate<never> | undefined,
  object: KubernetesObject,
  before?: KubernetesObject,
) {
  validate?.(errors, object as never, before as never)
}

function assertValid(resource: Resource, object: KubernetesObject, errors: FieldErrors): void {
  if (errors.causes.length > 0) throw invalidObject(resource, object.metadata?.name ?? '', errors.causes)
}

/** @throws ApiStatus 422 with all that is wrong */
export function validateCreate(resource: Resource, object: KubernetesObject): void {
  const errors = fieldErrors()
  validateMetadata(errors, resource, object.metadata ?? {})
  run(errors, BY_RESOURCE[resourceKey(resource)], object)
  assertValid(resource, object, errors)
}

/**
 * @param subresource the door: the status is not validated, a resize has rules of its own
 * @throws ApiStatus 422 with all that is wrong
 */
export function validateUpdate(
  resource: Resource,
  before: KubernetesObject,
  after: KubernetesObject,
  subresource?: string,
): void {
  const errors = fieldErrors()
  validateMetadataUpdate(errors, before, after)
  if (subresource === 'resize') run(errors, validatePodResize, after, before)
  else if (subresource !== 'status') {
    validateMetadata(errors, resource, after.metadata ?? {})
    run(errors, BY_RESOURCE[resourceKey(resource)], after, before)
  }
  assertValid(resource, after, errors)
}
