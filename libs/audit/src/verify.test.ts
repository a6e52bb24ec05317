import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createPublicKey } from 'node:crypto'
import {
  auditId,
  auditLink,
  COLLECTIONS,
  hashOf,
  type AuditHead,
  type AuditRecord,
  type CollectionSpec,
} from '@kubewise/contracts'
import { silentLog, systemClock } from '@kubewise/service'
import { openStore, type Query, type Store } from '@kubewise/store'
import { temporaryFolder } from '@kubewise/testkit'
import * as fc from 'fast-check'
import { keyIdOf, newKey, signerFrom, type Signer } from './key.ts'
import { verifyAudit, type AuditReport, type VerifyOptions } from './verify.ts'

type Document = Record<string, unknown> & { _id: string; version: number }
interface Kept {
  links: Document[]
  heads: Document[]
}

const signer = signerFrom(newKey())
const later = signerFrom(newKey())
const stranger = signerFrom(newKey())
const keysOf = (...signers: Signer[]) =>
  new Map(signers.map((each) => createPublicKey(each.publicKey)).map((key) => [keyIdOf(key), key]))
const KEYS = keysOf(signer, later)
const START_MS = Date.UTC(2026, 0, 5)

function headFor(link: Omit<AuditRecord, 'version'>, before: AuditHead | undefined, by: Signer): AuditHead {
  const body = {
    writer: link.writer,
    number: (before?.number ?? -1) + 1,
    position: link.position,
    link: link.hash,
    previous: before?.hash ?? '',
    atMs: link.atMs,
    key: by.key,
  }
  const hash = hashOf(body)
  return { _id: auditId(link.writer, body.number), version: 1, ...body, hash, signature: by.sign(hash) }
}

/** A chain as a writer makes it: after each of the links told, a head; the key is exchanged half-way. */
function chainOf(writer: string, says: readonly string[], sealedAfter: ReadonlySet<number>): Kept {
  const links: AuditRecord[] = []
  const heads: AuditHead[] = []
  for (const [index, say] of says.entries()) {
    const entry = {
      event: 'intent' as const,
      actor: 'a',
      say,
      atMs: START_MS + index * 1000,
      detail: { index, changes: [say] },
    }
    links.push({ ...auditLink(writer, links.at(-1), entry), version: 1 })
    if (sealedAfter.has(index) || index === says.length - 1)
      heads.push(headFor(links.at(-1)!, heads.at(-1), index * 2 < says.length ? signer : later))
  }
  return { links, heads }
}

const chains = fc
  .record({
    executor: fc.array(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 12 }),
    api: fc.array(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 6 }),
    sealed: fc.array(fc.nat(11), { maxLength: 4 }),
  })
  .map(({ executor, api, sealed }): Kept => {
    const [first, second] = [chainOf('api', api, new Set([0])), chainOf('executor', executor, new Set(sealed))]
    return { links: [...first.links, ...second.links], heads: [...first.heads, ...second.heads] }
  })

/** What somebody who can write to the record may do to one document, or two. */
const tamperings = fc.record({
  kind: fc.constantFrom('delete', 'edit', 'swap', 'insert', 'truncate', 'move', 'garbage', 'resign'),
  part: fc.constantFrom('links' as const, 'heads' as const),
  at: fc.nat(),
  other: fc.nat(),
  field: fc.nat(),
})
type Tampering = typeof tamperings extends fc.Arbitrary<infer T> ? T : never

const another = (value: unknown): unknown =>
  typeof value === 'number' ? value + 1 : typeof value === 'string' ? `${value}x` : { other: value }

/** @returns undefined where nothing would be changed, or only what no record can show: its very end */
function tampered(record: Kept, { kind, part, at, other, field }: Tampering): Kept | undefined {
  const changed = structuredClone(record)
  const documents = changed[part]
  const index = at % documents.length
  const document = documents[index]!
  const isLast = documents[index + 1]?.['writer'] !== document['writer']
  const others = documents.filter((each) => each !== document)
  switch (kind) {
    case 'delete':
      documents.splice(index, 1)
      // The last head gone leaves links that are not sealed yet: told, and a fault where --sealed asks for it.
      return changed
    case 'edit': {
      const names = Object.keys(document).filter((name) => name !== '_id')
      const name = names[field % names.length]!
      document[name] = another(document[name])
      return changed
    }
    case 'swap': {
      const second = others[other % others.length]!
      const [a, b] = [document._id, second._id]
      document._id = b
      second._id = a
      return changed
    }
    case 'insert':
      documents.push({ ...document, _id: auditId(String(document['writer']), 5000 + field) })
      return changed
    case 'truncate': {
      const writer = document['writer']
      changed[part] = documents.filter((each, i) => each['writer'] !== writer || i < index)
      return changed
    }
    case 'move':
      document._id = document._id
        .replace(/^[a-z]+/, (writer) => (writer === 'api' ? 'executor' : 'api'))
        .replace(/\d+$/, '000000004000')
      return changed
    case 'garbage':
      document['position'] = 'none'
      return changed
    case 'resign': {
      if (part === 'links' || !isLast) return undefined
      // A forger who has a key of his own.
      const { hash } = document as unknown as AuditHead
      document['signature'] = stranger.sign(hash)
      return changed
    }
  }
}

describe('an audit', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let store: Store
  let database: DatabaseSync

  before(async () => {
    folder = await temporaryFolder()
    const file = join(folder.path, 'record.sqlite')
    store = await openStore({ kind: 'sqlite', file }, { clock: systemClock, log: silentLog })
    await verifyAudit(store, { keys: KEYS })
    database = new DatabaseSync(file)
    database.exec('PRAGMA synchronous = OFF')
  })
  after(async () => {
    database.close()
    await store.close()
    await folder[Symbol.asyncDispose]()
  })

  /** Puts into the record what somebody left there, past all checks. */
  function write({ links, heads }: Kept): void {
    database.exec('BEGIN; DELETE FROM "audit"; DELETE FROM "audit-heads"')
    for (const [table, documents] of [
      ['audit', links],
      ['audit-heads', heads],
    ] as const) {
      const insert = database.prepare(`INSERT INTO "${table}" (_id, version, document) VALUES (?, ?, ?)`)
      for (const { _id, version, ...body } of documents)
        insert.run(_id, typeof version === 'number' ? version : 7, JSON.stringify(body))
    }
    database.exec('COMMIT')
  }

  const verify = async (record: Kept, options: Partial<VerifyOptions> = {}): Promise<AuditReport> => {
    write(record)
    return verifyAudit(store, { keys: KEYS, isSealedDemanded: true, ...options })
  }
  const codes = ({ faults }: AuditReport) => faults.map(({ code }) => code)

  it('that nobody touched is whole', () =>
    fc.assert(
      fc.asyncProperty(chains, async (record) => {
        const report = await verify(record)
        assert.deepEqual(
          report.faults.map(({ say }) => say),
          [],
        )
        assert.ok(report.isWhole)
        assert.equal(
          report.chains.reduce((sum, { links }) => sum + links, 0),
          record.links.length,
        )
      }),
      { numRuns: 100 },
    ))

  it('shows every single thing that was deleted, edited, exchanged, added, moved or cut off', () =>
    fc.assert(
      fc.asyncProperty(chains, tamperings, async (record, tampering) => {
        const changed = tampered(record, tampering)
        fc.pre(changed !== undefined && JSON.stringify(changed) !== JSON.stringify(record))
        assert.equal((await verify(changed)).isWhole, false)
      }),
      { numRuns: 500 },
    ))

  it('of which only unsealed links were cut off is whole by itself, but not beside a head that was kept', async () => {
    const whole = chainOf('executor', ['a', 'b', 'c', 'd'], new Set([0, 1]))
    const cut = { links: whole.links.slice(0, 2), heads: whole.heads.slice(0, 2) }
    assert.ok((await verify(cut)).isWhole)
    const kept = [whole.heads.at(-1) as unknown as AuditHead]
    assert.deepEqual(codes(await verify(cut, { kept })), ['truncated'])
    assert.deepEqual(codes(await verify({ links: [], heads: [] }, { kept })), ['truncated'])
    const rewritten = chainOf('executor', ['a', 'b', 'c', 'x'], new Set())
    assert.ok((await verify(rewritten)).isWhole, 'by who has the key')
    assert.deepEqual(codes(await verify(rewritten, { kept })), ['not-as-kept'])
    const forged = rewritten.heads.at(-1) as unknown as AuditHead
    for (const both of [
      [...kept, forged],
      [forged, ...kept],
    ])
      assert.ok(codes(await verify(rewritten, { kept: both })).includes('not-as-kept'), 'whichever was kept first')
  })

  it('says what is wrong, once for one thing', async () => {
    const whole = chainOf('executor', ['a', 'b', 'c', 'd', 'e'], new Set([0, 2]))
    const cases: [string, (record: Kept) => void, string[]][] = [
      ['a link in the middle', ({ links }) => void links.splice(1, 1), ['missing']],
      ['a link that is sealed itself', ({ links }) => void links.splice(2, 1), ['missing']],
      ['the first link', ({ links }) => void links.shift(), ['missing']],
      ['the last link', ({ links }) => void links.pop(), ['truncated', 'unsigned-end']],
      ['every link', ({ links }) => void links.splice(0), ['truncated', 'truncated', 'truncated']],
      ['every head', ({ heads }) => void heads.splice(0), ['never-signed']],
      ['the last head', ({ heads }) => void heads.pop(), ['unsigned-end']],
      ['a head in the middle', ({ heads }) => void heads.splice(1, 1), ['head-missing']],
      ['a word', ({ links }) => void (links[1]!['say'] = 'nothing'), ['edited']],
      [
        'a head signed by nobody known',
        ({ heads }) => void (heads[2]!['signature'] = 'AAAA'),
        ['signature-wrong', 'unsigned-end'],
      ],
      ['garbage', ({ links }) => void (links[1]!['event'] = 7), ['unreadable']],
      [
        'a link under a head of its own',
        ({ links, heads }) => {
          links.splice(2, 1)
          heads.splice(1, 1)
        },
        ['missing', 'head-missing'],
      ],
      ['a stranger', ({ links }) => void links.push({ _id: 'note', version: 1 }), ['stray']],
    ]
    for (const [name, change, expected] of cases) {
      const record = structuredClone(whole)
      change(record)
      assert.deepEqual(codes(await verify(record)), expected, name)
    }
    assert.deepEqual(codes(await verify(whole, { keys: keysOf(stranger) })).slice(0, 1), ['key-unknown'])
    assert.deepEqual(codes(await verify({ links: [], heads: [] })), ['empty'])
  })

  it('rewritten from one link on by who has no key shows at the next head', async () => {
    const whole = chainOf('executor', ['a', 'b', 'c', 'd'], new Set([0, 2]))
    const forged = chainOf('executor', ['a', 'b', 'x', 'd'], new Set([0, 2]))
    assert.deepEqual(codes(await verify({ links: forged.links, heads: whole.heads })), [
      'head-disagrees',
      'head-disagrees',
    ])
  })

  it('is not sealed to its end while its writer works; more than the writer leaves is a fault', async () => {
    const { links, heads } = chainOf(
      'executor',
      Array.from({ length: 302 }, (_, i) => `link ${i}`),
      new Set([0]),
    )
    const working = await verify({ links: links.slice(0, 100), heads: heads.slice(0, 1) }, { isSealedDemanded: false })
    assert.deepEqual(
      [working.isWhole, working.chains[0]?.sealedTo, working.chains[0]?.unsealed, working.chains[0]?.unsealedSinceMs],
      [true, 0, 99, START_MS + 1000],
    )
    const silent = await verify({ links, heads: heads.slice(0, 1) }, { isSealedDemanded: false })
    assert.deepEqual(codes(silent), ['long-unsigned'])
  })

  it('that grows while it is read is no fault', async () => {
    const grown = chainOf('executor', ['a', 'b', 'c', 'd'], new Set([0, 1]))
    write({ links: grown.links.slice(0, 2), heads: grown.heads.slice(0, 2) })
    const collection = <T extends { _id: string; version: number }>(spec: CollectionSpec<T>) => {
      const open = store.collection(spec)
      // Between the links and the heads a writer appends to both.
      return spec.name === COLLECTIONS.auditHeads.name
        ? { ...open, find: async (query?: Query) => (write(grown), open.find(query)) }
        : open
    }
    const report = await verifyAudit({ ...store, collection }, { keys: KEYS })
    assert.deepEqual(report.faults, [])
    assert.equal(report.chains[0]?.sealedTo, 1)
  })

  it('that cannot be read in places is read on, page by page', async () => {
    const record = chainOf(
      'executor',
      Array.from({ length: 1200 }, (_, i) => `link ${i}`),
      new Set([0]),
    )
    for (const index of [499, 500, 501]) record.links[index]!['say'] = 7
    write(record)
    database.prepare(`UPDATE "audit" SET document = '7' WHERE _id = ?`).run(auditId('executor', 999))
    const report = await verifyAudit(store, { keys: KEYS })
    assert.deepEqual(codes(report), ['unreadable', 'unreadable', 'unreadable', 'unreadable'])
    assert.equal(report.chains[0]?.links, 1200)
  })
})
