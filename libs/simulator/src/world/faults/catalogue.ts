/** A failure that can be injected, and how the failure catalogue says it should end. */
export interface FaultKind {
  name: string
  description: string
  /** `Kind/name` in the namespace of the demo. */
  defaultTarget: string
  /** Kinds it can be injected into. */
  targets: readonly string[]
  /** `repaired`: there is a safe remedy. `left-alone`: the right answer is no action on the cluster. */
  expected: 'repaired' | 'left-alone'
}

const ROLLED_OUT = ['Deployment', 'StatefulSet', 'DaemonSet'] as const

/** Every fault, in the order of a tour. */
export const FAULTS = [
  {
    name: 'memory',
    description:
      'The data has grown: every replica needs more memory than its limit and is killed. No rollout was made.',
    defaultTarget: 'Deployment/api',
    targets: ROLLED_OUT,
    expected: 'repaired',
  },
  {
    name: 'bad-rollout',
    description: 'A new template with a wrong value crashes right after its start.',
    defaultTarget: 'Deployment/web',
    targets: ROLLED_OUT,
    expected: 'repaired',
  },
  {
    name: 'bad-image',
    description: 'A new template names an image tag that does not exist.',
    defaultTarget: 'Deployment/search',
    targets: ROLLED_OUT,
    expected: 'repaired',
  },
  {
    name: 'missing-config',
    description: 'A new template refers to a ConfigMap that does not exist.',
    defaultTarget: 'Deployment/mailer',
    targets: ROLLED_OUT,
    expected: 'repaired',
  },
  {
    name: 'runaway-replica',
    description: 'One replica spins and uses all the CPU it may; its siblings work as before.',
    defaultTarget: 'Deployment/worker',
    targets: [...ROLLED_OUT, 'Pod'],
    expected: 'repaired',
  },
  {
    name: 'rolling-update',
    description: 'A healthy new template that takes its time, within the deadline.',
    defaultTarget: 'Deployment/web',
    targets: ROLLED_OUT,
    expected: 'left-alone',
  },
  {
    name: 'completed-job',
    description: 'A Job ran to its end; its pod is no longer ready, as it should be.',
    defaultTarget: 'Job/report',
    targets: ['Job'],
    expected: 'left-alone',
  },
  {
    name: 'bare-pod-crash',
    description: 'A pod without a controller crashes again and again; nothing would bring it back.',
    defaultTarget: 'Pod/debug',
    targets: ['Pod'],
    expected: 'left-alone',
  },
  {
    name: 'dependency-down',
    description: 'Someone scaled the database to 0; whoever needs it crashes.',
    defaultTarget: 'Deployment/db',
    targets: ['Deployment', 'StatefulSet', 'Service'],
    expected: 'left-alone',
  },
  {
    name: 'node-not-ready',
    description: 'A kubelet falls silent; its node becomes unknown and its pods are evicted after five minutes.',
    defaultTarget: 'Node/node-2',
    targets: ['Node'],
    expected: 'left-alone',
  },
  {
    name: 'node-recovered',
    description: 'The silent kubelet is back.',
    defaultTarget: 'Node/node-2',
    targets: ['Node'],
    expected: 'left-alone',
  },
] as const satisfies readonly FaultKind[]

export type FaultName = (typeof FAULTS)[number]['name']

export function isFaultName(name: string): name is FaultName {
  return FAULTS.some((fault) => fault.name === name)
}
