import { QUIET, type Facts, type PodFacts } from '@kubewise/contracts'
import { conditionOf, isPodFinished, isTerminating, timeMs, type Node, type Pod } from '@kubewise/kube'
import type { Context } from './context.ts'
import { eventsAbout } from './events.ts'
import { isIntroduced } from './introduced.ts'
import { amountOf, requestsOf } from './template-references.ts'

const UNSCHEDULABLE_TAINT = 'node.kubernetes.io/unschedulable'

type World = Pick<Context, 'nodes' | 'neighbours' | 'neighbourhood'>

const nameOf = ({ metadata }: Node) => metadata?.name ?? ''

const allocatable = ({ status }: Node, resource: string) => amountOf(status?.allocatable?.[resource]) ?? 0

/** What is left of each resource on a node by its pods' requests; undefined where its pods are not known. */
export function headroomOf(
  node: Node,
  { neighbours, neighbourhood }: Pick<World, 'neighbours' | 'neighbourhood'>,
): ((resource: string) => number) | undefined {
  if (neighbourhood !== 'cluster') return undefined
  const own = neighbours.filter((pod) => pod.spec?.nodeName === nameOf(node) && !isPodFinished(pod))
  const taken = own.map(({ spec }) => requestsOf(spec))
  return (resource) =>
    allocatable(node, resource) -
    (resource === 'pods' ? own.length : taken.reduce((sum, requests) => sum + (requests[resource] ?? 0), 0))
}

/** Would the pod's requests fit into what a node has left, or has at all? A node of unknown room is taken for full. */
export function fitsOn(requests: Readonly<Record<string, number>>, room: (resource: string) => number): boolean {
  return room('pods') >= 1 && Object.entries(requests).every(([resource, amount]) => amount <= room(resource))
}

function isTolerated({ spec }: Pod, { key, value, effect }: { key: string; value?: string; effect: string }): boolean {
  return (spec?.tolerations ?? []).some(
    (toleration) =>
      (toleration.effect === undefined || toleration.effect === '' || toleration.effect === effect) &&
      (toleration.key === undefined || toleration.key === '' || toleration.key === key) &&
      (toleration.operator === 'Exists' || (toleration.value ?? '') === (value ?? '')),
  )
}

/** Does a node suit a pod but for being cordoned? Affinity is not looked into: a pod that has any fits nowhere for us. */
function suits(pod: Pod, node: Node): boolean {
  const labels = node.metadata?.labels ?? {}
  const isSelected = Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)
  const isFree = (node.spec?.taints ?? [])
    .filter(({ key, effect }) => key !== UNSCHEDULABLE_TAINT && effect !== 'PreferNoSchedule')
    .every((taint) => isTolerated(pod, taint))
  return isSelected && isFree && pod.spec?.affinity === undefined && conditionOf(node, 'Ready')?.status === 'True'
}

/** The first cordoned node that would take the pod. */
function cordonedNode(pod: Pod, world: World): string {
  const requests = requestsOf(pod.spec)
  const found = world.nodes.find((node) => {
    if (node.spec?.unschedulable !== true || !suits(pod, node)) return false
    const room = headroomOf(node, world)
    return room !== undefined && fitsOn(requests, room)
  })
  return found ? nameOf(found) : ''
}

/** No node could take the pod, were it empty; false where no node is known. */
function isImpossible(pod: Pod, { nodes }: World): boolean {
  const requests = requestsOf(pod.spec)
  return nodes.length > 0 && nodes.every((node) => !fitsOn(requests, (resource) => allocatable(node, resource)))
}

/**
 * Pods of the target were put off their nodes for others: by their condition, or by the scheduler's Event on one that waits.
 * They are soon gone; that the incident has seen it is remembered for as long as it is open.
 */
function isPreempted({ pods, events, incident }: Context): boolean {
  if (incident.signals.some(({ rule, target }) => rule === 'pod-preempted' && target === undefined)) return true
  return pods.some(
    (pod) =>
      (conditionOf(pod, 'DisruptionTarget')?.status === 'True' &&
        conditionOf(pod, 'DisruptionTarget')?.reason === 'PreemptionByScheduler') ||
      (isTerminating(pod) && eventsAbout(events, pod, 'Preempted', 'scheduler').length > 0),
  )
}

/** By the condition PodScheduled of the pods, and by what the nodes have. */
export function schedulingFacts(
  context: Context,
  pods: readonly PodFacts[],
  rollout: Facts['rollout'],
): Facts['scheduling'] {
  const preempted = isPreempted(context)
  const ill = pods.filter(({ schedulingProblem, terminating }) => schedulingProblem !== '' && !terminating)
  const uids = new Set(ill.map(({ uid }) => uid))
  const waiting = context.pods.filter(({ metadata }) => uids.has(metadata?.uid ?? ''))
  const first = waiting[0]
  if (!first) return { ...QUIET.scheduling, preempted }
  const since = waiting.flatMap((pod) => timeMs(conditionOf(pod, 'PodScheduled')?.lastTransitionTime) ?? [])
  return {
    blocked: true,
    reason: ill[0]?.schedulingProblem ?? '',
    seconds: since.length === 0 ? 0 : Math.max(0, (context.nowMs - Math.min(...since)) / 1000),
    introducedByRollout: isIntroduced(ill, rollout, ['resources', 'scheduling', 'volumes']),
    impossible: isImpossible(first, context),
    cordonedNode: cordonedNode(first, context),
    preempted,
  }
}
