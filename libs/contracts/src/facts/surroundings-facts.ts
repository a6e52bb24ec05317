import { Type } from 'typebox'
import { Count, strict } from '../schema.ts'

const Str = Type.String()
const Num = Type.Number()
const Bool = Type.Boolean()

/** A node that carries a pod of the target; of an incident on a node, that node. */
export const NodeFacts = strict({
  name: Str,
  uid: Str,
  /** Its condition Ready: True, False or Unknown; Unknown is a failure too. */
  ready: Str,
  notReadySeconds: Num,
  /** Conditions of want that hold, such as DiskPressure. */
  pressures: Type.Array(Str),
  cordoned: Bool,
  /** KubeWise cordoned it, by its own mark. */
  cordonedByUs: Bool,
  /** Who set `spec.unschedulable`, by managed fields; empty where nobody did. */
  cordonedBy: Str,
  /** Keys of taints other than the cluster's own of its conditions. */
  taints: Type.Array(Str),
  /** Pods of the target on it. */
  pods: Count,
  clockOffsetSeconds: Num,
})

/** The cluster as a whole. */
export const ClusterFacts = strict({
  nodes: Count,
  nodesNotReady: Count,
  notReadyShare: Num,
  /** Opted-in targets that are ill now. */
  illTargets: Count,
  managedTargets: Count,
  /** Too much fell ill at once: nothing is changed, one person is told. */
  storm: Bool,
})

/** Why pods of the target are not created at all. */
export const CreationFacts = strict({
  refused: Bool,
  /** quota, pod-security, webhook, limit-range, forbidden, other; empty where nothing is refused. */
  reason: Str,
  /** Name of the quota or webhook that refuses, where it is told. */
  by: Str,
  ageSeconds: Num,
})

export const ImageFacts = strict({
  failing: Bool,
  /** The problem of most of its pods, one of `IMAGE_PROBLEMS`. */
  problem: Str,
  registry: Str,
  /** Other targets whose images of the same registry fail now. */
  otherTargets: Count,
  /** Pods of the same revision run: the image is there, what changed is access to it. */
  runsElsewhere: Bool,
  introducedByRollout: Bool,
})

/** A ConfigMap, Secret or key that the template names and that is not there. */
export const ConfigurationFacts = strict({
  missing: Bool,
  kind: Str,
  name: Str,
  key: Str,
  introducedByRollout: Bool,
})

export const ProbeFacts = strict({
  /** liveness, readiness, startup; empty where none fails. */
  failing: Str,
  /** Containers were ended for it, and not for memory. */
  kills: Bool,
  introducedByRollout: Bool,
})

export const SchedulingFacts = strict({
  blocked: Bool,
  /** One of `SCHEDULING_PROBLEMS`. */
  reason: Str,
  seconds: Num,
  introducedByRollout: Bool,
  /** No node of the cluster could take the pod, were it empty. */
  impossible: Bool,
  /** A node that would take it is cordoned. */
  cordonedNode: Str,
  preempted: Bool,
})

/** A volume claim of the target; of an incident on a claim, that claim. */
export const VolumeFacts = strict({
  name: Str,
  uid: Str,
  phase: Str,
  everBound: Bool,
  /** Its class waits for a pod: no failure. */
  waitsForConsumer: Bool,
  classExists: Bool,
  expandable: Bool,
  provisioningFailed: Bool,
  multiAttach: Bool,
  usedShare: Num,
  /** Until it is full at the present pace; 0 where that cannot be told. */
  fullInSeconds: Num,
  sizeBytes: Num,
  /** What one bounded expansion gives, as a quantity; empty where none is allowed. */
  nextSize: Str,
})

export const AutoscalerFacts = strict({
  exists: Bool,
  name: Str,
  uid: Str,
  minReplicas: Count,
  maxReplicas: Count,
  current: Count,
  desired: Count,
  /** It wants more than its maximum. */
  atMax: Bool,
  /** It cannot read what it scales by. */
  blind: Bool,
  /** What one bounded raise of its maximum gives; 0 where none is allowed. */
  nextMax: Count,
  /** The nodes have room for the pods that this would add. */
  hasRoom: Bool,
})

/** CPU limits that hold the target back. */
export const CpuFacts = strict({
  throttled: Bool,
  /** All replicas alike: the limit is too low. One alone is a runaway. */
  allReplicas: Bool,
  container: Str,
  limit: Str,
  /** What one bounded raise gives, as a quantity; empty where none is allowed. */
  nextLimit: Str,
})

/** A limit that will be reached at the present pace. */
export const ForecastFacts = strict({
  exists: Bool,
  /** memory, volume, inodes, disk, files, quota. */
  resource: Str,
  name: Str,
  secondsLeft: Num,
  /** The growth began with the newest rollout. */
  beganWithRollout: Bool,
})

/** Of an incident on a Service, or the Service that the target's pods stand behind. */
export const ServiceFacts = strict({
  exists: Bool,
  name: Str,
  hasSelector: Bool,
  /** Pods that the selector finds. */
  selected: Count,
  readyEndpoints: Count,
  /** Its target port is one that the pods' containers declare; true where they declare none. */
  portFits: Bool,
  /** Who wrote its selector or ports last, and how long ago; 0 where unknown. */
  changedBy: Str,
  changedSeconds: Num,
})

export const NetworkFacts = strict({
  dnsFailing: Bool,
  /** Policies of the namespace that select the target's pods and came within the last hour. */
  newPolicies: Type.Array(Str),
})

/** Certificates, credentials and permissions, as Events, metrics and outside alerts tell of them; no Secret is read. */
export const IdentityFacts = strict({ certificateExpired: Bool, forbidden: Bool, secretRotated: Bool })

/** A change shortly before the incident, on the target or near it. */
export const ChangeFacts = strict({
  kind: Str,
  namespace: Str,
  name: Str,
  /** What changed, such as `spec.template`, `spec.replicas`, `created`. */
  what: Str,
  /** The field manager that wrote it. */
  by: Str,
  /** Before now. */
  ageSeconds: Num,
  /** From the change to the first signal; negative where the signal came first. */
  leadSeconds: Num,
  onTarget: Bool,
})

/** An alert of the team's own, by Alertmanager. Its text is not among the facts. */
export const AlertFacts = strict({ name: Str, severity: Str, ageSeconds: Num })

/** What hangs on this incident: symptoms of other targets that have their cause here. */
export const CorrelationFacts = strict({ symptoms: Count, relations: Type.Array(Str) })
