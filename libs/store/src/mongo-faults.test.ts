import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { silentLog, systemClock } from '@kubewise/service'
import {
  eventually,
  FERRET_MISSING,
  findFerret,
  freePort,
  skipWithout,
  startFerret,
  type Ferret,
} from '@kubewise/testkit'
import { startLossyProxy, type LossyProxy } from './contract/lossy-proxy.ts'
import { things } from './contract/thing.ts'
import { openStore, type Store } from './index.ts'

const dependencies = { clock: systemClock, log: silentLog }

async function opened(uri: string, database: string): Promise<Store & AsyncDisposable> {
  const store = await openStore({ kind: 'mongo', uri, database }, dependencies)
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() })
}

describe('a MongoDB that fails', () => {
  const found = skipWithout(findFerret(), FERRET_MISSING)
  let ferret: Ferret
  let proxy: LossyProxy
  let database: string
  beforeEach(async () => {
    if (found === undefined) return
    database = `kubewise-test-${randomUUID()}`
    ferret = await startFerret()
    proxy = await startLossyProxy(ferret.port)
  })
  afterEach(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await ferret?.stop()
  })

  const losing = async () => {
    const lossy = (await opened(proxy.uri, database)) satisfies Store
    const collection = lossy.collection(things('things'))
    await collection.insert({ _id: 'known' })
    return { lossy, collection }
  }

  it('knows its own insert again when the answer was lost', async () => {
    const { lossy, collection } = await losing()
    await using _closing = lossy
    for (const times of [1, 3]) {
      proxy.loseAnswers('insert', times)
      equal(await collection.insert({ _id: `lost ${times} times`, count: 7 }), 'inserted')
      equal(proxy.left, 0)
    }
    equal(await collection.insert({ _id: 'lost 1 times', count: 8 }), 'exists')
    equal((await collection.get('lost 1 times'))?.count, 7)
    equal(await collection.count(), 3)
  })

  it("says 'exists' when the answer to a refused insert was lost", async () => {
    const { lossy, collection } = await losing()
    await using _closing = lossy
    proxy.loseAnswers('insert', 1)
    equal(await collection.insert({ _id: 'known', count: 1 }), 'exists')
    equal((await collection.get('known'))?.count, undefined)
  })

  it('knows its own replacement again, and replaces once', async () => {
    const { lossy, collection } = await losing()
    await using _closing = lossy
    for (const [version, command] of [
      [1, 'update'],
      [2, 'insert'],
      [3, 'delete'],
    ] as const) {
      proxy.loseAnswers(command, 1)
      equal(await collection.replace({ _id: 'known', count: version, version }), 'replaced')
      equal(proxy.left, 0)
      deepEqual(await collection.get('known'), { _id: 'known', count: version, version: version + 1 })
    }
    equal(await collection.replace({ _id: 'known', count: 9, version: 3 }), 'conflict')
  })

  it("says 'unknown-outcome' where others have written over what it may have written", async () => {
    const { lossy, collection } = await losing()
    await using _closing = lossy
    await using direct = await opened(ferret.uri, database)
    const others = direct.collection(things('things'))
    proxy.loseAnswers('insert', 1, async () => {
      equal(await others.replace({ _id: 'claimed', count: 2, version: 1 }), 'replaced')
    })
    await rejects(collection.insert({ _id: 'claimed', count: 1 }), { kind: 'unknown-outcome', id: 'claimed' })
    proxy.loseAnswers('update', 1, async () => {
      await eventually(async () => (await others.replace({ _id: 'known', count: 3, version: 2 })) === 'replaced')
    })
    await rejects(collection.replace({ _id: 'known', count: 2, version: 1 }), { kind: 'unknown-outcome', id: 'known' })
    equal((await collection.get('known'))?.count, 3)
  })

  it("says 'unknown-outcome' of a write whose answers are all lost, and 'unreachable' of a read", async () => {
    const { lossy, collection } = await losing()
    await using _closing = lossy
    proxy.loseAnswers('insert', 4)
    await rejects(collection.insert({ _id: 'a' }), { name: 'StoreError', kind: 'unknown-outcome', id: 'a' })
    proxy.loseAnswers('find', 4)
    await rejects(collection.get('a'), { name: 'StoreError', kind: 'unreachable', id: 'a' })
    equal((await collection.get('a'))?.version, 1)
  })

  it('finishes what a process that died in the middle of a replacement had decided', async () => {
    await using store = await opened(ferret.uri, database)
    const collection = store.collection(things('things'))
    await collection.insert({ _id: 'a', count: 1 })
    await using client = new MongoClient(ferret.uri)
    const db = client.db(database)
    const present = await db.collection<{ _id: string; _write: string }>('things').findOne({ _id: 'a' })
    const next = { _id: 'a', count: 2, version: 2, _write: 'of one who died' }
    await db.collection<{ _id: string }>('_successors').insertOne({ _id: present!._write, next } as { _id: string })

    equal((await collection.get('a'))?.version, 1)
    equal(await collection.replace({ _id: 'a', count: 9, version: 1 }), 'conflict')
    deepEqual(await collection.get('a'), { _id: 'a', count: 2, version: 2 })
    equal(await collection.replace({ _id: 'a', count: 3, version: 2 }), 'replaced')
    equal(await db.collection('_successors').countDocuments(), 0)
  })

  it('fails clearly while the server is down, and recovers by itself when it is back', async () => {
    await using store = await opened(ferret.uri, database)
    const collection = store.collection(things('things'))
    await collection.insert({ _id: 'a', count: 1 })
    await ferret.kill()
    const down = { name: 'StoreError', kind: 'unreachable' }
    // The first of all may have sent something before it noticed, so it is one that only asks.
    await rejects(store.ping(), down)
    await Promise.all([
      rejects(collection.get('a'), down),
      rejects(collection.find(), down),
      rejects(collection.count(), down),
      rejects(collection.insert({ _id: 'b' }), down),
      rejects(collection.replace({ _id: 'a', version: 1 }), down),
      rejects(store.expire(1), down),
    ])
    await ferret.restart()
    await store.ping()
    deepEqual(await collection.get('a'), { _id: 'a', count: 1, version: 1 })
    equal(await collection.insert({ _id: 'b' }), 'inserted')
  })

  it('has everything it acknowledged after the server was killed and restarted while it wrote', async () => {
    await using store = await opened(ferret.uri, database)
    const collection = store.collection(things('things'))
    const acknowledged: string[] = []
    const over = new AbortController()
    async function write(writer: number): Promise<void> {
      for (let count = 0; !over.signal.aborted; count++) {
        const _id = `${writer}/${count}`
        const outcome = await collection.insert({ _id, count }).catch((error: unknown) => {
          ok(
            error instanceof Error &&
              'kind' in error &&
              ['unreachable', 'unknown-outcome'].includes(String(error.kind)),
          )
          return 'failed'
        })
        ok(outcome !== 'exists', `${_id} was claimed by nobody else`)
        if (outcome === 'inserted') acknowledged.push(_id)
      }
    }
    const writers = Promise.all([0, 1, 2, 3].map(write))
    for (let round = 1; round <= 3; round++) {
      const before = acknowledged.length
      await eventually(() => acknowledged.length > before + 20, { say: 'writing goes on' })
      await ferret.kill()
      await ferret.restart()
    }
    const before = acknowledged.length
    await eventually(() => acknowledged.length > before + 20, { say: 'writing goes on at last' })
    over.abort()
    await writers
    for (const _id of acknowledged) equal((await collection.get(_id))?._id, _id)
  })
})

describe('opening a MongoDB', () => {
  it('fails clearly where nobody listens', async () => {
    const uri = `mongodb://someone:secret@127.0.0.1:${await freePort()}/`
    const opening = openStore({ kind: 'mongo', uri, database: 'x' }, dependencies)
    await rejects(opening, (error: Error & { kind?: string }) => {
      equal(error.name, 'StoreError')
      equal(error.kind, 'unreachable')
      ok(!error.message.includes('secret'))
      return true
    })
  })

  it('refuses an address that is none, without telling the password', async () => {
    for (const uri of [
      '',
      'http://x',
      'mongodb://',
      'mongodb://u:secret@',
      'mongodb://u:secret@h:x/',
      'mongodb://h/?nonsense=1',
    ])
      await rejects(
        openStore({ kind: 'mongo', uri, database: 'x' }, dependencies),
        (error: Error & { kind?: string }) => {
          equal(error.name, 'StoreError', uri)
          equal(error.kind, 'refused', uri)
          ok(!error.message.includes('secret'), error.message)
          return true
        },
      )
  })

  it('ends when it is told to', async () => {
    const uri = `mongodb://127.0.0.1:${await freePort()}/`
    const controller = new AbortController()
    const opening = openStore({ kind: 'mongo', uri, database: 'x' }, { ...dependencies, signal: controller.signal })
    controller.abort(new Error('stopped'))
    await rejects(opening, /stopped/)
    await rejects(
      openStore({ kind: 'mongo', uri, database: 'x' }, { ...dependencies, signal: controller.signal }),
      /stopped/,
    )
  })

  it('tells what the server gives less of than was asked', async function told() {
    if (findFerret() === undefined) this.skip()
    await using ferret = await startFerret()
    const warnings: unknown[] = []
    const log = { warn: (fields: object) => void warnings.push(fields), error: () => undefined }
    const store = await openStore(
      { kind: 'mongo', uri: ferret.uri, database: 'x' },
      { clock: systemClock, log: log as never },
    )
    await store.close()
    const [warning] = warnings as [{ differences: string[] }]
    ok(warning.differences.some((difference) => difference.includes('stands alone')))
    ok(warning.differences.some((difference) => difference.includes('ignores options')))
  })
})
