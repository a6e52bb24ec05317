export type * from './port.ts'
export type * from './objects.ts'
export type * from './pod-objects.ts'
export type * from './workload-objects.ts'
export type * from './cluster-objects.ts'
export type * from './volume-objects.ts'
export { apiVersionOf, RESOURCES, resourceOf, type ResourceName } from './resources.ts'
export { isKubeError, KubeError, type KubeErrorFacts, type KubeErrorKind } from './errors.ts'
export { guardKube, isCircuitOpen } from './guard.ts'
export { connectKube, openKube, type ConnectOptions } from './kube.ts'
export { controllerOf, identityOf, topOwner, type GetOwner, type ObjectIdentity, type Ownership } from './owners.ts'
export { createOwnerResolver, type OwnerResolver, type OwnerResolverOptions } from './owner-resolver.ts'
export { ownsField } from './field-owners.ts'
export { managerOf, type Manager } from './managed-by.ts'
export {
  bytesQuantity,
  compareQuantities,
  formatQuantity,
  millicoresQuantity,
  parseQuantity,
  quantityToNumber,
  type Quantity,
  type QuantityFormat,
} from './quantity.ts'
export {
  conditionOf,
  conditionStates,
  containerStates,
  isPodFinished,
  isPodReady,
  isTerminating,
  lastTerminationOf,
  memoryKillsOf,
  memoryLimitBytes,
  restartsOf,
  revisionLabelOf,
  timeMs,
  waitingReasonOf,
} from './pod-state.ts'
export {
  daemonSetRevisions,
  deploymentRevisions,
  plainTemplate,
  revisionsOf,
  rolloutStartedMs,
  statefulSetRevisions,
  templateHash,
  type Revision,
} from './revisions.ts'
export { isSelected } from './selector.ts'
export { isManaged, takeCensus, type ClusterCensus } from './census.ts'
export { rolloutStatus, type RolloutStatus } from './rollout.ts'
export {
  dependenciesOf,
  serviceAvailability,
  type Dependent,
  type ServiceAvailability,
  type ServiceRef,
} from './dependencies.ts'
export {
  createEventRecorder,
  type EventRecorder,
  type Note,
  type NoteOutcome,
  type RecorderOptions,
} from './recorder.ts'
