import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Entity } from './entity.ts'
import { Count, Ms, oneOf, optional, strict, Text } from './schema.ts'

/** A condition of an object's status. */
export const ObjectCondition = strict({
  type: Text,
  status: oneOf(['True', 'False', 'Unknown']),
  reason: optional(Type.String()),
  sinceMs: optional(Ms),
})
export type ObjectCondition = Static<typeof ObjectCondition>

export const Termination = strict({
  reason: Type.String(),
  exitCode: Type.Integer(),
  startedMs: optional(Ms),
  finishedMs: optional(Ms),
})
export type Termination = Static<typeof Termination>

export const ContainerState = strict({
  name: Text,
  isInit: Type.Boolean(),
  isReady: Type.Boolean(),
  restarts: Count,
  image: Type.String(),
  /** Reason of a waiting container, such as CrashLoopBackOff. */
  waiting: optional(Type.String()),
  runningSinceMs: optional(Ms),
  terminated: optional(Termination),
  lastTerminated: optional(Termination),
  memoryLimitBytes: optional(Type.Number()),
})
export type ContainerState = Static<typeof ContainerState>

export const PodState = strict({
  type: Type.Literal('Pod'),
  phase: Text,
  reason: optional(Type.String()),
  isReady: Type.Boolean(),
  isTerminating: Type.Boolean(),
  /** No controller would bring it back. */
  isBare: Type.Boolean(),
  createdMs: Ms,
  node: optional(Type.String()),
  /** pod-template-hash or controller-revision-hash. */
  revision: optional(Type.String()),
  /** The kind of the top owner's child that made it, such as Job. */
  ownerKind: optional(Type.String()),
  containers: Type.Array(ContainerState),
  conditions: Type.Array(ObjectCondition),
})
export type PodState = Static<typeof PodState>

export const WorkloadState = strict({
  type: Type.Literal('Workload'),
  generation: Count,
  observedGeneration: Count,
  wanted: Count,
  ready: Count,
  available: Count,
  updated: Count,
  isPaused: Type.Boolean(),
  conditions: Type.Array(ObjectCondition),
})
export type WorkloadState = Static<typeof WorkloadState>

export const JobState = strict({
  type: Type.Literal('Job'),
  active: Count,
  succeeded: Count,
  failed: Count,
  conditions: Type.Array(ObjectCondition),
})
export type JobState = Static<typeof JobState>

export const NodeState = strict({
  type: Type.Literal('Node'),
  isUnschedulable: Type.Boolean(),
  conditions: Type.Array(ObjectCondition),
})
export type NodeState = Static<typeof NodeState>

/** A HorizontalPodAutoscaler. Its target is the workload that it scales. */
export const AutoscalerState = strict({
  type: Type.Literal('Autoscaler'),
  minReplicas: Count,
  maxReplicas: Count,
  current: Count,
  desired: Count,
  conditions: Type.Array(ObjectCondition),
})
export type AutoscalerState = Static<typeof AutoscalerState>

/** A PersistentVolumeClaim. */
export const ClaimState = strict({
  type: Type.Literal('Claim'),
  phase: Text,
  isTerminating: Type.Boolean(),
  createdMs: Ms,
  storageClass: optional(Type.String()),
  /** Its class binds only once a pod wants it, so that Pending is no failure; absent where the class cannot be read. */
  waitsForConsumer: optional(Type.Boolean()),
  requestedBytes: Type.Number(),
  capacityBytes: Type.Number(),
  conditions: Type.Array(ObjectCondition),
})
export type ClaimState = Static<typeof ClaimState>

/** A PodDisruptionBudget. */
export const BudgetState = strict({
  type: Type.Literal('Budget'),
  disruptionsAllowed: Count,
  currentHealthy: Count,
  desiredHealthy: Count,
  expectedPods: Count,
  /** Cordoned nodes that still hold pods of it: someone wants these pods to go. */
  cordonedNodes: optional(Type.Array(Text)),
})
export type BudgetState = Static<typeof BudgetState>

/** A ResourceQuota; amounts in the resource's own unit (cores, bytes, pieces). */
export const QuotaState = strict({
  type: Type.Literal('Quota'),
  resources: Type.Array(strict({ name: Text, hard: Type.Number(), used: Type.Number() })),
  /** Workloads (`Kind/name`) that the API server refused pods in this quota's name and that still lack them. */
  refused: optional(Type.Array(Text)),
})
export type QuotaState = Static<typeof QuotaState>

/** The EndpointSlices of one Service together, with what the Service selects. */
export const EndpointsState = strict({
  type: Type.Literal('Endpoints'),
  hasSelector: Type.Boolean(),
  ready: Count,
  notReady: Count,
  /** The workloads whose pods its selector finds: there is none, all are scaled to 0, none has a ready pod, one has. */
  selects: optional(oneOf(['nothing', 'asleep', 'unready', 'ready'])),
})
export type EndpointsState = Static<typeof EndpointsState>

/** An admission webhook configuration: may it stop all writes, and which Services does it need. */
export const WebhookState = strict({
  type: Type.Literal('Webhook'),
  failsClosed: Type.Boolean(),
  services: Type.Array(strict({ namespace: Text, name: Text })),
  /** Those of them, needed by a webhook that fails closed, that do not exist or have no ready endpoint. */
  downServices: optional(Type.Array(strict({ namespace: Text, name: Text }))),
})
export type WebhookState = Static<typeof WebhookState>

/** What is known of one object, reduced to what decides. Many failures never become an Event; they are here. */
export const ObjectState = strict({
  kind: Type.Literal('object-state'),
  cluster: Text,
  entity: Entity,
  target: Entity,
  resourceVersion: Type.String(),
  observedMs: Ms,
  isDeleted: Type.Boolean(),
  state: Type.Union([
    PodState,
    WorkloadState,
    JobState,
    NodeState,
    AutoscalerState,
    ClaimState,
    BudgetState,
    QuotaState,
    EndpointsState,
    WebhookState,
  ]),
})
export type ObjectState = Static<typeof ObjectState>
export const decodeObjectState = decoderOf(ObjectState)
