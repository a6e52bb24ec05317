import type { Incident } from '@kubewise/contracts'
import { takeCensus, type ClusterCensus, type Kube } from '@kubewise/kube'
import { isStorm, stormStateOf, type Limits, type StormState } from '@kubewise/policy'
import type { Clock } from '@kubewise/service'
import type { Collection } from '@kubewise/store'
import { findAll } from './under-way.ts'

/** How often the cluster is counted; it does not grow faster than that. */
const COUNT_EVERY_MS = 10_000

export interface StormWatch {
  /** @throws KubeError or StoreError: then nobody knows */
  look(limits: Limits): Promise<StormState>
}

/** Counts what is ill, and remembers how long ago it last was too much: of targets by the record, of nodes by itself. */
export function createStormWatch(ports: {
  kube: Kube
  incidents: Collection<Incident>
  clock: Clock
  cluster: string
}): StormWatch {
  const { kube, incidents, clock, cluster } = ports
  let counted: { atMs: number; value: Promise<ClusterCensus> } | undefined
  let lastNodeStormMs: number | undefined

  function recentCount(): Promise<ClusterCensus> {
    if (counted && clock.monotonic() - counted.atMs < COUNT_EVERY_MS) return counted.value
    const value = takeCensus(kube, cluster)
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
      const since = nowMs - limits.stormWindowMs - limits.stormThawMs
      const [census, recent] = await Promise.all([
        recentCount(),
        findAll(incidents, { where: { cluster, openedMs: { gte: since } } }),
      ])
      const { nodes, illNodes } = census
      if (isStorm({ targets: 0, illTargets: 0, nodes, illNodes }, limits)) lastNodeStormMs = nowMs
      return stormStateOf(census, recent, nowMs, limits, lastNodeStormMs)
    },
  }
}
