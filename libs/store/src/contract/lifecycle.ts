import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { StoreTarget } from '../target.ts'
import { openFresh, type Backend } from './backend.ts'
import { things } from './thing.ts'
import { wholeness } from './whole.ts'

const WRITER = fileURLToPath(new URL('writer.ts', import.meta.url))

/** Lets a process write until it has told of `count` acknowledged writes, and kills it in the middle of the next. */
async function writeAndKill(target: StoreTarget, count: number): Promise<{ id: string; version: number }[]> {
  const child = spawn(process.execPath, [WRITER, JSON.stringify(target)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const acknowledged: { id: string; version: number }[] = []
  try {
    for await (const line of createInterface(child.stdout)) {
      const [id, version] = line.split(' ')
      acknowledged.push({ id: id!, version: Number(version) })
      if (acknowledged.length === count) child.kill('SIGKILL')
    }
  } finally {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  equal(child.signalCode, 'SIGKILL')
  return acknowledged
}

/** Expiry, health, closing, and what is left after a death. */
export function lifecycleContract(backend: () => Backend): void {
  it('deletes what has expired and nothing else', async () => {
    await using opened = await openFresh(backend())
    const { store } = opened
    const silences = store.collection(things('silences'))
    const { expiresField: _, ...spec } = things('plans')
    const plans = store.collection(spec)
    for (const [_id, expiresMs] of [
      ['past', 999],
      ['now', 1000],
      ['future', 1001],
    ] as const) {
      await silences.insert({ _id, expiresMs })
      await plans.insert({ _id, expiresMs })
    }
    await silences.insert({ _id: 'never' })
    equal(await store.expire(1000), 1)
    deepEqual(
      (await silences.find()).items.map(({ _id }) => _id),
      ['future', 'never', 'now'],
    )
    equal(await plans.count(), 3)
    equal(await store.expire(5000), 2)
    deepEqual(
      (await silences.find()).items.map(({ _id }) => _id),
      ['never'],
    )
  })

  it('expires more than one batch', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    for (let index = 0; index < 1100; index++) await collection.insert({ _id: `${index}`, expiresMs: index })
    equal(await opened.store.expire(1050), 1050)
    equal(await collection.count(), 50)
  })

  it('answers a ping', async () => {
    await using opened = await openFresh(backend())
    await opened.store.ping()
  })

  it('closes once, after what is under way, and refuses everything afterwards', async () => {
    await using opened = await openFresh(backend())
    const { store } = opened
    const collection = store.collection(things('things'))
    const inserted = Promise.all(['a', 'b', 'c'].map((_id) => collection.insert({ _id })))
    await Promise.all([store.close(), store.close()])
    await store.close()
    deepEqual(await inserted, ['inserted', 'inserted', 'inserted'])
    const closed = { name: 'StoreError', kind: 'closed', message: 'the store is closed' }
    await rejects(collection.insert({ _id: 'd' }), closed)
    await rejects(collection.get('a'), closed)
    await rejects(collection.replace({ _id: 'a', version: 1 }), closed)
    await rejects(collection.find(), closed)
    await rejects(collection.count(), closed)
    await rejects(collection.delete('a'), closed)
    await rejects(store.expire(1), closed)
    await rejects(store.ping(), closed)
    throws(() => store.collection(things('things')), closed)
    equal(await (await opened.again()).collection(things('things')).count(), 3)
  })

  it('refuses a collection that no driver could build', async () => {
    await using opened = await openFresh(backend())
    for (const name of ['', 'Things', 'a"b', 'system.users', 'a$b', '../x'])
      throws(() => opened.store.collection(things(name)), RangeError)
    for (const field of ['', '$a', 'a..b', "a'b", '__proto__', 'a.__proto__'])
      throws(() => opened.store.collection({ ...things('things'), indexes: [{ fields: [field] }] }), RangeError)
  })

  it('has every acknowledged write of a process that was killed in the middle of one, and no torn document', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('written'))
    for (const count of [1, 40, 120]) {
      const acknowledged = await writeAndKill(opened.target, count)
      ok(acknowledged.length >= count)
      for (const { id, version } of acknowledged) {
        const thing = await collection.get(id)
        ok((thing?.version ?? 0) >= version, `${id} was acknowledged at ${version}, found ${thing?.version}`)
      }
      for (let page = await collection.find(); ; page = await collection.find({ cursor: page.cursor })) {
        equal(page.unreadable, undefined)
        for (const thing of page.items) equal(wholeness(thing), 'whole')
        if (page.cursor === undefined) break
      }
      equal(await collection.insert({ _id: `still writable ${count}`, count: 0, data: '' }), 'inserted')
    }
  })
}
