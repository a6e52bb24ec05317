import {
  conditionOf,
  isPodFinished,
  isTerminating,
  RESOURCES,
  timeMs,
  type Condition,
  type Node,
  type Pod,
  type Taint,
} from '@kubewise/kube'
import { withCondition } from '../objects/conditions.ts'
import { isTolerated } from '../objects/placement.ts'
import { deletePod } from '../objects/pods.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'
import { dateOf, SECOND_MS } from '../time.ts'

const MANAGER = 'kube-controller-manager'
const COMPONENT = 'node-controller'
const UNREACHABLE = 'node.kubernetes.io/unreachable'
/** How long the control plane waits for a silent kubelet. */
const GRACE_MS = 50 * SECOND_MS
const SAID_BY_KUBELET = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready']

/**
 * Declares nodes whose kubelet is silent unknown, taints them, and evicts their pods when these tolerate it no longer.
 *
 * @param lastSeenMs when the node's kubelet was last heard; undefined if never
 * @see pkg/controller/nodelifecycle and tainteviction of Kubernetes
 */
export function createNodeLifecycleController(
  { objects, events }: WorldPorts,
  lastSeenMs: (node: string) => number | undefined,
): Reconcile {
  function change(node: Node, how: (found: Node) => Node): void {
    objects.update<Node>(RESOURCES.Node, undefined, node.metadata?.name ?? '', MANAGER, how)
  }

  function declareUnknown(node: Node, nowMs: number): void {
    const name = node.metadata?.name ?? ''
    const unknown = (type: string): Condition => ({
      type,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastHeartbeatTime: conditionOf(node, type)?.lastHeartbeatTime ?? dateOf(nowMs),
    })
    change(node, (found) => ({
      ...found,
      spec: { ...found.spec, taints: withTaints(found.spec?.taints ?? [], nowMs) },
      status: {
        ...found.status,
        conditions: SAID_BY_KUBELET.reduce(
          (list, type) => withCondition(list, unknown(type), nowMs),
          found.status?.conditions ?? [],
        ),
      },
    }))
    events.record(nowMs, {
      about: node,
      type: 'Normal',
      reason: 'NodeNotReady',
      message: `Node ${name} status is now: NodeNotReady`,
      component: COMPONENT,
    })
    for (const pod of podsOn(name)) markNotReady(pod, nowMs)
  }

  function podsOn(node: string): Pod[] {
    return objects.list<Pod>(RESOURCES.Pod).filter((pod) => pod.spec?.nodeName === node && !isPodFinished(pod))
  }

  function markNotReady(pod: Pod, nowMs: number): void {
    if (conditionOf(pod, 'Ready')?.status !== 'True') return
    objects.update<Pod>(RESOURCES.Pod, pod.metadata?.namespace, pod.metadata?.name ?? '', MANAGER, (found) => ({
      ...found,
      status: {
        ...found.status,
        conditions: withCondition(found.status?.conditions, { type: 'Ready', status: 'False' }, nowMs),
      },
    }))
    events.record(nowMs, {
      about: pod,
      type: 'Warning',
      reason: 'NodeNotReady',
      message: 'Node is not ready',
      component: COMPONENT,
    })
  }

  function evictIntolerant(node: Node, nowMs: number): void {
    const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
    if (taints.length === 0) return
    for (const pod of podsOn(node.metadata?.name ?? '')) {
      if (isTerminating(pod) || nowMs < Math.min(...taints.map((taint) => toleratedUntilMs(pod, taint, nowMs))))
        continue
      const message = `Marking for deletion Pod ${pod.metadata?.namespace}/${pod.metadata?.name}`
      events.record(nowMs, {
        about: pod,
        type: 'Normal',
        reason: 'TaintManagerEviction',
        message,
        component: 'taint-eviction-controller',
      })
      deletePod(objects, pod, MANAGER, nowMs)
    }
  }

  return (nowMs) => {
    for (const node of objects.list<Node>(RESOURCES.Node)) {
      const seenMs = lastSeenMs(node.metadata?.name ?? '')
      const isSilent = seenMs !== undefined && nowMs - seenMs > GRACE_MS
      const isReachable = conditionOf(node, 'Ready')?.status === 'True'
      const isUnknown = conditionOf(node, 'Ready')?.status === 'Unknown'
      if (isSilent && !isUnknown) declareUnknown(node, nowMs)
      if (isReachable && node.spec?.taints?.some(({ key }) => key === UNREACHABLE))
        change(node, (found) => ({ ...found, spec: withoutUnreachable(found.spec ?? {}) }))
      evictIntolerant(node, nowMs)
    }
  }
}

function withTaints(taints: readonly Taint[], nowMs: number): Taint[] {
  const missing = ['NoSchedule', 'NoExecute'].filter(
    (effect) => !taints.some((taint) => taint.key === UNREACHABLE && taint.effect === effect),
  )
  return [...taints, ...missing.map((effect) => ({ key: UNREACHABLE, effect, timeAdded: dateOf(nowMs) }))]
}

function withoutUnreachable(spec: NonNullable<Node['spec']>): NonNullable<Node['spec']> {
  const { taints = [], ...rest } = spec
  const left = taints.filter(({ key }) => key !== UNREACHABLE)
  return left.length > 0 ? { ...rest, taints: left } : rest
}

function toleratedUntilMs(pod: Pod, taint: Taint, nowMs: number): number {
  const matching = (pod.spec?.tolerations ?? []).filter((toleration) => isTolerated(taint, [toleration]))
  if (matching.length === 0) return 0
  const seconds = Math.min(...matching.map(({ tolerationSeconds }) => tolerationSeconds ?? Number.POSITIVE_INFINITY))
  return (timeMs(taint.timeAdded) ?? nowMs) + seconds * SECOND_MS
}
