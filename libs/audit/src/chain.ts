import { auditId, auditLink, COLLECTIONS, subjects, type AuditEntry, type AuditRecord } from '@kubewise/contracts'
import type { Bus } from '@kubewise/bus'
import type { Logger } from '@kubewise/service'
import type { Store } from '@kubewise/store'

/** A writer's chain. Several processes may write one: a position is taken by unique insert. */
export interface Chain {
  /**
   * Resolves when the link is durable.
   *
   * @throws StoreError; then it must be taken for not written, and nothing be done on its account
   */
  append(entry: AuditEntry): Promise<AuditRecord>
}

export interface ChainPorts {
  store: Store
  bus: Pick<Bus, 'publish'>
  log: Pick<Logger, 'debug'>
  /** Names the cluster in the subject. */
  cluster: string
  /** Names the chain: a service. */
  writer: string
}

/** The `_id`s of one writer, and of nobody else, whatever the others are called: `:` comes after the digits. */
export const idsOf = (writer: string, after = -1) => ({
  gt: after < 0 ? `${writer}/` : auditId(writer, after),
  lt: `${writer}/:`,
})

type End = Pick<AuditRecord, 'position' | 'hash'>

export function createChain({ store, bus, log, cluster, writer }: ChainPorts): Chain {
  const audit = store.collection(COLLECTIONS.audit)
  let last: Promise<unknown> = Promise.resolve()
  let end: End | undefined
  let isEndKnown = false

  async function readEnd(): Promise<End | undefined> {
    const { items, unreadable } = await audit.find({
      where: { _id: idsOf(writer) },
      orderBy: '_id',
      direction: 'desc',
      limit: 1,
    })
    if (unreadable) throw new Error(`the audit chain's last link ${unreadable[0]?.id} cannot be read`)
    return items[0]
  }

  async function add(entry: AuditEntry): Promise<AuditRecord> {
    for (;;) {
      if (!isEndKnown) end = await readEnd()
      isEndKnown = false
      const link = auditLink(writer, end, entry)
      if ((await audit.insert(link)) === 'exists') continue
      end = { position: link.position, hash: link.hash }
      isEndKnown = true
      const record = { ...link, version: 1 }
      announce(record)
      return record
    }
  }

  /** For those who subscribe; the chain itself is in the record. */
  function announce(link: AuditRecord): void {
    bus
      .publish(subjects.audit(cluster, writer), link, { id: link._id })
      .catch((error: unknown) => log.debug({ err: error, link: link._id }, 'audit link not announced'))
  }

  return {
    append(entry) {
      const added = last.then(() => add(entry))
      last = added.catch(() => undefined)
      return added
    },
  }
}
