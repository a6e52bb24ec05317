import type { Harm } from './harm.ts'
import { hasVolumeAstray, isNodeInNeed } from './illness.ts'

const KILLED = 137

/** Where a limit, a number or a size is not what holds the target back, or would be raised beyond what is good for others. */
export const BOUNDS: readonly Harm[] = [
  {
    code: 'memory-leak',
    catalogue: [2],
    by: ['set-resources'],
    when: ({ memory, forecast }, { memoryLimit }) =>
      memoryLimit !== undefined &&
      !memory.steady &&
      !memory.recurring &&
      (memory.kills > 0 || (forecast.exists && forecast.resource === 'memory')),
    say: 'Memory grows without end, or one kill shows no pattern yet; a higher limit would only put it off.',
  },
  {
    code: 'not-for-memory',
    catalogue: [17],
    by: ['set-resources'],
    when: ({ memory, probe, pods }, { memoryLimit }) =>
      memoryLimit !== undefined &&
      memory.kills === 0 &&
      (probe.kills || pods.some((pod) => pod.killedByProbe || (pod.exitCode === KILLED && !pod.oomKilled))),
    say: 'It was ended by a probe or by somebody, not for memory.',
  },
  {
    code: 'other-container',
    catalogue: [1],
    by: ['set-resources'],
    when: ({ memory }, { container, memoryLimit }) =>
      memoryLimit !== undefined && memory.kills > 0 && container !== memory.container,
    say: 'Another container is the one that is killed for memory.',
  },
  {
    code: 'node-memory-pressure',
    catalogue: [8],
    by: ['set-resources'],
    when: ({ nodes, node }, { memoryLimit }) =>
      memoryLimit !== undefined && [...nodes, node].some(({ pressures }) => pressures.includes('MemoryPressure')),
    say: 'A node is short of memory itself; a higher limit would take more of it.',
  },
  {
    code: 'one-replica-alone',
    catalogue: [4, 5],
    by: ['set-resources'],
    when: ({ cpu, runaway }, { cpuLimit }) =>
      cpuLimit !== undefined && (runaway.exists || (cpu.throttled && !cpu.allReplicas)),
    say: 'One replica alone wants more than its siblings; the limit is not too low.',
  },
  {
    code: 'takes-capacity',
    catalogue: [6],
    by: ['scale'],
    when: ({ target }, { replicas }) => typeof replicas !== 'number' || !(replicas >= target.wanted),
    say: 'Fewer pods than now would take capacity from something that is ill.',
  },
  {
    code: 'autoscaler-blind',
    catalogue: [7],
    by: ['set-autoscaler-maximum', 'scale'],
    when: ({ autoscaler }) => autoscaler.blind,
    say: 'Its autoscaler cannot read what it scales by; another number would not help it.',
  },
  {
    code: 'no-room',
    catalogue: [6],
    by: ['set-autoscaler-maximum'],
    when: ({ autoscaler }, { maxReplicas }) =>
      !autoscaler.hasRoom || autoscaler.nextMax === 0 || !(Number(maxReplicas) <= autoscaler.nextMax),
    say: 'The nodes have no room for that many more pods, or no raise is allowed any more.',
  },
  {
    code: 'not-at-maximum',
    catalogue: [6],
    by: ['set-autoscaler-maximum'],
    when: ({ autoscaler }) => !autoscaler.atMax,
    say: 'Its autoscaler does not want more than it may.',
  },
  {
    code: 'not-expandable',
    catalogue: [34, 35],
    by: ['expand-volume'],
    when: (facts, { claim, uid, size }) => {
      const volume = [...facts.volumes, facts.volume].find(
        // The action's target is the claim itself.
        (each) => each.name === (claim ?? facts.target.name) && (uid === undefined || each.uid === uid),
      )
      return !volume || !volume.expandable || !volume.everBound || volume.nextSize === '' || volume.nextSize !== size
    },
    say: 'The claim cannot be expanded so: it is not bound, its class does not allow it, or it would grow beyond its bound.',
  },
  {
    code: 'volume-astray',
    catalogue: [34, 36],
    by: ['expand-volume'],
    when: hasVolumeAstray,
    say: 'A volume is not bound, or hangs at another node; its size is not what is wrong.',
  },
  {
    code: 'last-node',
    catalogue: [29],
    by: ['cordon'],
    when: ({ cluster }) => cluster.nodes - cluster.nodesNotReady <= 1,
    say: 'It is the last node that takes pods, or the nodes are not known.',
  },
  {
    code: 'node-well',
    catalogue: [28, 30, 33],
    by: ['cordon'],
    when: (facts) =>
      facts.node.ready === 'True' && !isNodeInNeed(facts) && Math.abs(facts.node.clockOffsetSeconds) <= 5,
    say: 'Nothing is wrong with the node.',
  },
  {
    code: 'cordoned-by-others',
    catalogue: [32],
    by: ['uncordon'],
    when: ({ node }) => !node.cordoned || !node.cordonedByUs,
    say: 'KubeWise did not cordon it; somebody may be at work on it.',
  },
]
