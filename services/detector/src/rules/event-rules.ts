import type { KubernetesEvent, ObjectCondition, ObjectState, Severity } from '@kubewise/contracts'
import { CREATE_REASONS, PULL_REASONS } from './container-waiting.ts'
import { MINUTE } from './state-rule.ts'

/**
 * Events worth an anomaly, with how many it takes. Container states (CrashLoopBackOff, ImagePullBackOff, OOMKilled, …) are not
 * here: they are never Event reasons. Events are best effort and aggregated, so none of these alone leads to an action.
 */
export interface EventRule {
  name: string
  version: number
  reasons: readonly string[]
  /** Occurrences before an anomaly opens. */
  atLeast: number
  /** Between the first and the last of them; what keeps failing does so for longer than a start takes. */
  spanMs?: number
  /** What the object's state says of it, if one is known: then it is over, whatever Events said. */
  isOver?: (state: ObjectState['state']) => boolean
  /** It must have gone on for so long: what is over within that needs nobody. */
  heldMs?: number
  /** Quiet time after which it ends. */
  clearMs: number
  severity: Severity
  say: string
}

const isTrue = (conditions: readonly ObjectCondition[], type: string) =>
  conditions.some((condition) => condition.type === type && condition.status === 'True')

const rule = (
  name: string,
  reasons: string[],
  atLeast: number,
  severity: Severity,
  say: string,
  more: Partial<EventRule> = {},
): EventRule => ({
  name,
  version: 1,
  reasons,
  atLeast,
  clearMs: 5 * MINUTE,
  severity,
  say,
  ...more,
})

export const EVENT_RULES: readonly EventRule[] = [
  // A claim that is bound a second after its pod was made costs two of these.
  rule('failed-scheduling', ['FailedScheduling'], 2, 'warning', 'The scheduler finds no node.', {
    heldMs: 15_000,
    isOver: (state) => state.type === 'Pod' && isTrue(state.conditions, 'PodScheduled'),
  }),
  rule('failed-create', ['FailedCreate'], 2, 'critical', 'Pods of the workload cannot be created.'),
  rule('failed-mount', ['FailedMount', 'FailedMapVolume'], 3, 'warning', 'A volume cannot be mounted.'),
  rule(
    'failed-attach',
    ['FailedAttachVolume', 'FailedDetachVolume'],
    2,
    'warning',
    'A volume cannot be attached or detached.',
  ),
  rule('failed-sandbox', ['FailedCreatePodSandBox', 'NetworkNotReady'], 3, 'warning', 'The pod gets no network.'),
  // Every pod that takes a while to start fails its probes until then.
  rule('probe-failed', ['Unhealthy', 'ProbeWarning', 'FailedPostStartHook'], 5, 'info', 'A probe keeps failing.', {
    spanMs: 3 * MINUTE,
  }),
  rule('evicted', ['Evicted', 'TaintManagerEviction', 'Preempted'], 1, 'warning', 'The pod was evicted or preempted.'),
  rule(
    'node-trouble',
    ['SystemOOM', 'OOMKilling', 'EvictionThresholdMet', 'ImageGCFailed', 'FreeDiskSpaceFailed', 'Rebooted'],
    1,
    'warning',
    'The node is in trouble.',
  ),
  rule(
    'provisioning-failed',
    ['ProvisioningFailed', 'VolumeResizeFailed'],
    2,
    'warning',
    'A volume cannot be provisioned or resized.',
  ),
  rule(
    'autoscaler-metrics',
    ['FailedGetResourceMetric', 'FailedComputeMetricsReplicas'],
    3,
    'info',
    'The autoscaler cannot read its metrics.',
  ),
  rule('job-gave-up', ['BackoffLimitExceeded', 'DeadlineExceeded'], 1, 'warning', 'The Job has given up.'),
  rule('kill-failed', ['FailedKillPod'], 3, 'warning', 'A container cannot be ended.'),
]

/**
 * BackOff and Failed each stand for several failures. Which one is told by what the container waits for, as seen last; the
 * message is text and is not read.
 */
const SHARED_REASONS = new Set(['BackOff', 'Failed'])
const pulling = rule('pull-failing', [], 3, 'info', 'An image keeps failing to be pulled.')
const creating = rule('create-failing', [], 3, 'info', 'A container keeps failing to be created or started.')
const restarting = rule('restart-failing', [], 3, 'info', 'A container keeps failing and is started anew.')
export const SORTED_RULES: readonly EventRule[] = [pulling, creating, restarting]

/** The key under which such Events wait for a state that tells them apart. */
export const UNSORTED = 'noted:BackOff'
/** Normal Events that are no sign of anything by themselves, but tell what a state means. */
const NOTED = new Set(['Killing'])
/** How long a note is believed. */
export const NOTE_MS = 10 * MINUTE

const BY_REASON = new Map(
  EVENT_RULES.flatMap((eventRule) => eventRule.reasons.map((reason) => [reason, eventRule] as const)),
)

/** Whether what was seen of an Event rule is what it is about, at this moment. */
export function isMet(
  { atLeast, spanMs = 0, heldMs = 0, isOver }: EventRule,
  seen: { count: number; firstMs: number; lastMs: number },
  state: ObjectState | undefined,
  nowMs: number,
): boolean {
  if (seen.count < atLeast || seen.lastMs - seen.firstMs < spanMs || nowMs - seen.firstMs < heldMs) return false
  if (!isOver) return true
  // Of an object that is not known to be ill Events must go on: at a start, those of before are told again.
  return state ? !isOver(state.state) : seen.lastMs - seen.firstMs >= MINUTE
}

/** Which of the shared rules a pod's state means; undefined where it shows no trouble of a container (yet). */
export function sortedRule({ state }: Pick<ObjectState, 'state'>): EventRule | undefined {
  if (state.type !== 'Pod') return undefined
  const waits = (reasons: readonly string[]) =>
    state.containers.some(({ waiting }) => waiting !== undefined && reasons.includes(waiting))
  if (waits(['ErrImagePull', ...PULL_REASONS])) return pulling
  if (waits(CREATE_REASONS)) return creating
  const isDead = state.containers.some((c) => c.waiting === 'CrashLoopBackOff' || (c.terminated?.exitCode ?? 0) !== 0)
  return isDead ? restarting : undefined
}

/**
 * Under which name an Event is remembered: its rule, the rule that its pod's state tells, or as a note; undefined for one that
 * means nothing here. The type is not looked at: NodeHasDiskPressure and others come as Normal.
 */
export function memoryNameOf(event: KubernetesEvent, state: ObjectState | undefined): string | undefined {
  if (SHARED_REASONS.has(event.reason))
    return event.entity.kind === 'Pod' ? ((state && sortedRule(state)?.name) ?? UNSORTED) : undefined
  if (NOTED.has(event.reason)) return `noted:${event.reason}`
  return BY_REASON.get(event.reason)?.name
}
