import type { Facts, PodFacts } from '@kubewise/contracts'
import { QUIET } from '@kubewise/contracts'
import { conditionOf, timeMs, type Node } from '@kubewise/kube'
import type { Context } from './context.ts'
import { findEvidence } from './evidence-features.ts'
import { writerOf } from './written-by.ts'

const PRESSURES = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable'] as const
/** Taints that the cluster sets by itself for a node's conditions, and for a cordon. */
const OWN_TAINTS = /^node\.kubernetes\.io\/|^node\.cloudprovider\.kubernetes\.io\//
/** The mark that the executor leaves in the very write that changes an object. */
const STEP_ANNOTATION = 'kubewise.io/step'
/** The executor's field manager. */
const OURS = /^kubewise\b/
const MOST_NODES = 50

const nameOf = ({ metadata }: Node) => metadata?.name ?? ''

/** Conditions of want that hold. */
export const pressuresOf = (node: Node): string[] =>
  PRESSURES.filter((type) => conditionOf(node, type)?.status === 'True')

/** A node of which no condition is known is taken for unknown, as the cluster does. */
const readyOf = (node: Node): string => conditionOf(node, 'Ready')?.status ?? 'Unknown'

/** True where there is no such node to look at: nothing is said of it then. */
export function isNodeReady(name: string | undefined, { nodes }: Pick<Context, 'nodes'>): boolean {
  const node = nodes.find((each) => nameOf(each) === name)
  return node === undefined || readyOf(node) === 'True'
}

function nodeFact(node: Node, pods: readonly PodFacts[], context: Context): Facts['node'] {
  const { metadata, spec } = node
  const ready = readyOf(node)
  const sinceMs = timeMs(conditionOf(node, 'Ready')?.lastTransitionTime)
  const isCordoned = spec?.unschedulable === true
  const cordonedBy = isCordoned ? writerOf(node, ['spec', 'unschedulable'])?.manager : undefined
  const isMarked = metadata?.annotations?.[STEP_ANNOTATION] !== undefined
  const name = nameOf(node)
  return {
    name,
    uid: metadata?.uid ?? '',
    ready,
    notReadySeconds: ready === 'True' || sinceMs === undefined ? 0 : Math.max(0, (context.nowMs - sinceMs) / 1000),
    pressures: pressuresOf(node),
    cordoned: isCordoned,
    cordonedByUs: isCordoned && isMarked && OURS.test(cordonedBy ?? ''),
    cordonedBy: cordonedBy ?? '',
    taints: (spec?.taints ?? []).map(({ key }) => key).filter((key) => !OWN_TAINTS.test(key)),
    pods: pods.filter((pod) => pod.node === name && !pod.terminating).length,
    clockOffsetSeconds: clockOffset(context, name),
  }
}

/** By metrics: what the detector saw of this node's clock. */
function clockOffset(context: Context, node: string): number {
  const found = findEvidence(context, ({ rule, metric = '', entity }) => {
    return entity.kind === 'Node' && entity.name === node && /clock|timex/.test(`${rule} ${metric}`)
  })
  return found?.number('offsetSeconds', 'value') ?? 0
}

const isIll = ({ ready, pressures }: Facts['node']) => ready !== 'True' || pressures.length > 0

/** The nodes under the target's pods; of an incident on a node, that node. The one most in need stands for itself. */
export function nodeFacts(context: Context, pods: readonly PodFacts[]): Pick<Facts, 'nodes' | 'node'> {
  const { kind, name } = context.incident.target
  const names = kind === 'Node' ? new Set([name]) : new Set(pods.map(({ node }) => node))
  const nodes = context.nodes
    .filter((node) => names.has(nameOf(node)))
    .slice(0, MOST_NODES)
    .map((node) => nodeFact(node, pods, context))
  const worst =
    nodes.find(({ ready }) => ready !== 'True') ?? nodes.find(isIll) ?? nodes.find(({ cordoned }) => cordoned)
  return { nodes, node: worst ?? (kind === 'Node' ? nodes[0] : undefined) ?? QUIET.node }
}

/** The cluster's nodes; its targets, and whether too much is ill at once, are for correlation to say. */
export function clusterFacts({ nodes }: Pick<Context, 'nodes'>): Facts['cluster'] {
  const notReady = nodes.filter((node) => readyOf(node) !== 'True').length
  return {
    ...QUIET.cluster,
    nodes: nodes.length,
    nodesNotReady: notReady,
    notReadyShare: nodes.length === 0 ? 0 : notReady / nodes.length,
  }
}
