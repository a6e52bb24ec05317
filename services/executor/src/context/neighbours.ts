import { keyOf, type Anomaly, type Execution, type Incident, type Target } from '@kubewise/contracts'
import { isManaged, RESOURCES, type Namespace, type RolloutWorkload } from '@kubewise/kube'
import { isPassivePlan } from '@kubewise/policy'
import type { Work } from '../work.ts'
import { targetsOnNode } from './pod-owners.ts'
import { findAll } from './under-way.ts'
import { readyOf, refOf, resourceOfKind, wantedOf, WORKLOAD_RESOURCES } from './workload.ts'

/** One whose health counts for the verdict, as it was before anything was done. */
export type Neighbour = NonNullable<Execution['neighbours']>[number]

/** What has become of them. */
export interface NeighboursNow {
  /** With the workload as it is; undefined where it is gone. */
  seen: readonly { before: Neighbour; workload: RolloutWorkload | undefined }[]
  /** Open, and begun since the action. */
  incidents: readonly Incident[]
  anomalies: readonly Anomaly[]
}

const EMPTIES_NODE = 'drain@1'
/** More than these would make the record of an execution large; those that depend on the target come first. */
const MOST = 100

const targetOf = (cluster: string, { kind = '', metadata }: RolloutWorkload): Target => ({
  cluster,
  kind,
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
})

function noted(cluster: string, workload: RolloutWorkload): Neighbour {
  return {
    target: targetOf(cluster, workload),
    generation: workload.metadata?.generation ?? 0,
    ready: readyOf(workload),
    wanted: wantedOf({ workload }),
  }
}

async function managedBeside({ kube, plan }: Work): Promise<RolloutWorkload[]> {
  const { namespace } = plan.target
  const [home, ...lists] = await Promise.all([
    kube.get<Namespace>(RESOURCES.Namespace, { name: namespace }),
    ...WORKLOAD_RESOURCES.map((resource) => kube.list<RolloutWorkload>(resource, { namespace })),
  ])
  return lists.flatMap(({ items }) => items).filter((workload) => isManaged(workload, home))
}

/** The workloads whose pods an emptied node sends elsewhere: they are the ones that it can harm. @throws KubeError */
async function movedFrom({ kube, plan }: Work): Promise<RolloutWorkload[]> {
  if (!plan.steps.some(({ action }) => action === EMPTIES_NODE)) return []
  const found = await Promise.all(
    (await targetsOnNode(kube, plan.target)).flatMap(({ kind, namespace, name }) => {
      const resource = WORKLOAD_RESOURCES.find((each) => each.kind === kind)
      return resource ? [kube.get<RolloutWorkload>(resource, { namespace, name })] : []
    }),
  )
  return found.filter((workload) => workload !== undefined)
}

async function illTargets({ record, plan }: Work, namespaces: readonly string[]): Promise<Set<string>> {
  const where = { cluster: plan.cluster, status: 'open', 'target.namespace': { in: [...namespaces] } }
  const open = namespaces.length === 0 ? [] : await findAll(record.incidents, { where })
  return new Set(open.map(({ target }) => keyOf(target)))
}

/**
 * The other targets of the namespace that opted in, and the workloads that depend on the target, as far as they are well at this
 * moment; of a node that is drained, those whose pods it sends elsewhere.
 *
 * @throws KubeError or StoreError when it cannot be told
 */
export async function noteNeighbours(work: Work): Promise<Neighbour[]> {
  const { plan, dependents } = work
  const [beside, dependent] =
    plan.target.namespace === ''
      ? [await movedFrom(work), []]
      : await Promise.all([managedBeside(work), dependents.of(plan.target)])
  const all = new Map(
    [...dependent, ...beside].map((workload) => {
      const neighbour = noted(plan.cluster, workload)
      return [keyOf(neighbour.target), neighbour] as const
    }),
  )
  all.delete(keyOf(plan.target))
  const ill = await illTargets(work, [...new Set([...all.values()].map(({ target }) => target.namespace))])
  return [...all.entries()]
    .filter(([key, { ready, wanted }]) => wanted > 0 && ready >= wanted && !ill.has(key))
    .map(([, neighbour]) => neighbour)
    .slice(0, MOST)
}

async function workloadsNow({ kube, plan }: Work, before: readonly Neighbour[]): Promise<NeighboursNow['seen']> {
  const { namespace } = plan.target
  const kinds = new Set(before.filter(({ target }) => target.namespace === namespace).map(({ target }) => target.kind))
  const lists = await Promise.all(
    WORKLOAD_RESOURCES.filter(({ kind }) => kinds.has(kind)).map((resource) =>
      kube.list<RolloutWorkload>(resource, { namespace }),
    ),
  )
  const near = new Map(
    lists.flatMap(({ items }) => items).map((workload) => [keyOf(targetOf(plan.cluster, workload)), workload]),
  )
  return Promise.all(
    before.map(async (one) => {
      const { target } = one
      const resource = resourceOfKind(target.kind)
      const isFar = target.namespace !== namespace && resource !== undefined
      const workload = isFar ? await kube.get<RolloutWorkload>(resource, refOf(target)) : near.get(keyOf(target))
      return { before: one, workload }
    }),
  )
}

/** @throws KubeError or StoreError when it cannot be told; also where nobody noted how they were before */
export async function readNeighbours(work: Work, sinceMs: number): Promise<NeighboursNow> {
  const { record, plan, ledger } = work
  const { cluster } = plan
  const { neighbours } = ledger.execution
  if (isPassivePlan(plan)) return { seen: [], incidents: [], anomalies: [] }
  if (!neighbours) throw new Error('how they were before the action was not noted')
  const [seen, incidents, anomalies] = await Promise.all([
    workloadsNow(work, neighbours),
    // By time alone: of those that are open there may be thousands, of those that began since hardly any.
    findAll(record.incidents, { where: { cluster, openedMs: { gt: sinceMs } } }),
    findAll(record.anomalies, { where: { status: 'open', detectedMs: { gt: sinceMs } } }),
  ])
  const open = incidents.filter(({ status }) => status === 'open')
  return { seen, incidents: open, anomalies: anomalies.filter(({ startedMs }) => startedMs > sinceMs) }
}
