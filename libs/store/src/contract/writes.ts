import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Collection } from '../port.ts'
import { update } from '../update.ts'
import { openFresh, type Backend } from './backend.ts'
import { anything, seats, things, type Thing } from './thing.ts'

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** Unique insert and compare-and-set: what claims, locks and epochs stand on. */
export function writesContract(backend: () => Backend): void {
  it('inserts once, as version 1', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    equal(await collection.insert({ _id: 'a', count: 1 }), 'inserted')
    equal(await collection.insert({ _id: 'a', count: 2 }), 'exists')
    deepEqual(await collection.get('a'), { _id: 'a', count: 1, version: 1 })
    equal(await collection.get('b'), undefined)
  })

  it('is seen by another connection as soon as it is acknowledged', async () => {
    await using opened = await openFresh(backend())
    const other = (await opened.again()).collection(things('things'))
    await opened.store.collection(things('things')).insert({ _id: 'a', owner: 'x' })
    equal((await other.get('a'))?.owner, 'x')
  })

  it('lets exactly one of 32 claims win, from four connections', async () => {
    await using opened = await openFresh(backend())
    const stores = [opened.store, await opened.again(), await opened.again(), await opened.again()]
    const outcomes = await Promise.all(
      times(32, async (index) => ({
        owner: `claimant ${index}`,
        outcome: await stores[index % 4]!.collection(things('claims')).insert({
          _id: 'plan',
          owner: `claimant ${index}`,
        }),
      })),
    )
    const winners = outcomes.filter(({ outcome }) => outcome === 'inserted')
    equal(winners.length, 1)
    equal((await opened.store.collection(things('claims')).get('plan'))?.owner, winners[0]?.owner)
  })

  it('keeps to every unique index, and says so as it does for ids', async () => {
    await using opened = await openFresh(backend())
    const hall = opened.store.collection(seats('seats'))
    equal(await hall.insert({ _id: 'a', place: { name: 'left' }, count: 1 }), 'inserted')
    equal(await hall.insert({ _id: 'b', place: { name: 'left' }, count: 1 }), 'exists')
    equal(await hall.insert({ _id: 'b', place: { name: 'left' }, count: 2 }), 'inserted')
    equal(await hall.replace({ _id: 'b', place: { name: 'left' }, count: 1, version: 1 }), 'conflict')
    await rejects(hall.insert({ _id: 'c', count: 1 }), { name: 'StoreError', kind: 'refused', message: /place\.name/ })
    deepEqual(await hall.get('b'), { _id: 'b', place: { name: 'left' }, count: 2, version: 1 })
  })

  it('replaces only the version that was read', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    await collection.insert({ _id: 'a', count: 1, owner: 'x' })
    equal(await collection.replace({ _id: 'a', count: 2, version: 1 }), 'replaced')
    deepEqual(await collection.get('a'), { _id: 'a', count: 2, version: 2 })
    equal(await collection.replace({ _id: 'a', count: 3, version: 1 }), 'conflict')
    equal(await collection.replace({ _id: 'a', count: 3, version: 3 }), 'conflict')
    equal(await collection.replace({ _id: 'nobody', version: 1 }), 'conflict')
    equal(await collection.get('nobody'), undefined)
    equal((await collection.get('a'))?.count, 2)
  })

  it('refuses a version that nobody can have read', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    for (const version of [0, -1, 1.5, Number.NaN])
      await rejects(collection.replace({ _id: 'a', version }), { kind: 'refused', message: /version/ })
  })

  it('lets exactly one of 32 replace one version', async () => {
    await using opened = await openFresh(backend())
    const both = [opened.store, await opened.again()].map((store) => store.collection(things('things')))
    await both[0]!.insert({ _id: 'a' })
    const outcomes = await Promise.all(
      times(32, (index) => both[index % 2]!.replace({ _id: 'a', count: index, version: 1 })),
    )
    deepEqual(
      outcomes.flatMap((outcome, index) => (outcome === 'replaced' ? [index] : [])),
      [(await both[0]!.get('a'))?.count],
    )
  })

  it('loses no update of many at the same time', async () => {
    await using opened = await openFresh(backend())
    const both = [opened.store, await opened.again()].map((store) => store.collection(things('things')))
    await both[0]!.insert({ _id: 'a', count: 0 })
    const add = (collection: Collection<Thing>) =>
      update(collection, 'a', (current) => ({ ...current, count: (current.count ?? 0) + 1 }))
    await Promise.all(times(20, (index) => add(both[index % 2]!)))
    deepEqual(await both[0]!.get('a'), { _id: 'a', count: 20, version: 21 })
  })

  it('updates what is there, leaves what is to be left', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    equal(await update(collection, 'a', (current) => current), undefined)
    await collection.insert({ _id: 'a', count: 1 })
    deepEqual(await update(collection, 'a', () => undefined), { _id: 'a', count: 1, version: 1 })
    const changed = await update(collection, 'a', () => ({ _id: 'other', count: 2, version: 9 }))
    deepEqual(changed, { _id: 'a', count: 2, version: 2 })
    deepEqual(await collection.get('a'), changed)
    equal(await collection.get('other'), undefined)
  })

  it('gives up an update that never wins', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    await collection.insert({ _id: 'a', count: 0 })
    const interfering = update(collection, 'a', async (current) => {
      await collection.replace({ ...current, count: -1 })
      return { ...current, count: 1 }
    })
    await rejects(interfering, { name: 'StoreError', kind: 'timeout' })
    equal((await collection.get('a'))?.count, -1)
  })

  it('deletes, and says whether there was something', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    await collection.insert({ _id: 'a' })
    equal(await collection.delete('a'), true)
    equal(await collection.delete('a'), false)
    equal(await collection.delete(''), false)
    equal(await collection.get('a'), undefined)
  })

  it('writes nothing that its schema refuses', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    const wrong = { _id: 'a', count: 'many' as unknown as number }
    await rejects(collection.insert(wrong), {
      kind: 'refused',
      collection: 'things',
      id: 'a',
      errors: ['count: must be number, got "many"', 'second mistake'],
    })
    await collection.insert({ _id: 'a', count: 1 })
    await rejects(collection.replace({ ...wrong, version: 1 }), { kind: 'refused' })
    deepEqual(await collection.get('a'), { _id: 'a', count: 1, version: 1 })
  })

  it('does not take what it cannot read for missing, and hides nothing else because of it', async () => {
    await using opened = await openFresh(backend())
    await opened.store.collection(anything('things')).insert({ _id: 'b', at: 2, count: 'many' })
    const collection = opened.store.collection(things('things'))
    await collection.insert({ _id: 'a', at: 1 })
    await collection.insert({ _id: 'c', at: 3 })
    const errors = ['count: must be number, got "many"', 'second mistake']
    await rejects(collection.get('b'), { name: 'StoreError', kind: 'corrupt', collection: 'things', id: 'b', errors })
    await rejects(
      update(collection, 'b', (current) => current),
      { kind: 'corrupt' },
    )
    const page = await collection.find({ orderBy: 'at', limit: 2 })
    deepEqual(
      page.items.map(({ _id }) => _id),
      ['a'],
    )
    deepEqual(page.unreadable, [{ id: 'b', errors }])
    const rest = await collection.find({ orderBy: 'at', limit: 2, cursor: page.cursor! })
    deepEqual(
      rest.items.map(({ _id }) => _id),
      ['c'],
    )
    equal(rest.unreadable, undefined)
  })
}
