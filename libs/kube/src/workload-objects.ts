import type { Condition, IntOrString, KubernetesObject, LabelSelector } from './objects.ts'
import type { PodTemplate } from './pod-objects.ts'

export interface DeploymentSpec {
  replicas?: number
  selector?: LabelSelector
  template?: PodTemplate
  paused?: boolean
  minReadySeconds?: number
  progressDeadlineSeconds?: number
  revisionHistoryLimit?: number
  strategy?: { type?: string; rollingUpdate?: { maxSurge?: IntOrString; maxUnavailable?: IntOrString } }
}

export interface DeploymentStatus {
  observedGeneration?: number
  replicas?: number
  updatedReplicas?: number
  readyReplicas?: number
  availableReplicas?: number
  unavailableReplicas?: number
  terminatingReplicas?: number
  collisionCount?: number
  conditions?: Condition[]
}

export interface Deployment extends KubernetesObject {
  spec?: DeploymentSpec
  status?: DeploymentStatus
}

export interface ReplicaSetSpec {
  replicas?: number
  minReadySeconds?: number
  selector?: LabelSelector
  template?: PodTemplate
}

export interface ReplicaSetStatus {
  observedGeneration?: number
  replicas?: number
  fullyLabeledReplicas?: number
  readyReplicas?: number
  availableReplicas?: number
  terminatingReplicas?: number
  conditions?: Condition[]
}

export interface ReplicaSet extends KubernetesObject {
  spec?: ReplicaSetSpec
  status?: ReplicaSetStatus
}

export interface StatefulSetSpec {
  replicas?: number
  selector?: LabelSelector
  template?: PodTemplate
  serviceName?: string
  podManagementPolicy?: string
  minReadySeconds?: number
  revisionHistoryLimit?: number
  updateStrategy?: { type?: string; rollingUpdate?: { partition?: number; maxUnavailable?: IntOrString } }
}

export interface StatefulSetStatus {
  observedGeneration?: number
  replicas?: number
  readyReplicas?: number
  currentReplicas?: number
  updatedReplicas?: number
  availableReplicas?: number
  currentRevision?: string
  updateRevision?: string
  collisionCount?: number
  conditions?: Condition[]
}

export interface StatefulSet extends KubernetesObject {
  spec?: StatefulSetSpec
  status?: StatefulSetStatus
}

export interface DaemonSetSpec {
  selector?: LabelSelector
  template?: PodTemplate
  minReadySeconds?: number
  revisionHistoryLimit?: number
  updateStrategy?: { type?: string; rollingUpdate?: { maxSurge?: IntOrString; maxUnavailable?: IntOrString } }
}

export interface DaemonSetStatus {
  observedGeneration?: number
  desiredNumberScheduled?: number
  currentNumberScheduled?: number
  updatedNumberScheduled?: number
  numberReady?: number
  numberAvailable?: number
  numberUnavailable?: number
  numberMisscheduled?: number
  collisionCount?: number
  conditions?: Condition[]
}

export interface DaemonSet extends KubernetesObject {
  spec?: DaemonSetSpec
  status?: DaemonSetStatus
}

/** A StatefulSet's or DaemonSet's history entry: `data` is a patch of `spec.template`. */
export interface ControllerRevision extends KubernetesObject {
  revision: number
  data?: { spec?: { template?: PodTemplate & { $patch?: string } } }
}

/** The three kinds that have revisions to roll back to. */
export type RolloutWorkload = Deployment | StatefulSet | DaemonSet

export interface JobSpec {
  parallelism?: number
  completions?: number
  backoffLimit?: number
  activeDeadlineSeconds?: number
  ttlSecondsAfterFinished?: number
  suspend?: boolean
  /** The selector was written by hand, not made by the server. */
  manualSelector?: boolean
  selector?: LabelSelector
  template?: PodTemplate
}

export interface JobStatus {
  active?: number
  ready?: number
  succeeded?: number
  failed?: number
  terminating?: number
  startTime?: string
  completionTime?: string
  conditions?: Condition[]
}

export interface Job extends KubernetesObject {
  spec?: JobSpec
  status?: JobStatus
}

export interface CronJobSpec {
  schedule?: string
  timeZone?: string
  suspend?: boolean
  concurrencyPolicy?: string
  startingDeadlineSeconds?: number
  successfulJobsHistoryLimit?: number
  failedJobsHistoryLimit?: number
  jobTemplate?: { metadata?: KubernetesObject['metadata']; spec?: JobSpec }
}

export interface CronJobStatus {
  active?: { name?: string; namespace?: string; uid?: string }[]
  lastScheduleTime?: string
  lastSuccessfulTime?: string
}

export interface CronJob extends KubernetesObject {
  spec?: CronJobSpec
  status?: CronJobStatus
}
