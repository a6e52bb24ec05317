import { isPodFinished, type LimitRange, type Node, type Pod } from '@kubewise/kube'
import { amountsOf, podAmounts, type Amounts } from './amounts.ts'
import type { Arrival } from './arrivals.ts'
import { doubt, gravest, notReadable, pass, refuse, type Verdict } from './check.ts'
import { nodeRefuses } from './node-fit.ts'
import type { CheckedPodSpec } from './pod-fields.ts'
import type { Place } from './place.ts'

const ONE = 1_000_000_000n

/** What is left of a node once those that leave have left. */
function roomOf(node: Node, pods: readonly Pod[], leaving: readonly Pod[]): Map<string, bigint> {
  const gone = new Set(leaving.map(({ metadata }) => metadata?.uid))
  const room = new Map(amountsOf(node.status?.allocatable))
  const staying = pods.filter(
    (pod) => pod.spec?.nodeName === node.metadata?.name && !isPodFinished(pod) && !gone.has(pod.metadata?.uid),
  )
  for (const { spec } of staying) {
    for (const [name, amount] of spec ? podAmounts(spec, 'requests') : [])
      room.set(name, (room.get(name) ?? 0n) - amount)
    room.set('pods', (room.get('pods') ?? 0n) - ONE)
  }
  return room
}

/** How many pods with these requests fit into a room, at most as many as asked for. */
function placesIn(room: Amounts, requests: Amounts, most: number): number {
  const each: Amounts = new Map([...requests, ['pods', ONE]])
  return [...each].reduce((places, [name, amount]) => {
    if (amount <= 0n) return places
    const fit = (room.get(name) ?? 0n) / amount
    return Math.max(0, Math.min(places, Number(fit)))
  }, most)
}

/** What decides beside nodes, and is not computed here. */
function undecided(spec: CheckedPodSpec): string[] {
  const { affinity, topologySpreadConstraints = [], schedulerName = 'default-scheduler' } = spec
  const between = [affinity?.podAffinity, affinity?.podAntiAffinity].some(
    (each) => (each?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0,
  )
  const isSpread = topologySpreadConstraints.some(({ whenUnsatisfiable }) => whenUnsatisfiable !== 'ScheduleAnyway')
  return [
    ...(between ? ['the affinity between pods'] : []),
    ...(isSpread ? ['the topology spread'] : []),
    ...(schedulerName === 'default-scheduler' ? [] : ['a scheduler of its own']),
  ]
}

const counted = (reasons: readonly string[]) =>
  [...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => `${all.length} ${reason}`).join(', ')

interface Fleet {
  nodes: readonly Node[]
  pods: readonly Pod[]
  ranges: readonly LimitRange[]
}

function placeVerdict({ template, count, leaving }: Arrival, { nodes, pods, ranges }: Fleet): Verdict {
  const spec: CheckedPodSpec | undefined = template.spec
  if (!spec) return pass('')
  const open = undecided(spec)
  const ifOpen = open.length > 0 ? doubt(`Whether ${open.join(' and ')} leaves a node cannot be told here.`) : pass('')
  if (open.includes('a scheduler of its own')) return ifOpen
  const refusals = nodes.map((node) => nodeRefuses(node, spec))
  const willing = nodes.filter((_, index) => refusals[index] === undefined)
  const unwilling = refusals.filter((reason) => reason !== undefined)
  if (willing.length === 0)
    return refuse(
      'unschedulable-constraints',
      `No node of ${nodes.length} would take a new pod: ${counted(unwilling)}.`,
    )
  const requests = podAmounts(spec, 'requests', ranges)
  const places = willing.reduce((all, node) => all + placesIn(roomOf(node, pods, leaving), requests, count), 0)
  if (places >= count) return ifOpen
  const say = `${willing.length} of ${nodes.length} nodes would take a new pod, and have room for ${places} of ${count}${unwilling.length > 0 ? ` (the others: ${counted(unwilling)})` : ''}.`
  return (spec.priorityClassName ?? '') === ''
    ? refuse('unschedulable-resources', say)
    : doubt(`${say} It has a priority class, so that others may have to go for it.`)
}

/** Would the scheduler find nodes for the pods that must come? By taints, selectors, node affinity and room; a DaemonSet's stay where they were. */
export function checkScheduling(arrivals: readonly Arrival[], kind: string, place: Place): Verdict {
  if (kind === 'DaemonSet') return pass('The pods of a DaemonSet come back to their own nodes.')
  const { nodes, pods, limitRanges } = place
  if (!nodes.isKnown) return notReadable('The nodes', nodes.why)
  if (!pods.isKnown) return notReadable('The pods on the nodes', pods.why)
  const fleet = { nodes: nodes.value, pods: pods.value, ranges: limitRanges.isKnown ? limitRanges.value : [] }
  return gravest(
    arrivals.map((arrival) => placeVerdict(arrival, fleet)).filter(({ verdict }) => verdict !== 'passed'),
    'There is a node with room.',
  )
}
