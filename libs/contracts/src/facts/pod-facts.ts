import { Type, type Static } from 'typebox'
import { Count, strict } from '../schema.ts'

const Str = Type.String()
const Num = Type.Number()
const Bool = Type.Boolean()

/** Why the image of a container cannot be had, as the kubelet's own words tell it; empty where it can. */
export const IMAGE_PROBLEMS = ['not-found', 'unauthorized', 'rate-limited', 'unreachable', 'invalid', 'other'] as const
/** Why the scheduler finds no node; empty where it finds one. */
export const SCHEDULING_PROBLEMS = [
  'insufficient',
  'taint',
  'selector',
  'affinity',
  'volume',
  'cordoned',
  'other',
] as const
export const PROBES = ['liveness', 'readiness', 'startup'] as const

/** A pod of the incident's target, as playbooks see it. Empty strings and zeros where nothing applies, so that no expression fails on a missing fact. */
export const PodFacts = strict({
  name: Str,
  uid: Str,
  node: Str,
  phase: Str,
  /** pod-template-hash or controller-revision-hash. */
  revision: Str,
  ready: Bool,
  terminating: Bool,
  /** Has no controller: nothing would bring it back. */
  bare: Bool,
  ageSeconds: Num,
  /** Waiting reason of the first container that waits, such as CrashLoopBackOff. */
  waiting: Str,
  restarts: Count,
  /** Of the last termination of the container that ended last. */
  exitReason: Str,
  exitCode: Type.Integer(),
  /** Times the last container was seen to end; 0 when never. */
  secondsSinceExit: Num,
  oomKilled: Bool,
  /** Waits or crashes in a way that only a change ends; see `failing.waiting`. */
  cannotRun: Bool,
  /** Reason of the pod's own status: Evicted, NodeLost, Preempting. */
  reason: Str,
  /** An init container runs and does not end. */
  initializing: Bool,
  /** One of `IMAGE_PROBLEMS`, or empty. */
  imageProblem: Str,
  /** One of `SCHEDULING_PROBLEMS`, or empty. */
  schedulingProblem: Str,
  /** What its template names and is not there, such as `ConfigMap/settings` or `Secret/db:password`; empty where nothing is missing. */
  missing: Str,
  /** One of `PROBES` that fails now; empty where none does. */
  failingProbe: Str,
  /** Was ended by the kubelet for its liveness or startup probe, and not for memory. */
  killedByProbe: Bool,
  /** Runs, and has never been ready. */
  neverReady: Bool,
  /** Uses more than it asked for of what its node is short of (memory, ephemeral storage, process ids). */
  overRequest: Bool,
  /** Its own volume hangs at another node. */
  multiAttach: Bool,
  /** The node it runs on is Ready. True where it has none. */
  nodeReady: Bool,
})
export type PodFacts = Static<typeof PodFacts>
