import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { join } from 'node:path'
import { COLLECTIONS } from '@kubewise/contracts'
import { circuitsBy } from '@kubewise/service'
import { eventually, temporaryFolder, testKit } from '@kubewise/testkit'
import { things } from './contract/thing.ts'
import type { CollectionDriver, StoreDriver } from './driver.ts'
import { guardStore, openStore, StoreError, type Store, type StoreErrorKind } from './index.ts'
import { createStore } from './store.ts'

const THRESHOLD = 5

/** A driver whose every call fails as told, and is counted. */
function failingDriver() {
  const driven = { calls: 0, kind: 'unreachable' as StoreErrorKind | undefined }
  const call = async <T>(answer: T): Promise<T> => {
    driven.calls++
    if (driven.kind !== undefined) throw new StoreError(driven.kind, `the record is ${driven.kind}`)
    return answer
  }
  const collection: CollectionDriver = {
    insert: () => call('exists'),
    get: () => call(undefined),
    replace: () => call('conflict'),
    find: () => call([]),
    count: () => call(0),
    delete: () => call(false),
    deleteBelow: () => call(0),
  }
  const driver: StoreDriver = {
    collection: () => collection,
    ping: () => call(undefined),
    close: async () => undefined,
  }
  return { driven, driver }
}

function behind(store: Store, openSeconds = 60) {
  const kit = testKit()
  const config = { CIRCUIT_OPEN_TIMEOUT: openSeconds, ERROR_THRESHOLD: THRESHOLD, HALF_OPEN_MAX_CALLS: 1 }
  const guarded = guardStore(store, circuitsBy(config, kit))
  const state = async (target: string) =>
    new RegExp(`kubewise_breaker_state\\{target="${target}"\\} (\\d)`).exec(await kit.metrics.registry.metrics())?.[1]
  return { kit, store: guarded, collection: guarded.collection(things('things')), state }
}

const log = testKit().log
const many = async (times: number, call: () => Promise<unknown>) => {
  for (let time = 0; time < times; time++) await call().catch(() => undefined)
}

describe('the circuits before the record', () => {
  type Things = ReturnType<typeof behind>['collection']
  const ways: [string, target: string, call: (collection: Things) => Promise<unknown>][] = [
    ['get', 'record', (collection) => collection.get('a')],
    ['find', 'record', (collection) => collection.find()],
    ['count', 'record', (collection) => collection.count()],
    ['insert', 'record-writes', (collection) => collection.insert({ _id: 'a' })],
    ['replace', 'record-writes', (collection) => collection.replace({ _id: 'a', version: 1 })],
    ['delete', 'record-writes', (collection) => collection.delete('a')],
  ]
  for (const [name, target, call] of ways)
    it(`open for ${name} when it fails, ask no more, try once, and close`, async () => {
      const { driven, driver } = failingDriver()
      const { store, collection, state, kit } = behind(createStore(driver, log), 0.1)
      await many(THRESHOLD, () => call(collection))
      equal(await state(target), '1')
      const other = target === 'record' ? 'record-writes' : 'record'
      equal(await state(other), '0', 'the other stays closed')
      match(kit.health.report().checks[`circuit to ${target}`]?.say ?? '', /^open: /)
      const asked = driven.calls
      await rejects(call(collection), { name: 'StoreError', kind: 'unreachable', message: /was not asked/ })
      equal(driven.calls, asked)
      await eventually(async () => (await state(target)) === '2')
      driven.kind = undefined
      await call(collection)
      equal(driven.calls, asked + 1)
      equal(await state(target), '0')
      await store.close()
    })

  const kinds: [StoreErrorKind, isIll: boolean][] = [
    ['unreachable', true],
    ['timeout', true],
    ['unknown-outcome', true],
    ['corrupt', false],
    ['full', false],
    ['refused', false],
  ]
  for (const [kind, isIll] of kinds)
    it(`${kind} ${isIll ? 'counts' : 'does not count'}`, async () => {
      const { driven, driver } = failingDriver()
      const { store, collection } = behind(createStore(driver, log))
      driven.kind = kind
      await many(3 * THRESHOLD, () => collection.insert({ _id: 'a' }))
      equal(driven.calls, isIll ? THRESHOLD : 3 * THRESHOLD)
      await store.close()
    })

  it('what the record answers by design, and what is asked wrong, opens none', async () => {
    await using folder = await temporaryFolder()
    const kit = testKit()
    const { store, collection, state } = behind(
      await openStore({ kind: 'sqlite', file: join(folder.path, 'record.sqlite') }, kit),
    )
    equal(await collection.insert({ _id: 'a' }), 'inserted')
    for (let time = 0; time < 3 * THRESHOLD; time++) {
      equal(await collection.insert({ _id: 'a' }), 'exists')
      equal(await collection.replace({ _id: 'a', version: 9 }), 'conflict')
      equal(await collection.get('b'), undefined)
      await rejects(collection.find({ orderBy: 'nonsense' }), { name: 'QueryError' })
      await rejects(collection.insert({ _id: 'c', count: 'one' }), { kind: 'refused' })
    }
    deepEqual([await state('record'), await state('record-writes')], ['0', '0'])
    await store.close()
  })

  it('what is urgent is read and written whatever they are', async () => {
    const { driven, driver } = failingDriver()
    const { store, collection } = behind(createStore(driver, log))
    await many(THRESHOLD, () => collection.get('a'))
    await many(THRESHOLD, () => collection.delete('a'))
    driven.kind = undefined
    const kill = store.collection({ ...things('kill'), isUrgent: true })
    equal(await kill.insert({ _id: 'kill' }), 'exists')
    equal(await kill.get('kill'), undefined)
    await rejects(collection.get('a'), /was not asked/)
    equal(COLLECTIONS.kill.isUrgent, true)
    await store.close()
  })

  it('ping tells how the record is, whatever its circuits', async () => {
    const { driven, driver } = failingDriver()
    const { store, collection, kit } = behind(createStore(driver, log))
    await many(THRESHOLD, () => collection.get('a'))
    await rejects(store.ping(), { message: 'the record is unreachable' })
    driven.kind = undefined
    await store.ping()
    await store.close()
    equal(kit.health.report().status, 'ok', 'a closed store has no circuits')
  })
})
