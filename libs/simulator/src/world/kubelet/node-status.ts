import { conditionOf, RESOURCES, timeMs, type Condition, type Node } from '@kubewise/kube'
import { withCondition } from '../objects/conditions.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'
import { dateOf, MINUTE_MS } from '../time.ts'

const MANAGER = 'kubelet'
const HEARTBEAT_MS = 5 * MINUTE_MS
const CORES = 4
const MEMORY_KI = 16 * 2 ** 20

const HEALTHY: readonly Condition[] = [
  {
    type: 'MemoryPressure',
    status: 'False',
    reason: 'KubeletHasSufficientMemory',
    message: 'kubelet has sufficient memory available',
  },
  {
    type: 'DiskPressure',
    status: 'False',
    reason: 'KubeletHasNoDiskPressure',
    message: 'kubelet has no disk pressure',
  },
  {
    type: 'PIDPressure',
    status: 'False',
    reason: 'KubeletHasSufficientPID',
    message: 'kubelet has sufficient PID available',
  },
  { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
]

export const nodeNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `node-${index + 1}`)

/** A node of four cores and 16 Gi as its kubelet registers it. */
export function newNode(name: string, index: number, nowMs: number): Node {
  const amounts = { cpu: String(CORES), memory: `${MEMORY_KI}Ki`, 'ephemeral-storage': '100Gi', pods: '110' }
  return {
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
    },
    spec: { podCIDR: `10.244.${index + 1}.0/24` },
    status: {
      capacity: amounts,
      allocatable: { ...amounts, cpu: `${CORES * 1000 - 100}m`, memory: `${MEMORY_KI - 512 * 1024}Ki` },
      conditions: HEALTHY.map((condition) => ({
        ...condition,
        lastHeartbeatTime: dateOf(nowMs),
        lastTransitionTime: dateOf(nowMs),
      })),
      addresses: [
        { type: 'InternalIP', address: nodeAddress(index) },
        { type: 'Hostname', address: name },
      ],
      nodeInfo: {
        kubeletVersion: 'v1.34.4',
        osImage: 'Simulated Linux',
        containerRuntimeVersion: 'containerd://2.1.4',
        architecture: 'amd64',
      },
    },
  }
}

export const nodeAddress = (index: number) => `10.0.0.${index + 10}`

/** Lets live kubelets post that their nodes are well: at once after a change, else every five minutes. */
export function createNodeStatus({ objects, events }: WorldPorts, isAlive: (node: string) => boolean): Reconcile {
  return (nowMs) => {
    for (const node of objects.list<Node>(RESOURCES.Node)) {
      const name = node.metadata?.name ?? ''
      const before = conditionOf(node, 'Ready')
      const wasReady = before?.status === 'True'
      const isDue = !wasReady || nowMs - (timeMs(before.lastHeartbeatTime) ?? 0) >= HEARTBEAT_MS
      if (!isAlive(name) || !isDue) continue
      objects.update<Node>(RESOURCES.Node, undefined, name, MANAGER, (found) => ({
        ...found,
        status: { ...found.status, conditions: heard(found.status?.conditions ?? [], nowMs) },
      }))
      if (!wasReady)
        events.record(nowMs, {
          about: node,
          type: 'Normal',
          reason: 'NodeReady',
          message: `Node ${name} status is now: NodeReady`,
          component: 'kubelet',
          host: name,
        })
    }
  }
}

/** Pressure that someone has declared stays; silence ends. */
function heard(conditions: readonly Condition[], nowMs: number): Condition[] {
  const said = HEALTHY.reduce<Condition[]>(
    (list, condition) => {
      const isPressed =
        condition.type !== 'Ready' && list.find(({ type }) => type === condition.type)?.status === 'True'
      return isPressed ? list : withCondition(list, condition, nowMs)
    },
    [...conditions],
  )
  return said.map((condition) => ({ ...condition, lastHeartbeatTime: dateOf(nowMs) }))
}
