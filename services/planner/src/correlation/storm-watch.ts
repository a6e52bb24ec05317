import { COLLECTIONS } from '@kubewise/contracts'
import { takeCensus, type ClusterCensus, type Kube } from '@kubewise/kube'
import { isFrozen, isStorm, stormStateOf, type Limits, type StormState } from '@kubewise/policy'
import { explain, type Kit } from '@kubewise/service'
import type { Store } from '@kubewise/store'

const COUNT_EVERY_MS = 10_000
/** Many incidents are decided within a second; how much is ill is asked once for all of them. */
const LOOK_EVERY_MS = 2_000
const PAGE = 500

export interface StormWatch {
  /**
   * @param incident who asks; as many as make a storm that were not counted yet have everything counted anew
   * @returns undefined where nobody knows: the executor, which judges by the same rule, then changes nothing
   */
  look(incident?: string): Promise<StormState | undefined>
}

/** An answer that holds for a while, or until it is wanted anew; asked for once however many ask meanwhile. A failure is not kept. */
function kept<T>(monotonic: () => number, forMs: number, read: () => Promise<T>): (isStale?: boolean) => Promise<T> {
  let last: { value: Promise<T>; untilMs: number } | undefined
  return (isStale = false) => {
    if (last && !isStale && monotonic() < last.untilMs) return last.value
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
  let counted: ReadonlySet<string> = new Set()
  let isFrozenNow = false
  /** Incidents that asked and that the last count does not have. */
  const uncounted = new Set<string>()
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
      uncounted.clear()
      const nowMs = clock.now()
      const [census, found] = await Promise.all([count(), recent(nowMs - limits.stormWindowMs - limits.stormThawMs)])
      const { nodes, illNodes }: ClusterCensus = census
      if (isStorm({ targets: 0, illTargets: 0, nodes, illNodes }, limits)) lastNodeStormMs = nowMs
      counted = new Set(found.map(({ _id }) => _id))
      const state = stormStateOf(census, found, nowMs, limits, lastNodeStormMs)
      isFrozenNow = isFrozen(state, nowMs, limits)
      return state
    },
  )

  /** Between two looks hundreds may fall ill; each would be decided, and people told of it, as if it were alone. */
  function isOutdated(incident: string | undefined): boolean {
    if (incident !== undefined && !counted.has(incident)) uncounted.add(incident)
    return !isFrozenNow && uncounted.size > limits.stormCount
  }

  return {
    look: (incident) =>
      state(isOutdated(incident)).catch((error: unknown) => {
        log.debug({ say: explain(error) }, 'how much is ill cannot be counted')
        return undefined
      }),
  }
}
