import type { DaemonSet, Deployment, KubernetesObject, ReplicaSet, StatefulSet } from '@kubewise/kube'
import { isSameJson } from '../../objects/json.ts'
import type { FieldErrors } from './field-errors.ts'
import { isZero, validateCountOrPercent, validateNotNegative } from './numbers.ts'
import { validatePodTemplate } from './pod-spec.ts'
import { validateWorkloadSelector } from './selectors.ts'

/** What is wrong with an object, alone and as a change of what was there before. */
export type Validate<T extends KubernetesObject> = (errors: FieldErrors, object: T, before: T | undefined) => void

const ALWAYS = { restartPolicies: ['Always'] }
const COUNTS = ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds']

export function validateImmutable(errors: FieldErrors, before: unknown, after: unknown, field: string): void {
  if (!isSameJson(before, after)) errors.invalid(field, after ?? null, 'field is immutable')
}

function validateDeadlineOfPods(errors: FieldErrors, spec: Deployment['spec'], kind: string): void {
  if (spec?.template?.spec?.activeDeadlineSeconds !== undefined) {
    errors.forbidden('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${kind} is not Supported`)
  }
}

function validateDeploymentStrategy(errors: FieldErrors, strategy: NonNullable<Deployment['spec']>['strategy']): void {
  const field = 'spec.strategy'
  const { type, rollingUpdate } = strategy ?? {}
  if (type === 'Recreate') {
    if (rollingUpdate !== undefined)
      errors.forbidden(`${field}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")
  } else if (type === 'RollingUpdate') {
    const { maxUnavailable, maxSurge } = rollingUpdate ?? {}
    validateCountOrPercent(errors, maxUnavailable, `${field}.rollingUpdate.maxUnavailable`, 100)
    validateCountOrPercent(errors, maxSurge, `${field}.rollingUpdate.maxSurge`)
    if (isZero(maxUnavailable) && isZero(maxSurge)) {
      errors.invalid(`${field}.rollingUpdate.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')
    }
  } else errors.notSupported(field, strategy, ['Recreate', 'RollingUpdate'])
}

export const validateDeployment: Validate<Deployment> = (errors, { spec = {} }, before) => {
  validateNotNegative(errors, spec, COUNTS)
  validateWorkloadSelector(errors, spec.selector, spec.template, 'deployment')
  validatePodTemplate(errors, spec.template ?? {}, 'spec.template', ALWAYS)
  validateDeadlineOfPods(errors, spec, 'ReplicaSet')
  validateDeploymentStrategy(errors, spec.strategy)
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec
  if (deadline !== undefined && deadline <= minReadySeconds) {
    errors.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')
  }
  if (before !== undefined) validateImmutable(errors, before.spec?.selector, spec.selector, 'spec.selector')
}

export const validateReplicaSet: Validate<ReplicaSet> = (errors, { spec = {} }, before) => {
  validateNotNegative(errors, spec, COUNTS)
  validateWorkloadSelector(errors, spec.selector, spec.template, 'deployment')
  validatePodTemplate(errors, spec.template ?? {}, 'spec.template', ALWAYS)
  validateDeadlineOfPods(errors, spec, 'ReplicaSet')
  if (before !== undefined) validateImmutable(errors, before.spec?.selector, spec.selector, 'spec.selector')
}

const STATEFUL_SET_CHANGES = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]
const STATEFUL_SET_FORBIDDEN =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

function without(spec: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !names.includes(name)))
}

export const validateStatefulSet: Validate<StatefulSet> = (errors, { spec = {} }, before) => {
  const claims = (spec as { volumeClaimTemplates?: KubernetesObject[] }).volumeClaimTemplates ?? []
  const { podManagementPolicy = 'OrderedReady', updateStrategy = {} } = spec
  if (!['OrderedReady', 'Parallel'].includes(podManagementPolicy)) {
    errors.invalid('spec.podManagementPolicy', podManagementPolicy, "must be 'OrderedReady' or 'Parallel'")
  }
  if (!['RollingUpdate', 'OnDelete'].includes(updateStrategy.type ?? '')) {
    errors.invalid('spec.updateStrategy', updateStrategy, "must be 'RollingUpdate' or 'OnDelete'")
  }
  validateNotNegative(errors, updateStrategy.rollingUpdate ?? {}, ['partition'], 'spec.updateStrategy.rollingUpdate')
  validateNotNegative(errors, spec, COUNTS)
  validateWorkloadSelector(errors, spec.selector, spec.template, 'statefulset')
  const names = claims.map((claim) => claim.metadata?.name ?? '')
  validatePodTemplate(errors, spec.template ?? {}, 'spec.template', { ...ALWAYS, claims: names })
  validateDeadlineOfPods(errors, spec, 'StatefulSet')
  const fixed = (set: StatefulSet) => without(set.spec ?? {}, STATEFUL_SET_CHANGES)
  if (before !== undefined && !isSameJson(fixed(before), fixed({ spec })))
    errors.forbidden('spec', STATEFUL_SET_FORBIDDEN)
}

function validateDaemonSetStrategy(
  errors: FieldErrors,
  strategy: NonNullable<DaemonSet['spec']>['updateStrategy'],
): void {
  const field = 'spec.updateStrategy'
  const { type, rollingUpdate } = strategy ?? {}
  if (type === 'OnDelete') return
  if (type !== 'RollingUpdate') {
    errors.notSupported(field, strategy, ['RollingUpdate', 'OnDelete'])
    return
  }
  const { maxUnavailable, maxSurge } = rollingUpdate ?? {}
  validateCountOrPercent(errors, maxUnavailable, `${field}.rollingUpdate.maxUnavailable`, 100)
  validateCountOrPercent(errors, maxSurge, `${field}.rollingUpdate.maxSurge`, 100)
  if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
    errors.invalid(`${field}.rollingUpdate.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero')
  }
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.required(`${field}.rollingUpdate.maxUnavailable`, 'cannot be 0 when maxSurge is 0')
  }
}

export const validateDaemonSet: Validate<DaemonSet> = (errors, { spec = {} }, before) => {
  if (before !== undefined) validateImmutable(errors, before.spec?.selector, spec.selector, 'spec.selector')
  validateWorkloadSelector(errors, spec.selector, spec.template, 'daemonset')
  validatePodTemplate(errors, spec.template ?? {}, 'spec.template', ALWAYS)
  validateDeadlineOfPods(errors, spec, 'DaemonSet')
  validateNotNegative(errors, spec, COUNTS)
  validateDaemonSetStrategy(errors, spec.updateStrategy)
}
