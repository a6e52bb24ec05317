import { isPodFinished, isTerminating, RESOURCES, type Node, type Pod } from '@kubewise/kube'
import { amountOf, requestOf } from '../objects/amounts.ts'
import { withCondition } from '../objects/conditions.ts'
import { isNodeSelected, untolerated } from '../objects/placement.ts'
import type { Reconcile, WorldPorts } from '../ports.ts'
import { MINUTE_MS } from '../time.ts'

const MANAGER = 'kube-scheduler'
const COMPONENT = 'default-scheduler'
const REPEAT_MS = 5 * MINUTE_MS
const COUNTED = ['cpu', 'memory'] as const

interface Place {
  node: Node
  pods: number
  free: Record<(typeof COUNTED)[number], number>
}

/** Binds pods to nodes that have room for them and let them in; says why where none does. */
export function createScheduler({ objects, events }: WorldPorts): Reconcile {
  /** What was said last about a pod that fits nowhere. */
  const told = new Map<string, { message: string; atMs: number }>()

  function places(): Place[] {
    const byNode = Map.groupBy(
      objects.list<Pod>(RESOURCES.Pod).filter((pod) => pod.spec?.nodeName && !isPodFinished(pod)),
      (pod) => pod.spec?.nodeName,
    )
    return objects.list<Node>(RESOURCES.Node).map((node) => placeOf(node, byNode.get(node.metadata?.name) ?? []))
  }

  function bind(pod: Pod, place: Place, nowMs: number): void {
    const nodeName = place.node.metadata?.name ?? ''
    const { namespace, name = '', uid = '' } = pod.metadata ?? {}
    objects.update<Pod>(RESOURCES.Pod, namespace, name, MANAGER, (found) => ({
      ...found,
      spec: { containers: [], ...found.spec, nodeName },
      status: {
        ...found.status,
        conditions: withCondition(found.status?.conditions, { type: 'PodScheduled', status: 'True' }, nowMs),
      },
    }))
    for (const resource of COUNTED) place.free[resource] -= requestOf(pod, resource)
    place.pods++
    told.delete(uid)
    const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`
    events.record(nowMs, {
      about: pod,
      type: 'Normal',
      reason: 'Scheduled',
      message,
      component: COMPONENT,
      action: 'Binding',
    })
  }

  function tellWhyNot(pod: Pod, message: string, nowMs: number): void {
    const { namespace, name = '', uid = '' } = pod.metadata ?? {}
    const before = told.get(uid)
    if (before?.message === message && nowMs - before.atMs < REPEAT_MS) return
    told.set(uid, { message, atMs: nowMs })
    events.record(nowMs, {
      about: pod,
      type: 'Warning',
      reason: 'FailedScheduling',
      message,
      component: COMPONENT,
      action: 'Scheduling',
    })
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message } as const
    objects.update<Pod>(RESOURCES.Pod, namespace, name, MANAGER, (found) => ({
      ...found,
      status: { ...found.status, conditions: withCondition(found.status?.conditions, condition, nowMs) },
    }))
  }

  return (nowMs) => {
    const waiting = objects
      .list<Pod>(RESOURCES.Pod)
      .filter((pod) => !pod.spec?.nodeName && !isTerminating(pod) && !isPodFinished(pod))
    if (waiting.length === 0) return
    const all = places()
    for (const pod of waiting) {
      const verdicts = all.map((place) => ({ place, why: whyNot(pod, place) }))
      const fitting = verdicts.filter(({ why }) => why.length === 0).map(({ place }) => place)
      const best = fitting.toSorted((a, b) => share(b) - share(a))[0]
      if (best) bind(pod, best, nowMs)
      else
        tellWhyNot(
          pod,
          explain(
            all.length,
            verdicts.flatMap(({ why }) => why),
          ),
          nowMs,
        )
    }
  }
}

function placeOf(node: Node, pods: readonly Pod[]): Place {
  const free = (resource: (typeof COUNTED)[number]) =>
    (amountOf(node.status?.allocatable?.[resource]) ?? 0) - pods.reduce((sum, pod) => sum + requestOf(pod, resource), 0)
  return { node, pods: pods.length, free: { cpu: free('cpu'), memory: free('memory') } }
}

/** Everything that keeps a pod off a node, as the scheduler words it. */
function whyNot(pod: Pod, { node, pods, free }: Place): string[] {
  const spec = pod.spec ?? { containers: [] }
  if (node.spec?.unschedulable) return ['node(s) were unschedulable']
  const [taint] = untolerated(node, spec.tolerations, ['NoSchedule', 'NoExecute'])
  if (taint) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`]
  if (!isNodeSelected(spec, node)) return ["node(s) didn't match Pod's node affinity/selector"]
  if (pods >= (amountOf(node.status?.allocatable?.['pods']) ?? 110)) return ['Too many pods']
  return COUNTED.filter((resource) => requestOf(pod, resource) > free[resource]).map(
    (resource) => `Insufficient ${resource}`,
  )
}

/** The free share of a node, of whatever is scarcer. */
function share({ node, free }: Place): number {
  return Math.min(...COUNTED.map((resource) => free[resource] / (amountOf(node.status?.allocatable?.[resource]) ?? 1)))
}

function explain(nodes: number, reasons: readonly string[]): string {
  if (nodes === 0) return 'no nodes available to schedule pods'
  const counts = Array.from(
    Map.groupBy(reasons, (reason) => reason),
    ([reason, all]) => `${all.length} ${reason}`,
  ).sort()
  const isFull = reasons.some((reason) => reason.startsWith('Insufficient'))
  const preemption = isFull
    ? 'No preemption victims found for incoming pod'
    : 'Preemption is not helpful for scheduling'
  return `0/${nodes} nodes are available: ${counts.join(', ')}. no new claims to deallocate, preemption: 0/${nodes} nodes are available: ${nodes} ${preemption}.`
}
