import type { Bus } from '@kubewise/bus'
import { auditLink, subjects, type AuditEntry, type AuditRecord } from '@kubewise/contracts'
import type { Clock, Logger } from '@kubewise/service'
import type { Collection } from '@kubewise/store'
import { createSerial } from './serial.ts'

const WRITER = 'executor'

/** What is told of a link; who and when are added. */
export type AuditNote = Omit<AuditEntry, 'atMs' | 'actor'>

/** The executors' chain of what was done. All of them write one chain: a position is taken by unique insert. */
export interface AuditChain {
  /** Resolves when the link is durable. @throws StoreError; then it must be taken for not written, and nothing be done on its account */
  append(note: AuditNote): Promise<void>
}

export interface AuditPorts {
  audit: Collection<AuditRecord>
  bus: Pick<Bus, 'publish'>
  clock: Clock
  log: Logger
  cluster: string
  holder: string
}

type Head = Pick<AuditRecord, 'position' | 'hash'>

export function createAuditChain({ audit, bus, clock, log, cluster, holder }: AuditPorts): AuditChain {
  const inTurn = createSerial()
  let head: Head | undefined
  let isHeadKnown = false

  async function readHead(): Promise<Head | undefined> {
    const { items, unreadable } = await audit.find({
      where: { writer: WRITER },
      orderBy: '_id',
      direction: 'desc',
      limit: 1,
    })
    if (unreadable) throw new Error(`the audit chain's last link ${unreadable[0]?.id} cannot be read`)
    return items[0]
  }

  async function add(note: AuditNote): Promise<void> {
    for (;;) {
      if (!isHeadKnown) head = await readHead()
      isHeadKnown = false
      const link = auditLink(WRITER, head, { ...note, atMs: clock.now(), actor: holder })
      if ((await audit.insert(link)) === 'exists') continue
      head = { position: link.position, hash: link.hash }
      isHeadKnown = true
      announce(link)
      return
    }
  }

  /** For those who subscribe; the chain itself is in the record. */
  function announce(link: Omit<AuditRecord, 'version'>): void {
    bus
      .publish(subjects.audit(cluster, WRITER), { ...link, version: 1 }, { id: link._id })
      .catch((error: unknown) => log.debug({ err: error, link: link._id }, 'audit link not announced'))
  }

  return { append: (note) => inTurn(() => add(note)) }
}
