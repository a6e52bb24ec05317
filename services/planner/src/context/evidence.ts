import { COLLECTIONS, type AnomalyOpened } from '@kubewise/contracts'
import type { Store } from '@kubewise/store'
import type { Evidence } from './context.ts'

/** What the rules and models found, by anomaly id: from the messages that came, else from the record. */
export interface EvidenceBook {
  learn(anomaly: AnomalyOpened): void
  of(anomalies: readonly string[]): Promise<ReadonlyMap<string, Evidence>>
}

// A few minutes of a storm; what was forgotten is read from the record, which the detector's recorder fills.
const MAX_KEPT = 5_000

export function createEvidenceBook(store: Pick<Store, 'collection'>): EvidenceBook {
  const anomalies = store.collection(COLLECTIONS.anomalies)
  const kept = new Map<string, Evidence>()

  function keep(id: string, { confidence, features }: Evidence): void {
    kept.delete(id)
    kept.set(id, { confidence, features })
    if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value ?? id)
  }

  async function find(id: string): Promise<[string, Evidence] | undefined> {
    if (!kept.has(id)) {
      const recorded = await anomalies.get(id)
      if (recorded) keep(id, recorded)
    }
    const evidence = kept.get(id)
    return evidence && [id, evidence]
  }

  return {
    learn: (anomaly) => keep(anomaly.id, anomaly),
    of: async (ids) => new Map((await Promise.all(ids.map(find))).filter((each) => each !== undefined)),
  }
}
