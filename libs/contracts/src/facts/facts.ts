import { Type, type Static } from 'typebox'
import { Count, strict } from '../schema.ts'
import { PodFacts } from './pod-facts.ts'
import {
  AlertFacts,
  AutoscalerFacts,
  ChangeFacts,
  ClusterFacts,
  ConfigurationFacts,
  CorrelationFacts,
  CpuFacts,
  CreationFacts,
  ForecastFacts,
  IdentityFacts,
  ImageFacts,
  NetworkFacts,
  NodeFacts,
  ProbeFacts,
  SchedulingFacts,
  ServiceFacts,
  VolumeFacts,
} from './surroundings-facts.ts'

const Str = Type.String()
const Num = Type.Number()
const Bool = Type.Boolean()

/** The facts of one incident's context: all that a condition of a playbook can name. */
export const Facts = strict({
  target: strict({
    kind: Str,
    namespace: Str,
    name: Str,
    uid: Str,
    exists: Bool,
    managed: Bool,
    wanted: Count,
    ready: Count,
    paused: Bool,
    /** Argo CD, Flux or an operator that would revert a change; empty where nobody. */
    ownedBy: Str,
    hasAutoscaler: Bool,
    /** The only writer of `replicas: 0` is a person or tool: a wish. */
    scaledToZero: Bool,
    /** Somebody took our last change of it back; empty where nobody did. */
    revertedBy: Str,
  }),
  rollout: strict({
    /** Revision hash of the newest template. */
    current: Str,
    /** Its number, where the kind has numbers. */
    revision: Count,
    ageSeconds: Num,
    complete: Bool,
    deadlineExceeded: Bool,
    /** How many of the newest revision's pods cannot run. */
    failingPods: Count,
    /** What the newest template changed against the last healthy one: image, command, env, resources, probes, volumes, scheduling, other. */
    changed: Type.Array(Str),
    lastHealthy: strict({ exists: Bool, revision: Count, name: Str, ageSeconds: Num }),
  }),
  pods: Type.Array(PodFacts),
  failing: strict({ waiting: Type.Array(Str) }),
  signals: Type.Array(strict({ rule: Str, kind: Str, name: Str, source: Str, ageSeconds: Num, confidence: Num })),
  dependencies: Type.Array(strict({ name: Str, namespace: Str, available: Bool })),
  /** The container that was killed for memory; zeros and empty where none was. */
  memory: strict({
    container: Str,
    kills: Count,
    /** Two or more kills, each within 60 s of its start or after flat use: the limit is too low, not a leak. */
    steady: Bool,
    limitBytes: Num,
    /** Limit before the first raise of this incident. */
    originalLimitBytes: Num,
    /** What one bounded raise gives, as a quantity; empty where no raise is allowed any more. */
    nextLimit: Str,
    nextLimitBytes: Num,
    /** The release before had a higher limit and is healthy: the release brought it. */
    loweredByRollout: Bool,
    /** Killed at the same hour on two days or more: a spike that comes back, not a leak. */
    recurring: Bool,
  }),
  /** A replica far above its siblings in CPU. */
  runaway: strict({ exists: Bool, pod: Str, uid: Str, value: Num, siblings: Num, ratio: Num, ready: Bool }),
  job: strict({ exists: Bool, complete: Bool, failed: Bool }),
  budget: strict({
    exists: Bool,
    disruptionsAllowed: Count,
    /** Every pod is well and the budget allows none to go: no node can be drained. */
    deadlocked: Bool,
  }),
  attempts: strict({ count: Count, lastAction: Str, lastOutcome: Str }),
  nodes: Type.Array(NodeFacts),
  cluster: ClusterFacts,
  creation: CreationFacts,
  image: ImageFacts,
  configuration: ConfigurationFacts,
  probe: ProbeFacts,
  scheduling: SchedulingFacts,
  volumes: Type.Array(VolumeFacts),
  /** The volume most in need, and the node; empty names where there is none. */
  volume: VolumeFacts,
  node: NodeFacts,
  /** The one pod of the target that takes from its node what others need. */
  culprit: strict({ exists: Bool, namespace: Str, pod: Str, uid: Str, resource: Str }),
  autoscaler: AutoscalerFacts,
  cpu: CpuFacts,
  forecast: ForecastFacts,
  service: ServiceFacts,
  network: NetworkFacts,
  identity: IdentityFacts,
  changes: Type.Array(ChangeFacts),
  alerts: Type.Array(AlertFacts),
  correlation: CorrelationFacts,
  now: strict({ openSeconds: Num }),
})
export type Facts = Static<typeof Facts>

/** Waiting reasons that end only by a change, and the restarts from which they count (catalogue 41: the second crash, the second try). */
export const FAILING_WAITING = [
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImagePull',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
] as const
