import { auditId, COLLECTIONS, type AuditHead, type AuditRecord } from '@kubewise/contracts'
import type { Store } from '@kubewise/store'
import { isSignedBy, type PublicKeys } from './key.ts'
import { headMistake, linkMistake } from './link.ts'
import { inOrder, type Ordered, type Placed } from './ordered.ts'
import { SEAL_EVERY_MS, SEAL_LINKS } from './seal.ts'

export const FAULTS = [
  'unreadable',
  'stray',
  'missing',
  'edited',
  'not-following',
  'head-unreadable',
  'head-missing',
  'head-edited',
  'head-not-following',
  'head-disagrees',
  'signature-wrong',
  'key-unknown',
  'truncated',
  'empty',
  'never-signed',
  'long-unsigned',
  'unsigned-end',
  'not-as-kept',
] as const
export type FaultCode = (typeof FAULTS)[number]

/** Something that is not as it was written; `id` is that of a link, a head or a writer. */
export interface AuditFault {
  code: FaultCode
  id: string
  say: string
}

/** One writer's chain as it was found. */
export interface ChainReport {
  writer: string
  links: number
  heads: number
  /** The last position that a head with a right signature seals; absent where there is none. */
  sealedTo?: number
  /** Links after that. */
  unsealed: number
  /** When the first of these was written. */
  unsealedSinceMs?: number
}

export interface AuditReport {
  isWhole: boolean
  chains: ChainReport[]
  /** All of them. */
  faultCount: number
  /** The first {@link MOST_FAULTS}. */
  faults: AuditFault[]
}

export interface VerifyOptions {
  /** The public keys that are trusted. */
  keys: PublicKeys
  /** Heads that were kept somewhere else: the record must still agree with them. */
  kept?: readonly AuditHead[]
  /** Must each chain be sealed to its end? After a clean stop it is. */
  isSealedDemanded?: boolean
  /** Called after each link that was read. */
  onLink?: () => void
  signal?: AbortSignal
}

export const MOST_FAULTS = 100
/** Two processes write a head at the same time, a clock jumps a little, an append waits: a tail this many times as long is none of these. */
const PATIENCE = 3

type Report = (code: FaultCode, id: string, say: string) => void

/**
 * Walks every chain of the record and its heads, each from the first to the last, a page in memory at a time. Finds links and
 * heads that were removed, edited, moved, exchanged or added; what it cannot find is told in docs/audit.md.
 *
 * @throws StoreError if the record cannot be read; the signal's reason
 */
export async function verifyAudit(store: Store, options: VerifyOptions): Promise<AuditReport> {
  const faults: AuditFault[] = []
  let faultCount = 0
  const report: Report = (code, id, say) => {
    faultCount++
    if (faults.length < MOST_FAULTS) faults.push({ code, id, say })
  }
  const stray = (kind: string) => (id: string, say: string) => report('stray', id, `${kind} ${id}: ${say}`)
  const audit = store.collection(COLLECTIONS.audit)
  const links = inOrder(audit, stray('link'))
  const heads = inOrder(store.collection(COLLECTIONS.auditHeads), stray('head'))
  const kept = keptByWriter(options, report)
  const isNew = async ({ writer, position, link }: AuditHead) =>
    (await audit.find({ where: { _id: auditId(writer, position) } })).items[0]?.hash === link
  const chains: ChainReport[] = []
  for (;;) {
    const writers = [(await links.peek())?.writer, (await heads.peek())?.writer].filter((name) => name !== undefined)
    const writer = writers.sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1))[0]
    if (writer === undefined) break
    chains.push(await walkChain(writer, { links, heads, kept: kept.get(writer) ?? new Map(), isNew, report, options }))
    kept.delete(writer)
  }
  for (const [writer, theirs] of kept)
    report('truncated', writer, `chain ${writer}: nothing is left of it, but ${theirs.size} heads of it were kept`)
  if (chains.length === 0 && faultCount === 0)
    report('empty', '', 'there is no audit chain in this record; nothing is proven')
  return { isWhole: faultCount === 0, chains, faultCount, faults }
}

function keptByWriter({ kept = [], keys }: VerifyOptions, report: Report): Map<string, Map<number, AuditHead>> {
  const byWriter = new Map<string, Map<number, AuditHead>>()
  for (const head of kept) {
    const problem = headMistake(head) ?? signatureMistake(head, keys)?.say
    const theirs = byWriter.get(head.writer) ?? new Map<number, AuditHead>()
    const other = theirs.get(head.position)
    if (problem === undefined && other && other.hash !== head.hash)
      report(
        'not-as-kept',
        head._id,
        `the kept head ${head._id}: another of the same place was kept, with another hash`,
      )
    else if (problem === undefined) byWriter.set(head.writer, theirs.set(head.position, head))
    else report('not-as-kept', head._id, `the kept head ${head._id}: ${problem}`)
  }
  return byWriter
}

function signatureMistake(
  { key, hash, signature }: AuditHead,
  keys: PublicKeys,
): { code: FaultCode; say: string } | undefined {
  const known = keys.get(key)
  if (!known) return { code: 'key-unknown', say: `it is signed by key ${key}, which is not among those given` }
  return isSignedBy(known, hash, signature)
    ? undefined
    : { code: 'signature-wrong', say: `its signature is not by key ${key}` }
}

interface Walk {
  links: Ordered<AuditRecord>
  heads: Ordered<AuditHead>
  kept: Map<number, AuditHead>
  /** Of a head behind the last link that was found: has its link been written since? */
  isNew: (head: AuditHead) => Promise<boolean>
  report: Report
  options: VerifyOptions
}

/** What the next one must have; undefined after one that cannot be read. */
interface Expected {
  number: number
  previous: string | undefined
}

async function walkChain(writer: string, walk: Walk): Promise<ChainReport> {
  const { links, heads, kept, report, options } = walk
  const chain: ChainReport = { writer, links: 0, heads: 0, unsealed: 0 }
  const link: Expected = { number: 0, previous: '' }
  const head: Expected = { number: 0, previous: '' }
  let lastSealed = -1
  let lastMs: number | undefined

  /** @param at the link at this position, where it can be read */
  function lookAtHead(placed: Placed<AuditHead>, at: AuditRecord | undefined, isAt: boolean): void {
    heads.take()
    chain.heads++
    const value = checkHead(placed, head, walk)
    if (!value) return
    const { position, _id } = value
    if (position <= lastSealed)
      report('head-not-following', _id, `head ${_id}: it seals link ${position}, behind the head before it`)
    lastSealed = Math.max(lastSealed, position)
    if (at && isAt && at.hash !== value.link)
      report('head-disagrees', _id, `head ${_id}: link ${position} is not the one that it seals`)
    const mistake = signatureMistake(value, options.keys)
    if (mistake) return report(mistake.code, _id, `head ${_id}: ${mistake.say}`)
    if (isAt) {
      chain.sealedTo = position
      chain.unsealed = 0
      delete chain.unsealedSinceMs
    }
  }

  const headOf = (placed: Placed<AuditHead>) => ('value' in placed ? placed.value.position : -1)

  for (let placed = await links.peek(); placed?.writer === writer; placed = await links.peek()) {
    options.signal?.throwIfAborted()
    links.take()
    chain.links++
    options.onLink?.()
    const value = checkLink(placed, link, report)
    chain.unsealed++
    if (value) {
      lastMs = value.atMs
      chain.unsealedSinceMs ??= value.atMs
      const theirs = kept.get(value.position)
      if (theirs && theirs.link !== value.hash)
        report('not-as-kept', value._id, `link ${value._id}: it is not the one that the kept head ${theirs._id} seals`)
      if (theirs) kept.delete(value.position)
    }
    for (;;) {
      const next = await heads.peek()
      if (next?.writer !== writer || headOf(next) > placed.number) break
      lookAtHead(next, value, headOf(next) === placed.number)
    }
  }
  for (let next = await heads.peek(); next?.writer === writer; next = await heads.peek()) {
    if ('value' in next && (await walk.isNew(next.value))) {
      heads.take()
      continue
    }
    if ('value' in next)
      report(
        'truncated',
        next.id,
        `head ${next.id}: it seals link ${headOf(next)}, but the chain ends before ${link.number}`,
      )
    lookAtHead(next, undefined, false)
  }
  for (const { _id, position } of kept.values())
    report(
      'truncated',
      auditId(writer, position),
      `link ${position} of ${writer}: it is gone; the kept head ${_id} seals it`,
    )
  judgeEnd(chain, lastMs, walk)
  return chain
}

function checkLink(placed: Placed<AuditRecord>, expected: Expected, report: Report): AuditRecord | undefined {
  const { id, number } = placed
  const missing = number - expected.number
  if (missing > 0) {
    const range = missing === 1 ? `link ${number - 1}` : `links ${expected.number} to ${number - 1}`
    report('missing', id, `${range} of ${placed.writer}: gone; ${id} is the next that is there`)
  }
  const previous = missing === 0 ? expected.previous : undefined
  expected.number = number + 1
  expected.previous = undefined
  if ('unreadable' in placed) {
    report('unreadable', id, `link ${id}: it cannot be read: ${placed.unreadable}`)
    return undefined
  }
  const { value } = placed
  expected.previous = value.hash
  const mistake = linkMistake(value)
  if (mistake !== undefined) report('edited', id, `link ${id}: ${mistake}`)
  else if (previous !== undefined && value.previous !== previous)
    report('not-following', id, `link ${id}: the link before it is not the one that it was written after`)
  return value
}

function checkHead(placed: Placed<AuditHead>, expected: Expected, { report }: Walk): AuditHead | undefined {
  const { id, number } = placed
  const missing = number - expected.number
  if (missing > 0) report('head-missing', id, `heads of ${placed.writer} before ${id}: ${missing} gone`)
  const previous = missing === 0 ? expected.previous : undefined
  expected.number = number + 1
  expected.previous = undefined
  if ('unreadable' in placed) {
    report('head-unreadable', id, `head ${id}: it cannot be read: ${placed.unreadable}`)
    return undefined
  }
  const { value } = placed
  expected.previous = value.hash
  const mistake = headMistake(value)
  if (mistake !== undefined) report('head-edited', id, `head ${id}: ${mistake}`)
  else if (previous !== undefined && value.previous !== previous)
    report('head-not-following', id, `head ${id}: the head before it is not the one that it was made after`)
  return value
}

/** What comes after the last head is only as long as the writers' own bounds leave it; more means that heads are gone, or fail. */
function judgeEnd(chain: ChainReport, lastMs: number | undefined, { report, options }: Walk): void {
  const { writer, heads, links, unsealed, unsealedSinceMs } = chain
  if (links > 0 && heads === 0)
    return report(
      'never-signed',
      writer,
      `chain ${writer}: it has ${links} links and no signed head; nothing of it is proven`,
    )
  if (options.isSealedDemanded && unsealed > 0)
    return report('unsigned-end', writer, `chain ${writer}: its last ${unsealed} links have no signed head`)
  const spanMs = (lastMs ?? 0) - (unsealedSinceMs ?? 0)
  if (unsealed > PATIENCE * SEAL_LINKS || (unsealed > 1 && spanMs > PATIENCE * SEAL_EVERY_MS))
    report(
      'long-unsigned',
      writer,
      `chain ${writer}: its last ${unsealed} links, ${Math.round(spanMs / 1000)} s, have no signed head; heads were removed, or the writer could not sign (its health tells)`,
    )
}
