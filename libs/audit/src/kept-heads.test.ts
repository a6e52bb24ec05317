import assert from 'node:assert/strict'
import { copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { COLLECTIONS, type StoredDocument } from '@kubewise/contracts'
import { silentLog, systemClock } from '@kubewise/service'
import { openStore, type Collection, type Store } from '@kubewise/store'
import { temporaryFolder, testKit, VirtualClock } from '@kubewise/testkit'
import { createChain } from './chain.ts'
import { openSigner, publicFileOf, readPublicKeys } from './key.ts'
import { keptHeadsBeside, readKeptHeads } from './kept-heads.ts'
import { createSealer } from './seal.ts'
import { verifyAudit } from './verify.ts'

/** A folder with a key, and a record that processes write to one after the other. */
async function installation() {
  const folder = await temporaryFolder()
  const key = join(folder.path, 'audit.key')
  const file = join(folder.path, 'record.sqlite')
  const kept = `${key}.executor.head`
  const open = () => openStore({ kind: 'sqlite', file }, { clock: systemClock, log: silentLog })

  async function on<T>(use: (store: Store) => Promise<T>): Promise<T> {
    const store = await open()
    try {
      return await use(store)
    } finally {
      await store.close()
    }
  }

  function sealerOn(store: Store) {
    const kit = testKit({ clock: new VirtualClock() })
    const bus = { publish: async () => ({ stream: '', seq: 1, isDuplicate: false }) }
    const ports = { ...kit, store, bus, cluster: 'test', writer: 'executor', openSigner: () => openSigner(key) }
    return { sealer: createSealer(ports), chain: createChain(ports) }
  }

  /** A process's life: what it thinks of the record, some links if nothing speaks against it, a clean stop. */
  const run = (links: number) =>
    on(async (store) => {
      const { sealer, chain } = sealerOn(store)
      const doubt = await sealer.doubt()
      if (doubt === undefined)
        for (let i = 0; i < links; i++)
          sealer.linked(await chain.append({ event: 'intent', actor: 'a', say: `link ${i}`, atMs: 1 }))
      await sealer.stop()
      return doubt
    })

  const verify = () =>
    on(async (store) => {
      const keys = readPublicKeys(await readFile(publicFileOf(key), 'utf8'))
      return (await verifyAudit(store, { keys, kept: await readKeptHeads(key) })).faults.map(({ code }) => code)
    })

  return { folder, key, file, kept, on, run, verify, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

type Installation = Awaited<ReturnType<typeof installation>>

/** Deletes documents of a collection, all but the first so many. */
async function clear<T extends StoredDocument>(collection: Collection<T>, keep = 0): Promise<void> {
  const { items } = await collection.find({ orderBy: '_id', limit: 500 })
  for (const { _id } of items.slice(keep)) await collection.delete(_id)
}
const links = (store: Store) => store.collection(COLLECTIONS.audit)
const heads = (store: Store) => store.collection(COLLECTIONS.auditHeads)

describe('heads kept beside the key', () => {
  it('are written after the record, for their owner alone, and let the next process go on', async () => {
    await using one = await installation()
    assert.equal(await one.run(3), undefined)
    const [head] = await readKeptHeads(one.key)
    assert.deepEqual([head?.writer, head?.position], ['executor', 2])
    assert.equal((await stat(one.kept)).mode & 0o777, 0o600)
    assert.equal(await one.run(2), undefined)
    assert.equal((await readKeptHeads(one.key))[0]?.position, 4)
    assert.deepEqual(await one.verify(), [])
    assert.deepEqual((await readdir(one.folder.path)).filter((name) => name.startsWith('audit.key')).sort(), [
      'audit.key',
      'audit.key.executor.head',
      'audit.key.pub',
    ])
  })

  /** What somebody who can write to the record does to it. */
  const DEEDS: [string, (one: Installation) => Promise<void>][] = [
    ['deletes every head', (one) => one.on((store) => clear(heads(store)))],
    [
      'deletes every head and rewrites the chain',
      (one) =>
        one.on(async (store) => {
          await clear(heads(store))
          await clear(links(store))
          const bus = { publish: async () => ({ stream: '', seq: 1, isDuplicate: false }) }
          const chain = createChain({ store, bus, log: silentLog, cluster: 'test', writer: 'executor' })
          for (let i = 0; i < 5; i++) await chain.append({ event: 'intent', actor: 'a', say: 'nothing', atMs: 1 })
        }),
    ],
    [
      'deletes the last head and the links that it seals',
      async (one) => {
        await one.on((store) => clear(heads(store), 1))
        await one.on((store) => clear(links(store), 3))
      },
    ],
    ['empties the record', (one) => rm(one.file)],
    ['sets the record back to a copy', (one) => copyFile(join(one.folder.path, 'copy'), one.file)],
  ]
  for (const [deed, perform] of DEEDS)
    it(`stop a writer whose record somebody has changed: who ${deed}`, async () => {
      await using one = await installation()
      await one.run(3)
      await copyFile(one.file, join(one.folder.path, 'copy'))
      await one.run(3)
      await perform(one)
      const headCount = () => one.on(async (store) => (await heads(store).find({})).items.length)
      const before = await headCount()
      const doubt = await one.run(3)
      assert.match(doubt ?? '', /kept in .*audit\.key\.executor\.head, is not in this record as it was signed/)
      assert.equal(await headCount(), before, 'it signed all the same')
      assert.notDeepEqual(await one.verify(), [])
    })

  it('of a record that was exchanged on purpose are moved away, and the writer goes on', async () => {
    await using one = await installation()
    await one.run(3)
    await rm(one.file)
    assert.ok(await one.run(1))
    await rm(one.kept)
    assert.equal(await one.run(1), undefined)
    assert.deepEqual(await one.verify(), [])
  })

  it('may be one behind the record: who died between the two goes on', async () => {
    await using one = await installation()
    await one.run(3)
    const before = await readFile(one.kept, 'utf8')
    await one.run(3)
    await writeFile(one.kept, before)
    assert.equal(await one.run(0), undefined)
    assert.deepEqual(await one.verify(), [])
    assert.equal((await readKeptHeads(one.key))[0]?.position, 5)
  })

  it('are taken over from the record where none is kept yet', async () => {
    await using one = await installation()
    await one.run(3)
    await rm(one.kept)
    assert.equal(await one.run(0), undefined)
    assert.equal((await readKeptHeads(one.key))[0]?.position, 2)
  })

  it('speak also where the key cannot be used', async () => {
    await using one = await installation()
    await one.run(1)
    await rm(one.file)
    await one.on(async (store) => {
      const kit = testKit({ clock: new VirtualClock() })
      const bus = { publish: async () => ({ stream: '', seq: 1, isDuplicate: false }) }
      const openNone = () => Promise.reject(new Error('permission denied'))
      const ports = { ...kit, store, bus, cluster: 'test', writer: 'executor', openSigner: openNone }
      const sealer = createSealer({ ...ports, kept: keptHeadsBeside(one.key) })
      assert.match((await sealer.doubt()) ?? '', /is not in this record/)
      assert.equal(await createSealer(ports).doubt(), undefined)
    })
  })

  it('that are no heads stop the writer, with the name of the file', async () => {
    await using one = await installation()
    await one.run(1)
    await writeFile(one.kept, '{"writer":"executor"}')
    assert.match((await one.run(1)) ?? '', /audit\.key\.executor\.head is no signed head/)
  })

  it('that cannot be kept do not stop the writer: its chain is whole without them', async () => {
    await using one = await installation()
    await one.run(1)
    await one.on(async (store) => {
      const signer = await openSigner(one.key)
      const kit = testKit({ clock: new VirtualClock() })
      const bus = { publish: async () => ({ stream: '', seq: 1, isDuplicate: false }) }
      const kept = { ...signer.kept!, keep: () => Promise.reject(new Error('read-only file system')) }
      const ports = {
        ...kit,
        store,
        bus,
        cluster: 'test',
        writer: 'executor',
        openSigner: async () => ({ ...signer, kept }),
      }
      const [sealer, chain] = [createSealer(ports), createChain(ports)]
      sealer.linked(await chain.append({ event: 'intent', actor: 'a', say: 'more', atMs: 1 }))
      assert.equal(await sealer.doubt(), undefined)
      await sealer.stop()
    })
    assert.deepEqual(await one.verify(), [])
  })

  it('cannot be compared while the record is away', async () => {
    await using one = await installation()
    await one.run(1)
    await one.on(async (store) => {
      const down = new Proxy({}, { get: () => () => Promise.reject(new Error('the record is down')) })
      const failing = { ...store, collection: () => down } as unknown as Store
      const kit = testKit({ clock: new VirtualClock() })
      const bus = { publish: async () => ({ stream: '', seq: 1, isDuplicate: false }) }
      const ports = { ...kit, bus, cluster: 'test', writer: 'executor', openSigner: () => openSigner(one.key) }
      const blind = createSealer({ ...ports, store: failing })
      await assert.rejects(blind.doubt(), /the record is down/)
      await blind.stop()
    })
  })
})
