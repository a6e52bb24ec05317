import type { KubernetesEvent, Severity } from '@kubewise/contracts'
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
  /** Quiet time after which it ends. */
  clearMs: number
  severity: Severity
  say: string
}

const rule = (name: string, reasons: string[], atLeast: number, severity: Severity, say: string): EventRule => ({
  name,
  version: 1,
  reasons,
  atLeast,
  clearMs: 5 * MINUTE,
  severity,
  say,
})

export const EVENT_RULES: readonly EventRule[] = [
  rule('failed-scheduling', ['FailedScheduling'], 2, 'warning', 'The scheduler finds no node.'),
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
  rule('probe-failed', ['Unhealthy', 'ProbeWarning', 'FailedPostStartHook'], 5, 'info', 'A probe keeps failing.'),
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
    'autoscaler-blind',
    ['FailedGetResourceMetric', 'FailedComputeMetricsReplicas'],
    3,
    'info',
    'The autoscaler cannot read its metrics.',
  ),
  rule('job-gave-up', ['BackoffLimitExceeded', 'DeadlineExceeded'], 1, 'warning', 'The Job has given up.'),
  rule('kill-failed', ['FailedKillPod'], 3, 'warning', 'A container cannot be ended.'),
]

const BY_REASON = new Map(
  EVENT_RULES.flatMap((eventRule) => eventRule.reasons.map((reason) => [reason, eventRule] as const)),
)

/** The rule for an Event's reason. The type is not looked at: NodeHasDiskPressure and others come as Normal. */
export const eventRuleFor = (event: KubernetesEvent): EventRule | undefined => BY_REASON.get(event.reason)
