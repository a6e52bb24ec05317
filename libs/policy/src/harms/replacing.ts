import type { Harm } from './harm.ts'
import {
  hasDependencyDown,
  hasVolumeAstray,
  isClockAstray,
  isIdentityBroken,
  isNetworkBroken,
  isNodeInNeed,
  isRollingOut,
  isServiceAstray,
  isVolumeFilling,
  livePods,
} from './illness.ts'

/** Actions that take running pods for new ones of the same template. */
const TAKES = ['evict-pod', 'restart'] as const
/** The same, and actions that want more pods of the same template. */
const TAKES_OR_ADDS = [...TAKES, 'scale', 'set-autoscaler-maximum'] as const

/** Where pods of the present template, taken for others or added, would be as ill or worse. */
export const REPLACING: readonly Harm[] = [
  {
    code: 'image-unavailable',
    catalogue: [13],
    by: [...TAKES_OR_ADDS, 'set-resources'],
    when: ({ image }) => image.failing,
    say: 'The image cannot be had, so a new pod would not start; the old ones still serve.',
  },
  {
    code: 'configuration-missing',
    catalogue: [11],
    by: [...TAKES_OR_ADDS, 'set-resources'],
    when: ({ configuration }) => configuration.missing,
    say: 'What the template names is missing, so a new pod would not start; those that run hold the old.',
  },
  {
    code: 'not-schedulable',
    catalogue: [24, 25, 26],
    by: TAKES_OR_ADDS,
    when: ({ scheduling }) => scheduling.blocked || scheduling.preempted,
    say: 'No node takes another pod of it.',
  },
  {
    code: 'pods-cannot-run',
    catalogue: [1, 9, 12, 13, 23],
    by: ['evict-pod', 'scale', 'set-autoscaler-maximum'],
    when: (facts) => livePods(facts).some(({ cannotRun }) => cannotRun),
    say: 'Pods of it cannot run as they are; another one could not either.',
  },
  {
    code: 'restart-repeats',
    catalogue: [9, 12, 13, 23],
    by: ['restart'],
    when: (facts) => livePods(facts).some(({ cannotRun }) => cannotRun) && !facts.identity.secretRotated,
    say: 'Its pods restart already and cannot run; one more restart changes nothing.',
  },
  {
    code: 'killed-for-memory',
    catalogue: [1, 3],
    by: ['restart', 'scale', 'set-autoscaler-maximum'],
    when: ({ memory }) => memory.steady || memory.recurring,
    say: 'The limit is too low for what it does; new pods would be killed for memory as well.',
  },
  {
    code: 'limit-holds-back',
    catalogue: [4],
    by: [...TAKES, 'scale'],
    when: ({ cpu }) => cpu.throttled && cpu.allReplicas,
    say: 'Its own CPU limit holds every replica back; others would be held back as well.',
  },
  {
    code: 'one-replica-alone',
    catalogue: [5],
    by: ['restart', 'scale', 'set-autoscaler-maximum'],
    when: ({ runaway }) => runaway.exists,
    say: 'One replica alone is far above its siblings; only that one is to be replaced.',
  },
  {
    code: 'not-the-runaway',
    catalogue: [5],
    by: ['evict-pod'],
    when: ({ runaway }, { uid }) => runaway.exists && uid !== runaway.uid,
    say: 'Another replica is the one that is far above its siblings.',
  },
  {
    code: 'not-the-culprit',
    catalogue: [8, 30, 31],
    by: ['evict-pod'],
    when: ({ culprit, runaway }, { uid }) => culprit.exists && uid !== culprit.uid && uid !== runaway.uid,
    say: 'Another pod is the one that takes from its node what others need.',
  },
  {
    code: 'at-capacity',
    catalogue: [6],
    by: [...TAKES, 'scale'],
    when: ({ autoscaler }) => autoscaler.atMax,
    say: 'All replicas are needed and its autoscaler is at its maximum; fewer of them for a while would be an outage.',
  },
  {
    code: 'probe-fails',
    catalogue: [17, 18],
    by: TAKES_OR_ADDS,
    when: ({ probe }) => probe.failing !== '' || probe.kills,
    say: 'A probe fails by its own settings; new pods would fail it as well.',
  },
  {
    code: 'starting-up',
    catalogue: [19],
    by: TAKES_OR_ADDS,
    when: (facts) => livePods(facts).some(({ initializing }) => initializing),
    say: 'A pod of it waits in its init containers; a new one would wait as well.',
  },
  {
    code: 'dependency-down',
    catalogue: [10],
    by: ['restart', 'scale', 'set-autoscaler-maximum'],
    when: hasDependencyDown,
    say: 'A dependency is down; it comes back by itself once that does.',
  },
  {
    code: 'rollout-in-progress',
    catalogue: [41],
    by: [...TAKES_OR_ADDS, 'set-resources'],
    when: isRollingOut,
    say: 'A rollout is under way within its deadline and none of its pods is failing.',
  },
  {
    code: 'node-in-need',
    catalogue: [8, 30, 31],
    by: ['scale', 'set-autoscaler-maximum'],
    when: isNodeInNeed,
    say: 'A node runs out of what pods need; more pods would take more of it.',
  },
  {
    code: 'node-not-ready',
    catalogue: [28, 36],
    by: TAKES,
    // Also where the pod there is being deleted: whether it still runs, and holds a volume, is not known either.
    when: ({ pods }) => pods.some(({ nodeReady }) => !nodeReady),
    say: 'A node of it is not ready: whether its pod still runs there is not known, and its toleration is waited for.',
  },
  {
    code: 'volume-astray',
    catalogue: [34, 36],
    by: TAKES_OR_ADDS,
    when: hasVolumeAstray,
    say: 'A volume of it is not bound, or hangs at another node; a new pod could not start.',
  },
  {
    code: 'volume-filling',
    catalogue: [35],
    by: TAKES,
    when: isVolumeFilling,
    say: 'A volume of it fills up; a new pod would find it as full.',
  },
  {
    code: 'service-misrouted',
    catalogue: [37],
    by: TAKES_OR_ADDS,
    when: isServiceAstray,
    say: 'Its Service does not lead to its pods, which are healthy.',
  },
  {
    code: 'network-broken',
    catalogue: [38],
    by: TAKES_OR_ADDS,
    when: isNetworkBroken,
    say: 'The network or name resolution is broken; new pods would meet the same.',
  },
  {
    code: 'credentials-expired',
    catalogue: [39],
    by: TAKES_OR_ADDS,
    when: isIdentityBroken,
    say: 'A certificate or permission is gone and no new one is there yet.',
  },
  {
    code: 'clock-drift',
    catalogue: [33],
    by: TAKES_OR_ADDS,
    when: isClockAstray,
    say: 'The clock of a node is wrong; its pods are not the cause.',
  },
  {
    code: 'bare-pod',
    catalogue: [40],
    by: ['evict-pod'],
    when: ({ pods }, { uid }) => pods.some((pod) => pod.uid === uid && pod.bare),
    say: 'Nothing would bring the pod back.',
  },
  {
    code: 'finished-pod',
    catalogue: [40],
    by: ['evict-pod'],
    when: ({ pods }, { uid }) =>
      pods.some((pod) => pod.uid === uid && (pod.phase === 'Succeeded' || pod.phase === 'Failed')),
    say: 'The pod has ended already.',
  },
]
