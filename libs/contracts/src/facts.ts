import { Type, type Static } from 'typebox'
import { Count, strict } from './schema.ts'

const Str = Type.String()
const Num = Type.Number()
const Bool = Type.Boolean()

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
})
export type PodFacts = Static<typeof PodFacts>

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
  }),
  /** A replica far above its siblings in CPU. */
  runaway: strict({ exists: Bool, pod: Str, uid: Str, value: Num, siblings: Num, ratio: Num, ready: Bool }),
  job: strict({ exists: Bool, complete: Bool, failed: Bool }),
  budget: strict({ exists: Bool, disruptionsAllowed: Count }),
  attempts: strict({ count: Count, lastAction: Str, lastOutcome: Str }),
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
