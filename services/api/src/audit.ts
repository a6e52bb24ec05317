import { auditLink, COLLECTIONS, subjects, type AuditEntry, type AuditRecord } from '@kubewise/contracts'
import type { Bus } from '@kubewise/bus'
import type { Store } from '@kubewise/store'

/** Writes who changed what to the API's chain. The record is durable when the promise resolves: before the change is made. */
export interface Audit {
  write(entry: AuditEntry): Promise<void>
}

const WRITER = 'api'

/** One chain for all processes of this service: a position that is taken is tried one higher. */
export function createAudit(store: Store, bus: Bus, cluster: string): Audit {
  const records = store.collection(COLLECTIONS.audit)
  async function last(): Promise<AuditRecord | undefined> {
    const page = await records.find({ where: { writer: WRITER }, orderBy: '_id', direction: 'desc', limit: 1 })
    return page.items[0]
  }
  return {
    async write(entry) {
      for (;;) {
        const record = auditLink(WRITER, await last(), entry)
        if ((await records.insert(record)) === 'exists') continue
        // The chain in the record is what counts; the bus is for who listens.
        void bus
          .publish(subjects.audit(cluster, WRITER), { kind: 'audit', ...record }, { id: record._id })
          .catch(() => undefined)
        return
      }
    },
  }
}
