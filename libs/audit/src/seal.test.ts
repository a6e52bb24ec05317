import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { COLLECTIONS, type AuditHead } from '@kubewise/contracts'
import { silentLog, systemClock } from '@kubewise/service'
import { openStore, type Store } from '@kubewise/store'
import { eventually, temporaryFolder, testKit, VirtualClock } from '@kubewise/testkit'
import { createChain } from './chain.ts'
import { keyIdOf, newKey, openSigner, readPublicKeys, signerFrom, type Signer } from './key.ts'
import { createSealer, SEAL_EVERY_MS } from './seal.ts'
import { verifyAudit } from './verify.ts'

const signer = signerFrom(newKey())
const keysOf = (...signers: Signer[]) => readPublicKeys(signers.map(({ publicKey }) => publicKey).join(''))

async function record() {
  const folder = await temporaryFolder()
  const file = join(folder.path, 'record.sqlite')
  const store = await openStore({ kind: 'sqlite', file }, { clock: systemClock, log: silentLog })
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** A process that writes the chain, and what it has announced. */
function writerOn(store: Store, open: () => Promise<Signer> = async () => signer) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 5))
  const kit = testKit({ clock })
  const published: { subject: string; body: unknown }[] = []
  const bus = {
    async publish(subject: string, body: object) {
      published.push({ subject, body })
      return { stream: '', seq: 1, isDuplicate: false }
    },
  }
  const ports = { ...kit, store, bus, cluster: 'test', writer: 'executor', openSigner: open }
  const chain = createChain(ports)
  const sealer = createSealer(ports)
  return {
    clock,
    sealer,
    published,
    health: kit.health,
    async append(count: number) {
      for (let i = 0; i < count; i++)
        sealer.linked(await chain.append({ event: 'intent', actor: 'a', say: `link ${i}`, atMs: clock.now() }))
    },
  }
}

const headsOf = async (store: Store): Promise<AuditHead[]> =>
  (await store.collection(COLLECTIONS.auditHeads).find({ orderBy: '_id', limit: 500 })).items
const positions = async (store: Store) => (await headsOf(store)).map(({ position }) => position)

describe('signed heads', () => {
  it('come with the first link, after a hundred, after a minute and at the end', async () => {
    await using kept = await record()
    const { store } = kept
    const writer = writerOn(store)
    writer.sealer.start()
    await writer.append(1)
    await eventually(async () => (await positions(store)).at(-1) === 0)
    await writer.append(99)
    assert.deepEqual(await positions(store), [0])
    await writer.append(1)
    await eventually(async () => (await positions(store)).at(-1) === 100)
    await writer.append(1)
    await eventually(async () => {
      await writer.clock.advance(SEAL_EVERY_MS)
      return (await positions(store)).at(-1) === 101
    })
    const before = (await headsOf(store)).length
    await writer.clock.advance(5 * SEAL_EVERY_MS)
    await writer.append(1)
    await writer.sealer.stop()
    assert.deepEqual([(await headsOf(store)).length, (await positions(store)).at(-1)], [before + 1, 102])
    const report = await verifyAudit(store, { keys: keysOf(signer), isSealedDemanded: true })
    assert.deepEqual(report.faults, [])
  })

  it('are announced, as they are in the record', async () => {
    await using kept = await record()
    const writer = writerOn(kept.store)
    await writer.append(2)
    await writer.sealer.stop()
    const announced = writer.published.filter(({ subject }) => subject === 'kubewise.v1.test.audit.executor.head')
    assert.deepEqual(
      announced.map(({ body }) => body),
      await headsOf(kept.store),
    )
  })

  it('of several processes on one chain are one chain, by whichever key', async () => {
    await using kept = await record()
    const second = signerFrom(newKey())
    const writers = [writerOn(kept.store), writerOn(kept.store, async () => second)]
    await Promise.all(writers.map((writer) => writer.append(120)))
    await Promise.all(writers.map((writer) => writer.sealer.stop()))
    const report = await verifyAudit(kept.store, { keys: keysOf(signer, second), isSealedDemanded: true })
    assert.deepEqual(report.faults, [])
    assert.equal(report.chains[0]?.links, 240)
  })

  it('that a process which died could not make are made by the next', async () => {
    await using kept = await record()
    const dead = writerOn(kept.store, () => new Promise(() => undefined))
    await dead.append(5)
    const next = writerOn(kept.store)
    next.sealer.start()
    await eventually(async () => (await positions(kept.store)).at(-1) === 4)
    await next.sealer.stop()
  })

  it('that cannot be signed hold nothing up, and are told in the health until they can be', async () => {
    await using kept = await record()
    let isThere = false
    const writer = writerOn(kept.store, async () => {
      if (!isThere) throw new Error('no such file')
      return signer
    })
    writer.sealer.start()
    await writer.append(150)
    const check = () => writer.health.report().checks['audit-heads-executor']
    await eventually(() => check()?.ok === false)
    assert.match(check()?.say ?? '', /audit chain of executor is not signed: .*no such file/)
    assert.equal(writer.health.report().status, 'degraded')
    isThere = true
    await eventually(async () => {
      await writer.clock.advance(SEAL_EVERY_MS)
      return (await positions(kept.store)).at(-1) === 149
    })
    await eventually(() => check()?.ok === true)
    await writer.sealer.stop()
  })

  it('are not put on a chain that somebody has changed', async () => {
    await using kept = await record()
    const writer = writerOn(kept.store)
    await writer.append(3)
    await kept.store.collection(COLLECTIONS.audit).delete('executor/000000000001')
    await writer.append(1)
    await writer.sealer.stop()
    assert.match(writer.health.report().checks['audit-heads-executor']?.say ?? '', /links are missing before/)
    const report = await verifyAudit(kept.store, { keys: keysOf(signer) })
    assert.ok(report.faults.some(({ code }) => code === 'missing'))
  })

  it('do not care about a clock that jumps', async () => {
    await using kept = await record()
    const writer = writerOn(kept.store)
    await writer.append(1)
    writer.clock.jump(-3_600_000)
    await writer.append(1)
    await writer.sealer.stop()
    const report = await verifyAudit(kept.store, { keys: keysOf(signer), isSealedDemanded: true })
    assert.deepEqual(report.faults, [])
  })
})

describe('the audit key', () => {
  it('is made once, for its owner alone, however many begin at the same time', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'home', 'audit.key')
    const signers = await Promise.all(Array.from({ length: 8 }, () => openSigner(file)))
    assert.equal(new Set(signers.map(({ key }) => key)).size, 1)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.ok(readPublicKeys(await readFile(`${file}.pub`, 'utf8')).has(signers[0]!.key))
    const hash = 'abc'
    assert.ok(signers[1]!.isMine(hash, signers[0]!.sign(hash)))
    assert.equal(signers[1]!.isMine('abd', signers[0]!.sign(hash)), false)
  })

  it('can be exchanged: the public half of the one before stays', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'audit.key')
    const first = await openSigner(file)
    await rename(file, `${file}.old`)
    const second = await openSigner(file)
    const known = readPublicKeys(await readFile(`${file}.pub`, 'utf8'))
    assert.deepEqual([...known.keys()], [first.key, second.key])
    assert.equal(keyIdOf(createPublicKey(second.publicKey)), second.key)
  })

  it('that others can read is told; one that is no key is refused without showing it', async () => {
    await using folder = await temporaryFolder()
    const open = join(folder.path, 'open.key')
    await writeFile(open, newKey(), { mode: 0o644 })
    assert.match((await openSigner(open)).warning ?? '', /can be used by others: mode 644/)
    const wrong = join(folder.path, 'wrong.key')
    await writeFile(wrong, 'hunter2')
    await assert.rejects(openSigner(wrong), (error: Error) => {
      assert.match(error.message, /the audit key .*wrong\.key cannot be used: .*expected an Ed25519 private key/)
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    })
    const folderInstead = join(folder.path, 'folder')
    await mkdir(folderInstead)
    await assert.rejects(openSigner(folderInstead), /cannot be used/)
    assert.throws(() => readPublicKeys('nothing'), /found none/)
  })
})
