/**
 * Reasons of Events that KubeWise's own rules need, by rule. `quota-exhausted` and `killed-by-probe` judge states, which such an
 * Event explains. The detector's rules are the source; a test holds the two together.
 */
export const NEEDED_REASONS: Readonly<Record<string, readonly string[]>> = {
  'failed-scheduling': ['FailedScheduling'],
  'failed-create': ['FailedCreate'],
  'failed-mount': ['FailedMount', 'FailedMapVolume'],
  'failed-attach': ['FailedAttachVolume', 'FailedDetachVolume'],
  'failed-sandbox': ['FailedCreatePodSandBox', 'NetworkNotReady'],
  'probe-failed': ['Unhealthy', 'ProbeWarning', 'FailedPostStartHook'],
  evicted: ['Evicted', 'TaintManagerEviction', 'Preempted'],
  'node-trouble': [
    'SystemOOM',
    'OOMKilling',
    'EvictionThresholdMet',
    'ImageGCFailed',
    'FreeDiskSpaceFailed',
    'Rebooted',
  ],
  'provisioning-failed': ['ProvisioningFailed', 'VolumeResizeFailed'],
  'autoscaler-metrics': ['FailedGetResourceMetric', 'FailedComputeMetricsReplicas'],
  'job-gave-up': ['BackoffLimitExceeded', 'DeadlineExceeded'],
  'kill-failed': ['FailedKillPod'],
  'pull-failing': ['BackOff', 'Failed'],
  'create-failing': ['BackOff', 'Failed'],
  'restart-failing': ['BackOff', 'Failed'],
  'killed-by-probe': ['Unhealthy', 'Killing'],
  'quota-exhausted': ['FailedCreate'],
}
