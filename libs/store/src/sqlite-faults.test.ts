import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { silentLog, systemClock } from '@kubewise/service'
import { temporaryFolder, type TemporaryFolder } from '@kubewise/testkit'
import { things } from './contract/thing.ts'
import { openStore } from './index.ts'

const open = (file: string) => openStore({ kind: 'sqlite', file }, { clock: systemClock, log: silentLog })

describe("the record's file", () => {
  let folder: TemporaryFolder
  let file: string
  beforeEach(async () => {
    folder = await temporaryFolder()
    file = join(folder.path, 'record.sqlite')
  })
  afterEach(() => folder[Symbol.asyncDispose]())

  async function written(): Promise<void> {
    const store = await open(file)
    for (let index = 0; index < 500; index++)
      await store.collection(things('things')).insert({ _id: `${index}`, data: 'x'.repeat(200) })
    await store.close()
  }

  it('is made with its folders, for its owner alone', async () => {
    file = join(folder.path, 'a', 'b', 'record.sqlite')
    const store = await open(file)
    await store.collection(things('things')).insert({ _id: 'a' })
    equal((await stat(file)).mode & 0o777, 0o600)
    await store.close()
  })

  it('survives being closed and opened again', async () => {
    await written()
    const store = await open(file)
    equal(await store.collection(things('things')).count(), 500)
    await store.close()
  })

  it('is read to its end in the order of ids, whatever somebody has written into its documents', async () => {
    const store = await open(file)
    const collection = store.collection(things('things'))
    for (const id of ['a', 'b', 'c', 'd', 'e']) await collection.insert({ _id: id })
    const other = new DatabaseSync(file)
    other.exec(
      `UPDATE "things" SET document = '{"_id":"z"}' WHERE _id = 'b'; UPDATE "things" SET document = '7' WHERE _id = 'd'`,
    )
    other.close()
    const ids: string[] = []
    let cursor: string | undefined
    do {
      const page = await collection.find({ orderBy: '_id', limit: 2, ...(cursor !== undefined && { cursor }) })
      ids.push(...page.items.map(({ _id }) => _id), ...(page.unreadable ?? []).map(({ id }) => id))
      cursor = page.cursor
    } while (cursor !== undefined)
    deepEqual(ids, ['a', 'b', 'c', 'd', 'e'])
    await store.close()
  })

  it('is refused where it is no database', async () => {
    await writeFile(file, 'this is not a database, and longer than its header'.repeat(100))
    await rejects(open(file), {
      name: 'StoreError',
      kind: 'corrupt',
      message: /record\.sqlite: file is not a database/,
    })
    match(await readFile(file, 'utf8'), /^this is not/)
  })

  it('is refused where it is of another program, or of another version', async () => {
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE theirs (x)')
    await rejects(open(file), { kind: 'refused', message: /another program/ })
    other.exec('DROP TABLE theirs; PRAGMA application_id = 0x4b574953; PRAGMA user_version = 2')
    other.close()
    await rejects(open(file), { kind: 'refused', message: /form 1, got form 2/ })
  })

  it('tells damage from absence', async () => {
    await written()
    const bytes = await readFile(file)
    bytes.fill(0x5a, 3 * 4096, bytes.length - 4096)
    await writeFile(file, bytes)
    const store = await open(file)
    const collection = store.collection(things('things'))
    const corrupt = { name: 'StoreError', kind: 'corrupt', message: /malformed/ }
    await rejects(collection.find({ limit: 500, where: { data: 'y' } }), corrupt)
    await rejects(collection.get('250'), corrupt)
    await store.close()
  })

  it('is refused where it cannot be', async () => {
    await mkdir(file)
    await rejects(open(file), { kind: 'unreachable', message: /cannot be used: EISDIR/ })
    await writeFile(join(folder.path, 'file'), '')
    await rejects(open(join(folder.path, 'file', 'record.sqlite')), { kind: 'unreachable', message: /cannot be used/ })
    await rejects(open('/proc/record.sqlite'), { kind: 'unreachable' })
  })

  it('is not written any more once it was removed or replaced', async () => {
    const store = await open(file)
    const collection = store.collection(things('things'))
    await collection.insert({ _id: 'a' })
    await rename(file, `${file}.old`)
    await rejects(collection.insert({ _id: 'b' }), { kind: 'unreachable' })
    await rejects(store.ping(), { kind: 'unreachable' })
    await writeFile(file, '')
    await rejects(collection.insert({ _id: 'b' }), { kind: 'unreachable', message: /replaced while it was open/ })
    await rm(file)
    await rename(`${file}.old`, file)
    equal(await collection.insert({ _id: 'b' }), 'inserted')
    await store.close()
  })

  it('is waited for while another process has it locked', async () => {
    const store = await open(file)
    const collection = store.collection(things('things'))
    await collection.insert({ _id: 'a' })
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    const inserting = collection.insert({ _id: 'b' })
    await setImmediate()
    deepEqual(await collection.get('a'), { _id: 'a', version: 1 })
    equal(await collection.get('b'), undefined)
    other.exec('COMMIT')
    equal(await inserting, 'inserted')
    await store.close()
    other.close()
  })

  it("says 'timeout' when the lock stays, and has written nothing", async () => {
    const store = await open(file)
    const collection = store.collection(things('things'))
    await collection.insert({ _id: 'a' })
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    await rejects(collection.insert({ _id: 'b' }), { kind: 'timeout', message: /locked the record for too long/ })
    other.exec('COMMIT')
    other.close()
    equal(await collection.get('b'), undefined)
    equal(await collection.insert({ _id: 'b' }), 'inserted')
    await store.close()
  })

  it('can be opened by many at the same time, from nothing', async () => {
    const stores = await Promise.all([0, 1, 2, 3].map(() => open(file)))
    const outcomes = await Promise.all(stores.map((store) => store.collection(things('things')).insert({ _id: 'a' })))
    deepEqual(outcomes.toSorted(), ['exists', 'exists', 'exists', 'inserted'])
    await Promise.all(stores.map((store) => store.close()))
  })
})
