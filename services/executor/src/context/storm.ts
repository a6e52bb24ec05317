import type { Incident } from '@kubewise/contracts'
import { keyOf } from '@kubewise/contracts'
import { conditionOf, RESOURCES, type Kube, type KubernetesObject, type Namespace, type Node } from '@kubewise/kube'
import { isStorm, type Limits, type StormState } from '@kubewise/policy'
import type { Clock } from '@kubewise/service'
import type { Collection } from '@kubewise/store'
import { isManaged } from './target-object.ts'
import { findAll } from './under-way.ts'

/** How often the cluster is counted; it does not grow faster than that. */
const COUNT_EVERY_MS = 10_000

export interface StormWatch {
  /** @throws KubeError or StoreError: then nobody knows */
  look(limits: Limits): Promise<StormState>
}

interface Counted {
  /** Keys of the targets that opted in. */
  targets: ReadonlySet<string>
  nodes: number
  illNodes: number
}

const isNodeIll = (node: Node) => conditionOf(node, 'Ready')?.status !== 'True'

async function count(kube: Kube, cluster: string): Promise<Counted> {
  const kinds = [RESOURCES.Deployment, RESOURCES.StatefulSet, RESOURCES.DaemonSet]
  const [namespaces, nodes, ...workloads] = await Promise.all([
    kube.list<Namespace>(RESOURCES.Namespace),
    kube.list<Node>(RESOURCES.Node),
    ...kinds.map((resource) => kube.list(resource)),
  ])
  const byName = new Map(namespaces.items.map((namespace) => [namespace.metadata?.name, namespace]))
  const keyIn = ({ kind = '', metadata }: KubernetesObject) =>
    keyOf({ cluster, kind, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' })
  const managed = workloads
    .flatMap(({ items }) => items)
    .filter((object) => isManaged(object, byName.get(object.metadata?.namespace)))
  return {
    targets: new Set(managed.map(keyIn)),
    nodes: nodes.items.length,
    illNodes: nodes.items.filter(isNodeIll).length,
  }
}

/** Targets ill at a moment that had become so within the window before it. */
function illAt(incidents: readonly Incident[], atMs: number, windowMs: number): number {
  const ill = incidents.filter(
    ({ openedMs, resolvedMs }) => openedMs <= atMs && openedMs > atMs - windowMs && (resolvedMs ?? Infinity) > atMs,
  )
  return new Set(ill.map(({ target }) => keyOf(target))).size
}

/** Counts what is ill, and remembers how long ago it last was too much: of targets by the record, of nodes by itself. */
export function createStormWatch(ports: {
  kube: Kube
  incidents: Collection<Incident>
  clock: Clock
  cluster: string
}): StormWatch {
  const { kube, incidents, clock, cluster } = ports
  let counted: { atMs: number; value: Promise<Counted> } | undefined
  let lastNodeStormMs: number | undefined

  function recentCount(): Promise<Counted> {
    if (counted && clock.monotonic() - counted.atMs < COUNT_EVERY_MS) return counted.value
    const value = count(kube, cluster)
    const mine = { atMs: clock.monotonic(), value }
    counted = mine
    value.catch(() => {
      if (counted === mine) counted = undefined
    })
    return value
  }

  return {
    async look(limits) {
      const nowMs = clock.now()
      const { stormWindowMs: windowMs, stormThawMs } = limits
      const since = nowMs - windowMs - stormThawMs
      const [{ targets, nodes, illNodes }, recent] = await Promise.all([
        recentCount(),
        findAll(incidents, { where: { cluster, openedMs: { gte: since } } }),
      ])
      const ours = recent.filter(({ target }) => targets.has(keyOf(target)))
      const stateAt = (atMs: number) => ({
        targets: targets.size,
        illTargets: illAt(ours, atMs, windowMs),
        nodes,
        illNodes: 0,
      })
      const moments = ours.map(({ openedMs }) => openedMs).filter((atMs) => isStorm(stateAt(atMs), limits))
      const ends = ours
        .flatMap(({ resolvedMs }) => (resolvedMs ? [resolvedMs - 1] : []))
        .filter((atMs) => isStorm(stateAt(atMs), limits))
      if (isStorm({ targets: 0, illTargets: 0, nodes, illNodes }, limits)) lastNodeStormMs = nowMs
      const last = Math.max(...moments, ...ends, lastNodeStormMs ?? -Infinity)
      return { ...stateAt(nowMs), illNodes, ...(Number.isFinite(last) && { lastStormMs: last }) }
    },
  }
}
