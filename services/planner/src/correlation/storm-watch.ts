import { COLLECTIONS } from '@kubewise/contracts'
import { takeCensus, type ClusterCensus, type Kube } from '@kubewise/kube'
import { isStorm, stormStateOf, type Limits, type StormState } from '@kubewise/policy'
import { explain, type Kit } from '@kubewise/service'
import type { Store } from '@kubewise/store'

const COUNT_EVERY_MS = 10_000
/** Many incidents are decided within a second; how much is ill is asked once for all of them. */
const LOOK_EVERY_MS = 2_000
const PAGE = 500

export interface StormWatch {
  /** @returns undefined where nobody knows: the executor, which judges by the same rule, then changes nothing */
  look(): Promise<StormState | undefined>
}

/** An answer that holds for a while, asked for once however many ask meanwhile; a failure is not kept. */
function kept<T>(monotonic: () => number, forMs: number, read: () => Promise<T>): () => Promise<T> {
  let last: { value: Promise<T>; untilMs: number } | undefined
  return () => {
    if (last && monotonic() < last.untilMs) return last.value
    const mine = { value: read(), untilMs: monotonic() + forMs }
    last = mine
    mine.value.catch(() => {
      if (last === mine) last = undefined
    })
    return mine.value
  }
}

export function createStormWatch(
  { kube, store, clock, log }: Pick<Kit, 'clock' | 'log'> & { kube: Pick<Kube, 'list'>; store: Store },
  cluster: string,
  limits: Limits,
): StormWatch {
  const incidents = store.collection(COLLECTIONS.incidents)
  let lastNodeStormMs: number | undefined
  const count = kept(
    () => clock.monotonic(),
    COUNT_EVERY_MS,
    () => takeCensus(kube, cluster),
  )

  async function recent(sinceMs: number) {
    const all = []
    for (let cursor: string | undefined; ;) {
      const where = { cluster, openedMs: { gte: sinceMs } }
      const page = await incidents.find({ where, limit: PAGE, ...(cursor !== undefined && { cursor }) })
      all.push(...page.items)
      if (page.cursor === undefined) return all
      cursor = page.cursor
    }
  }

  const state = kept(
    () => clock.monotonic(),
    LOOK_EVERY_MS,
    async (): Promise<StormState> => {
      const nowMs = clock.now()
      const [census, found] = await Promise.all([count(), recent(nowMs - limits.stormWindowMs - limits.stormThawMs)])
      const { nodes, illNodes }: ClusterCensus = census
      if (isStorm({ targets: 0, illTargets: 0, nodes, illNodes }, limits)) lastNodeStormMs = nowMs
      return stormStateOf(census, found, nowMs, limits, lastNodeStormMs)
    },
  )

  return {
    look: () =>
      state().catch((error: unknown) => {
        log.debug({ say: explain(error) }, 'how much is ill cannot be counted')
        return undefined
      }),
  }
}
