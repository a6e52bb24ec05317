import { keyOf } from '@kubewise/contracts'
import type { Namespace, Node } from './cluster-objects.ts'
import type { KubernetesObject } from './objects.ts'
import { conditionOf } from './pod-state.ts'
import type { Kube } from './port.ts'
import { RESOURCES } from './resources.ts'

const MANAGED = 'kubewise.io/managed'

/** `kubewise.io/managed: "true"`; a workload's own word beats its namespace's, and anything but `true` is a no. */
export function isManaged(object: KubernetesObject | undefined, namespace: KubernetesObject | undefined): boolean {
  return (object?.metadata?.labels?.[MANAGED] ?? namespace?.metadata?.labels?.[MANAGED]) === 'true'
}

/** How large the cluster is, as far as it opted in. */
export interface ClusterCensus {
  /** Keys of the workloads that opted in. */
  targets: ReadonlySet<string>
  nodes: number
  /** Not Ready; Unknown, the dead or cut-off node, is as bad as False. */
  illNodes: number
}

/** Counts the cluster. @throws KubeError when anything of it cannot be read */
export async function takeCensus(kube: Pick<Kube, 'list'>, cluster: string): Promise<ClusterCensus> {
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
    illNodes: nodes.items.filter((node) => conditionOf(node, 'Ready')?.status !== 'True').length,
  }
}
