import type { Facts } from '@kubewise/contracts'
import { QUIET } from '@kubewise/contracts'
import { controllerOf, isPodFinished, isTerminating, type Node, type Pod, type PodMetrics } from '@kubewise/kube'
import type { Context } from './context.ts'
import { pressuresOf } from './node-facts.ts'
import { amountOf, requestsOf } from './template-references.ts'

/** The one that takes is at least this much ahead of the next. */
const CLEARLY_MORE = 2
/** Controllers whose pods come back elsewhere; a DaemonSet's comes back to the very node. */
const KNOWN_OWNERS: ReadonlySet<string> = new Set(['ReplicaSet', 'StatefulSet', 'Job', 'ReplicationController'])

const uidOf = ({ metadata }: Pod) => metadata?.uid ?? ''

function usedBytes(pod: Pod, usage: readonly PodMetrics[]): number | undefined {
  const own = usage.find(
    ({ metadata }) => metadata?.name === pod.metadata?.name && metadata?.namespace === pod.metadata?.namespace,
  )
  if (!own) return undefined
  return (own.containers ?? []).reduce((sum, { usage: used }) => sum + (amountOf(used?.['memory']) ?? 0), 0)
}

/** How many bytes of memory a pod uses beyond what it asked for; 0 where it does not, or nobody measures. */
function excessBytes(pod: Pod, usage: readonly PodMetrics[]): number {
  const used = usedBytes(pod, usage)
  return used === undefined ? 0 : Math.max(0, used - (requestsOf(pod.spec)['memory'] ?? 0))
}

const isShortOfMemory = (node: Node | undefined) => node !== undefined && pressuresOf(node).includes('MemoryPressure')

type World = Pick<Context, 'nodes' | 'usage'>

/** Uses more memory than it asked for, on a node that is short of it; by metrics-server. */
export function usesOverRequest(pod: Pod, { nodes, usage }: World): boolean {
  const node = nodes.find(({ metadata }) => metadata?.name === pod.spec?.nodeName)
  return isShortOfMemory(node) && excessBytes(pod, usage) > 0
}

const RESOURCE_OF: Readonly<Record<string, string>> = {
  MemoryPressure: 'memory',
  DiskPressure: 'ephemeral-storage',
  PIDPressure: 'pid',
}

/** A rule that has measured a pod's use of what its node is short of names the resource. */
function measured({ incident, evidence }: Context, pod: Pod): { resource: string; excess: number } | undefined {
  for (const { entity, anomaly, resolvedMs } of incident.signals) {
    const { resource, used, requested } = evidence.get(anomaly)?.features ?? {}
    const isOfPod =
      entity.kind === 'Pod' && (entity.uid ? entity.uid === uidOf(pod) : entity.name === pod.metadata?.name)
    if (resolvedMs === undefined && isOfPod && typeof resource === 'string' && typeof used === 'number')
      return { resource, excess: used - (typeof requested === 'number' ? requested : 0) }
  }
  return undefined
}

/** Only a pod that something would make anew may go: one with a controller that is known. */
const isReplaceable = (pod: Pod) => KNOWN_OWNERS.has(controllerOf(pod)?.kind ?? '')

/**
 * The one pod that takes from a pressured node what others need: the target's own, or for an incident on a node any on it. By
 * what metrics-server or a rule has measured, never by a guess; none where two take about the same.
 */
export function culpritFacts(context: Context): Facts['culprit'] {
  const { incident, nodes, neighbours } = context
  const isOnNode = incident.target.kind === 'Node'
  const candidates = isOnNode ? neighbours : context.pods
  const found = candidates.flatMap((pod) => {
    const node = nodes.find(({ metadata }) => metadata?.name === pod.spec?.nodeName)
    const concerned = !isOnNode || node?.metadata?.name === incident.target.name
    if (!node || !concerned || isTerminating(pod) || isPodFinished(pod) || !isReplaceable(pod)) return []
    const short = new Set(pressuresOf(node).flatMap((type) => RESOURCE_OF[type] ?? []))
    const known = measured(context, pod)
    if (known && short.has(known.resource)) return [{ pod, ...known }]
    return short.has('memory') ? [{ pod, resource: 'memory', excess: excessBytes(pod, context.usage) }] : []
  })
  const [first, second] = found.filter(({ excess }) => excess > 0).sort((a, b) => b.excess - a.excess)
  if (!first || (second && first.excess < CLEARLY_MORE * second.excess)) return QUIET.culprit
  return {
    exists: true,
    namespace: first.pod.metadata?.namespace ?? '',
    pod: first.pod.metadata?.name ?? '',
    uid: uidOf(first.pod),
    resource: first.resource,
  }
}
