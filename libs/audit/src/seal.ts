import { auditId, COLLECTIONS, hashOf, subjects, type AuditHead, type AuditRecord } from '@kubewise/contracts'
import { every, explain, type Clock, type Health, type Logger, type Metrics } from '@kubewise/service'
import { idsOf, type ChainPorts } from './chain.ts'
import type { KeptHeads } from './kept-heads.ts'
import type { Signer } from './key.ts'
import { headMistake, linkMistake } from './link.ts'

export interface SealPorts extends ChainPorts {
  clock: Clock
  log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
  metrics: Metrics
  health: Health
  /** Asked until it answers; see {@link openSigner}. */
  openSigner: () => Promise<Signer>
  /** Where the last head is kept; where the signer says, unless told. */
  kept?: KeptHeads
}

/** Puts signed heads on a writer's chain. */
export interface Sealer {
  /** Looks at the chain at once, and every {@link SEAL_EVERY_MS} from then on. */
  start(): void
  /** Told of each link that this process wrote: after {@link SEAL_LINKS} of them, and after the first of all, a head is due. */
  linked(link: Pick<AuditRecord, 'position'>): void
  /**
   * Why this writer must not go on: the record is not the one that the head beside the key was kept of (set back to a copy,
   * rewritten, exchanged, emptied); undefined where nothing is known against it. Looked at anew, at most each second.
   *
   * @throws StoreError where the record cannot be read
   */
  doubt(): Promise<string | undefined>
  /** The last head: resolves when the chain is sealed to its end, or it was told that it cannot be. Never rejects. */
  stop(): Promise<void>
}

/** At most so many links of one process, */
export const SEAL_LINKS = 100
/** and so many milliseconds, without a head. */
export const SEAL_EVERY_MS = 60_000
const PAGE = 500
/** What was found against a record is as fresh as a kill switch must be. */
const DOUBTED_MS = 1000

/** The chain or its heads are not as they were written; they are not signed as if they were. */
class BrokenChainError extends Error {
  override readonly name = 'BrokenChainError'
}

/** The record contradicts what was kept beside the key: not this chain's history, and perhaps nothing else in it either. */
class OtherRecordError extends BrokenChainError {}

/**
 * Signs a chain from time to time. Heads are not waited for by whoever appends: what is done needs its link to be durable, not
 * its head. A head that cannot be made is logged, counted and told in the health of the process, and tried again.
 */
export function createSealer(ports: SealPorts): Sealer {
  const { store, bus, clock, log, metrics, health, cluster, writer } = ports
  const links = store.collection(COLLECTIONS.audit)
  const heads = store.collection(COLLECTIONS.auditHeads)
  const counter = metrics.counter('kubewise_audit_heads_total', 'Heads of audit chains, by what became of them.', {
    writer: [writer],
    outcome: ['signed', 'failed'],
  })
  const stopping = new AbortController()
  let signer: Signer | undefined
  let written = 0
  let sealing: Promise<void> | undefined
  let isDueAgain = false
  let beating: Promise<void> | undefined
  let doubted: { atMs: number; answer: Promise<string | undefined> } | undefined
  let isTakenOverTold = false

  async function openOnce(): Promise<Signer> {
    if (signer) return signer
    signer = await ports.openSigner()
    log.info({ key: signer.key, publicKey: signer.publicKey }, 'audit chains are signed by this key')
    if (signer.warning !== undefined) log.warn({ say: signer.warning }, 'the audit key is doubtful')
    return signer
  }

  async function lastHead(by: Signer): Promise<AuditHead | undefined> {
    const where = { _id: idsOf(writer) }
    const { items, unreadable } = await heads.find({ where, orderBy: '_id', direction: 'desc', limit: 1 })
    if (unreadable) throw new BrokenChainError(`the last head ${unreadable[0]?.id} cannot be read`)
    const [head] = items
    const mistake = head && (headMistake(head) ?? (head.key === by.key && !by.isMine(head.hash, head.signature)))
    if (head && mistake)
      throw new BrokenChainError(`the last head ${head._id}: ${mistake === true ? 'forged' : mistake}`)
    return head
  }

  /** A head that was kept beside the key must be in the record, with the link that it seals. */
  async function compareWithKept(kept: KeptHeads | undefined): Promise<void> {
    const known = await kept?.last(writer).catch((error: unknown) => {
      throw new OtherRecordError(explain(error))
    })
    if (!kept || !known) return
    const [head, link] = await Promise.all([heads.get(known._id), links.get(auditId(writer, known.position))])
    if (head?.hash === known.hash && link?.hash === known.link) return
    throw new OtherRecordError(
      `head ${known.number} of ${writer}, kept in ${kept.place(writer)}, is not in this record as it was signed; if the record was exchanged or set back on purpose, move that file away`,
    )
  }

  /** Also where the key cannot be used: what was kept can be read without it. */
  async function lookForDoubt(): Promise<string | undefined> {
    const kept = ports.kept ?? (await openOnce().catch(() => undefined))?.kept
    try {
      await compareWithKept(kept)
      return undefined
    } catch (error) {
      if (error instanceof OtherRecordError) return error.message
      throw error
    }
  }

  /** After the record: a kept head that is one behind is in the record all the same. */
  async function keep(by: Signer, head: AuditHead | undefined): Promise<void> {
    const kept = ports.kept ?? by.kept
    if (!kept || !head) return
    try {
      const isFirst = !(await kept.last(writer))
      await kept.keep(head)
      if (isFirst && head.number > 0 && !isTakenOverTold)
        log.info(
          { head: head._id, place: kept.place(writer) },
          'the last head of the record is kept beside the key now',
        )
      isTakenOverTold = true
    } catch (error) {
      log.warn({ err: error, head: head._id }, 'audit head not kept beside the key')
    }
  }

  /** The last link after a head, each of them checked: a signature must not make a broken chain look whole. */
  async function lastLinkAfter(head: AuditHead | undefined): Promise<AuditRecord | undefined> {
    let end: AuditRecord | undefined
    for (;;) {
      const after = end?.position ?? head?.position
      const { items, unreadable } = await links.find({
        where: { _id: idsOf(writer, after) },
        orderBy: '_id',
        limit: PAGE,
      })
      if (unreadable) throw new BrokenChainError(`the link ${unreadable[0]?.id} cannot be read`)
      for (const link of items) {
        const before = end ?? (head && { position: head.position, hash: head.link })
        if (link.position !== (before?.position ?? -1) + 1)
          throw new BrokenChainError(`links are missing before ${link._id}`)
        if (link.previous !== (before?.hash ?? ''))
          throw new BrokenChainError(`${link._id} does not follow the link before it`)
        const mistake = linkMistake(link)
        if (mistake !== undefined) throw new BrokenChainError(`${link._id}: ${mistake}`)
        end = link
      }
      if (items.length < PAGE) return end
    }
  }

  async function sealOnce(): Promise<void> {
    const by = await openOnce()
    await compareWithKept(ports.kept ?? by.kept)
    for (;;) {
      const head = await lastHead(by)
      if (head && (await links.get(auditId(writer, head.position)))?.hash !== head.link)
        throw new BrokenChainError(`link ${head.position}, which was signed, is gone or is another`)
      const end = await lastLinkAfter(head)
      if (!end) return keep(by, head)
      const body = {
        writer,
        number: (head?.number ?? -1) + 1,
        position: end.position,
        link: end.hash,
        previous: head?.hash ?? '',
        atMs: clock.now(),
        key: by.key,
      }
      const hash = hashOf(body)
      const sealed = { _id: auditId(writer, body.number), ...body, hash, signature: by.sign(hash) }
      // Another process of this service was faster: its head may be all that was due.
      if ((await heads.insert(sealed)) === 'exists') continue
      counter.inc({ writer, outcome: 'signed' })
      announce({ ...sealed, version: 1 })
      await keep(by, { ...sealed, version: 1 })
      return
    }
  }

  /** In the log too: what is kept elsewhere proves what the record cannot prove about itself. */
  function announce(head: AuditHead): void {
    log.info({ head }, 'audit chain sealed')
    bus
      .publish(subjects.auditHead(cluster, writer), head, { id: `head/${head._id}` })
      .catch((error: unknown) => log.debug({ err: error, head: head._id }, 'audit head not announced'))
  }

  async function sealAndTell(): Promise<void> {
    const name = `audit-heads-${writer}`
    written = 0
    try {
      await sealOnce()
      health.set(name, 'quality', { ok: true, say: 'the audit chain is signed' })
    } catch (error) {
      counter.inc({ writer, outcome: 'failed' })
      health.set(name, 'quality', { ok: false, say: `the audit chain of ${writer} is not signed: ${explain(error)}` })
      log[error instanceof OtherRecordError ? 'error' : 'warn']({ err: error, writer }, 'audit chain not sealed')
    }
  }

  function seal(): Promise<void> {
    if (sealing) {
      isDueAgain = true
      return sealing
    }
    sealing = (async () => {
      do {
        isDueAgain = false
        await sealAndTell()
      } while (isDueAgain)
      // In the same breath as the last look at what is due: a call in between would be answered by a loop that is over.
      sealing = undefined
    })()
    return sealing
  }

  return {
    start() {
      beating = every(clock, SEAL_EVERY_MS, stopping.signal, seal, () => undefined)
    },
    linked({ position }) {
      if (++written >= SEAL_LINKS || position === 0) void seal()
    },
    async doubt() {
      const nowMs = clock.monotonic()
      if (!doubted || nowMs - doubted.atMs >= DOUBTED_MS) {
        const mine = { atMs: nowMs, answer: lookForDoubt() }
        doubted = mine
        mine.answer.catch(() => (doubted = doubted === mine ? undefined : doubted))
      }
      return doubted.answer
    },
    async stop() {
      stopping.abort(new Error('the last head is due'))
      await beating
      await seal()
    },
  }
}
