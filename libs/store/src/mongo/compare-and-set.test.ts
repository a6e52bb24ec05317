import { deepEqual, equal, rejects } from 'node:assert/strict'
import { MongoClient, type Collection, type Db } from 'mongodb'
import { systemClock } from '@kubewise/service'
import { FERRET_MISSING, findFerret, skipWithout, startFerret, type Ferret } from '@kubewise/testkit'
import { oneStep, type CompareAndSet, type Marked } from './compare-and-set.ts'
import type { MongoDocument } from './filter.ts'
import { twoStep } from './two-step.ts'

const WAYS: Record<string, (db: Db, collection: Collection<MongoDocument>) => CompareAndSet> = {
  'in one step': (_db, collection) => oneStep(collection),
  'in two steps': (db, collection) => twoStep(db, collection, systemClock),
}

const written = (version: number, mark: string, more: object = {}): Marked => ({
  _id: 'a',
  version,
  _write: mark,
  ...more,
})
const clean = () => ({ isUncertain: false })
const uncertain = () => ({ isUncertain: true })

describe('compare-and-set', () => {
  const found = skipWithout(findFerret(), FERRET_MISSING)
  let ferret: Ferret
  let client: MongoClient
  let count = 0
  before(async () => {
    if (found === undefined) return
    ferret = await startFerret()
    client = new MongoClient(ferret.uri)
  })
  after(async () => {
    await client?.close()
    await ferret?.stop()
  })

  for (const [way, create] of Object.entries(WAYS))
    describe(way, () => {
      let collection: Collection<MongoDocument>
      let compareAndSet: CompareAndSet
      beforeEach(() => {
        const db = client.db(`cas-${count++}`)
        collection = db.collection<MongoDocument>('things')
        compareAndSet = create(db, collection)
      })

      it('takes the place of the version before, as a whole', async () => {
        await collection.insertOne(written(1, 'x', { old: true }))
        equal(await compareAndSet.replace(written(2, 'y', { new: true }), clean()), 'replaced')
        deepEqual(await collection.findOne(), written(2, 'y', { new: true }))
      })

      it('takes no other place', async () => {
        equal(await compareAndSet.replace(written(2, 'y'), clean()), 'conflict')
        await collection.insertOne(written(3, 'x'))
        for (const version of [2, 3, 5]) equal(await compareAndSet.replace(written(version, 'y'), clean()), 'conflict')
        deepEqual(await collection.findOne(), written(3, 'x'))
      })

      it('knows what it wrote itself', async () => {
        await collection.insertOne(written(2, 'own'))
        for (const progress of [clean, uncertain]) {
          equal(await compareAndSet.replace(written(2, 'own'), progress()), 'replaced')
          equal(await compareAndSet.isWritten(written(2, 'own'), progress()), true)
          equal(await compareAndSet.replace(written(2, 'other'), progress()), 'conflict')
          equal(await compareAndSet.isWritten(written(2, 'other'), progress()), false)
        }
      })

      it('says that it does not know, where others have written over what it may have written', async () => {
        await rejects(compareAndSet.replace(written(2, 'own'), uncertain()), { kind: 'unknown-outcome' })
        equal(await compareAndSet.isWritten(written(1, 'own'), uncertain()), false)
        await collection.insertOne(written(3, 'other'))
        await rejects(compareAndSet.replace(written(2, 'own'), uncertain()), { kind: 'unknown-outcome' })
        await rejects(compareAndSet.isWritten(written(1, 'own'), uncertain()), { kind: 'unknown-outcome' })
        equal(await compareAndSet.isWritten(written(1, 'own'), clean()), false)
      })

      it('does not take a place that a unique index denies', async () => {
        await collection.createIndexes([{ key: { seat: 1 }, name: 'seat', unique: true }])
        await collection.insertMany([written(1, 'x', { seat: 1 }), { _id: 'b', version: 1, _write: 'z', seat: 2 }])
        equal(await compareAndSet.replace(written(2, 'y', { seat: 2 }), clean()), 'conflict')
        equal(await compareAndSet.replace(written(2, 'y', { seat: 3 }), clean()), 'replaced')
      })
    })
})
