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

/** What is known of one object, reduced to what decides. Many failures never become an Event; they are here. */
export const ObjectState = strict({
  kind: Type.Literal('object-state'),
  cluster: Text,
  entity: Entity,
  target: Entity,
  resourceVersion: Type.String(),
  observedMs: Ms,
  isDeleted: Type.Boolean(),
  state: Type.Union([PodState, WorkloadState, JobState, NodeState]),
})
export type ObjectState = Static<typeof ObjectState>
export const decodeObjectState = decoderOf(ObjectState)
