import type { Target } from '@kubewise/contracts'
import { dependenciesOf, RESOURCES, type Kube, type RolloutWorkload, type Service } from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import { WORKLOAD_RESOURCES } from './workload.ts'

/** Who depends on whom changes with releases alone; the cluster is not read more often than this. */
const READ_EVERY_MS = 10_000

interface Cluster {
  services: readonly Service[]
  workloads: readonly RolloutWorkload[]
}

/** Workloads, wherever they are, whose containers name a Service of a target. */
export interface Dependents {
  /** @throws KubeError when it cannot be told who they are */
  of(target: Target): Promise<readonly RolloutWorkload[]>
}

const isSame = ({ kind, metadata }: RolloutWorkload, target: Target) =>
  kind === target.kind && metadata?.name === target.name && metadata.namespace === target.namespace

function servicesOf(target: Target, { services, workloads }: Cluster): Set<string> {
  const labels = workloads.find((each) => isSame(each, target))?.spec?.template?.metadata?.labels ?? {}
  const own = services.filter(({ metadata, spec }) => {
    const selector = Object.entries(spec?.selector ?? {})
    const isSelected = selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
    return isSelected && metadata?.namespace === target.namespace
  })
  return new Set(own.map(({ metadata }) => metadata?.name ?? ''))
}

export function createDependents({ kube, clock }: { kube: Pick<Kube, 'list'>; clock: Clock }): Dependents {
  let latest: { atMs: number; value: Promise<Cluster> } | undefined

  async function read(): Promise<Cluster> {
    const [services, ...workloads] = await Promise.all([
      kube.list<Service>(RESOURCES.Service),
      ...WORKLOAD_RESOURCES.map((resource) => kube.list<RolloutWorkload>(resource)),
    ])
    return { services: services.items, workloads: workloads.flatMap(({ items }) => items) }
  }

  function recent(): Promise<Cluster> {
    if (latest && clock.monotonic() - latest.atMs < READ_EVERY_MS) return latest.value
    const mine = { atMs: clock.monotonic(), value: read() }
    latest = mine
    mine.value.catch(() => {
      if (latest === mine) latest = undefined
    })
    return mine.value
  }

  return {
    async of(target) {
      const cluster = await recent()
      const names = servicesOf(target, cluster)
      if (names.size === 0) return []
      return cluster.workloads.filter(
        (workload) =>
          !isSame(workload, target) &&
          dependenciesOf(workload, cluster.services).some(
            ({ namespace, name }) => namespace === target.namespace && names.has(name),
          ),
      )
    },
  }
}
