import assert from 'node:assert/strict'
import { COLLECTIONS, keyOf, type AnomalyMessage, type Incident, type Target } from '@kubewise/contracts'
import type { Store } from '@kubewise/store'
import { VirtualClock } from '@kubewise/testkit'
import * as fc from 'fast-check'
import { anomaly, resolution } from '../fixture/anomalies.ts'
import { WEB } from '../fixture/context.ts'
import { NOW } from '../fixture/objects.ts'
import { testRecord } from '../fixture/record.ts'
import { createIncidentBook, type IncidentBook } from './book.ts'
import type { Cause } from './merge.ts'
import { openOwnSignals, openSignals } from './signals.ts'
import { MAX_SYMPTOMS } from './symptoms.ts'

const target = (name: string): Target => ({ ...WEB, name, uid: `uid-${name}` })
const DB = target('db')
const cause = (root: Target = DB): Cause => ({ root, relation: 'dependency', say: 'It needs db.' })

const bookOn = (store: Store, crashpoint = (_label: string) => undefined as void, clock = new VirtualClock(NOW)) =>
  createIncidentBook({ store, clock, crashpoint }, 'prod')

const take = (book: IncidentBook, message: AnomalyMessage) =>
  message.kind === 'anomaly' ? book.enter(message) : book.end(message)

const all = async (store: Store) => (await store.collection(COLLECTIONS.incidents).find({ limit: 500 })).items
const open = async (store: Store) => (await all(store)).filter(({ status }) => status === 'open')
const of = (incidents: readonly Incident[], name: string) => incidents.filter((each) => each.target.name === name)

const WEBS = ['web', 'api', 'cart'].map(target)
const opened = WEBS.flatMap((each, index) =>
  ['a', 'b'].map((pod) => anomaly(`${each.name}-${pod}`, { target: each, startedMs: NOW + index * 1000 })),
)
const ended = opened.map((each) => resolution(each))

/** Everything that happens, each at least once and in any order: anomalies, their ends, and merges of whatever is open. */
const histories = fc
  .tuple(
    fc.shuffledSubarray([...opened, ...ended], { minLength: 12 }),
    fc.array(fc.constantFrom<AnomalyMessage[]>(...opened, ...ended), { maxLength: 6 }),
    fc.array(fc.nat(2), { minLength: 3, maxLength: 8 }),
  )
  .chain(([first, again, merges]) =>
    fc.shuffledSubarray<AnomalyMessage | number>([...first, ...again, ...merges], {
      minLength: first.length + again.length + merges.length,
    }),
  )

async function merge(store: Store, book: IncidentBook, name: string, into = cause()): Promise<void> {
  for (const { _id } of of(await open(store), name)) await book.merge(_id, into)
}

/** What must hold at any time, whatever happened. */
async function assertSound(store: Store): Promise<void> {
  const incidents = await all(store)
  const byId = new Map(incidents.map((each) => [each._id, each]))
  const keys = incidents.filter(({ status }) => status === 'open').map((each) => keyOf(each.target))
  assert.equal(new Set(keys).size, keys.length, 'one open incident of a target')
  for (const each of incidents.filter(({ mergedInto }) => mergedInto !== undefined)) {
    const seen = new Set<string>()
    let root: Incident | undefined = each
    while (root?.mergedInto !== undefined && !seen.has(root._id)) {
      seen.add(root._id)
      root = byId.get(root.mergedInto)
    }
    assert.ok(root && root.mergedInto === undefined, 'no circle, and an end to each chain')
  }
}

describe('incidents of one cause', function () {
  this.timeout(60_000)

  it('are one, on its root, with the symptoms and what is seen of them', async () => {
    await using record = await testRecord()
    const book = bookOn(record.store)
    for (const message of opened) await book.enter(message)
    for (const { name } of WEBS) await merge(record.store, book, name)
    const [root, ...others] = await open(record.store)
    assert.deepEqual([root?.target, others], [DB, []])
    assert.deepEqual(
      root!.symptoms?.map(({ target: { name }, relation }) => `${name} ${relation}`),
      ['web dependency', 'api dependency', 'cart dependency'],
    )
    assert.deepEqual([openSignals(root!).length, openOwnSignals(root!).length], [6, 0])
    const [web] = of(await all(record.store), 'web')
    assert.deepEqual([web?.status, web?.mergedInto, web?.resolution?.code], ['resolved', root!._id, 'merged'])
  })

  it('join the incident that the root has, and leave its own words to it', async () => {
    await using record = await testRecord()
    const book = bookOn(record.store)
    const own = await book.enter(anomaly('db-0', { target: DB, say: 'db-0 is dead.', severity: 'warning' }))
    await book.enter(opened[0]!)
    await merge(record.store, book, 'web')
    const [root] = await open(record.store)
    assert.deepEqual([root?._id, root?.say, root?.severity], [own.incident._id, 'db-0 is dead.', 'warning'])
  })

  it('hold every anomaly, know every end, and are never a circle, whatever the order, repeats and merges', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        await using record = await testRecord()
        const book = bookOn(record.store)
        for (const event of history) {
          if (typeof event === 'number') await merge(record.store, book, WEBS[event]!.name)
          else await take(book, event)
          await assertSound(record.store)
        }
        const incidents = await all(record.store)
        const held = incidents.flatMap(({ target: { name }, signals }) => (name === 'db' ? [] : signals))
        assert.deepEqual(held.map((each) => each.anomaly).sort(), opened.map(({ id }) => id).sort())
        assert.ok(incidents.every((incident) => openSignals(incident).length === 0))
      }),
      { numRuns: 15 },
    )
  })

  it('are the same by two planners at once that merge, enter and end', async () => {
    await using record = await testRecord()
    const books = [bookOn(record.store), bookOn(record.store)]
    for (const message of opened.filter((_, index) => index % 2 === 0)) await books[0]!.enter(message)
    await Promise.all(
      books.flatMap((book) => [
        ...WEBS.map(({ name }) => merge(record.store, book, name)),
        ...opened.map((message) => book.enter(message)),
        ...ended.slice(0, 3).map((message) => book.end(message)),
      ]),
    )
    for (const { name } of WEBS) await merge(record.store, books[0]!, name)
    await assertSound(record.store)
    const [root, ...others] = await open(record.store)
    assert.deepEqual([root?.target.name, others], ['db', []])
    assert.deepEqual(root!.symptoms?.map((each) => each.target.name).sort(), ['api', 'cart', 'web'])
    assert.deepEqual(
      openSignals(root!)
        .map((each) => each.anomaly)
        .sort(),
      opened
        .slice(3)
        .map(({ id }) => id)
        .sort(),
    )
  })

  it('never hang on one another in a circle, also when each merges into the next at the same moment', async () => {
    for (let round = 0; round < 10; round++) {
      await using record = await testRecord()
      const ids = await Promise.all(
        opened
          .filter((_, index) => index % 2 === 0)
          .map(async (each) => (await bookOn(record.store).enter(each)).incident._id),
      )
      await Promise.all(ids.map((id, index) => bookOn(record.store).merge(id, cause(WEBS[(index + 1) % 3]))))
      await assertSound(record.store)
      assert.ok((await open(record.store)).length >= 1)
      for (const [index, id] of ids.entries()) await bookOn(record.store).merge(id, cause(WEBS[(index + 1) % 3]))
      await assertSound(record.store)
      assert.equal((await open(record.store)).length, 1)
    }
  })

  it('follow their cause to its own', async () => {
    await using record = await testRecord()
    const book = bookOn(record.store)
    await book.enter(opened[0]!)
    await merge(record.store, book, 'web')
    const NODE = { cluster: 'prod', kind: 'Node', namespace: '', name: 'n1' }
    await merge(record.store, book, 'db', { root: NODE, relation: 'node', say: 'It runs on n1.' })
    const late = await book.enter(opened[1]!)
    const [root, ...others] = await open(record.store)
    assert.deepEqual([root?.target.name, others, late.incident._id], ['n1', [], root?._id])
    assert.deepEqual(root!.symptoms?.map((each) => each.target.name).sort(), ['db', 'web'])
    assert.equal((await book.mergedInto([root!._id])).length, 2)
  })

  it('open anew once their cause is over: at once for what is new, after a while for what goes on', async () => {
    await using record = await testRecord()
    const clock = new VirtualClock(NOW)
    const book = bookOn(record.store, undefined, clock)
    await book.enter(opened[0]!)
    await merge(record.store, book, 'web')
    const [root] = await open(record.store)
    await book.change(root!._id, (each) => ({ ...each, status: 'resolved', resolvedMs: clock.now() }))
    assert.equal((await book.enter(opened[0]!)).change, 'none')
    await clock.advance(61_000)
    const again = await book.enter(opened[0]!)
    assert.deepEqual([again.change, again.incident.target.name], ['opened', 'web'])
    assert.equal((await book.enter(opened[0]!)).change, 'none')
    assert.equal((await book.enter(opened[1]!)).incident._id, again.incident._id)
    await book.end(ended[0]!)
    assert.equal(openSignals((await open(record.store))[0]!).length, 1)
  })

  it('are not merged when they are over, or are the cause', async () => {
    await using record = await testRecord()
    const book = bookOn(record.store)
    const { incident } = await book.enter(opened[0]!)
    assert.equal(await book.merge(incident._id, cause(WEBS[0])), undefined)
    assert.equal((await open(record.store)).length, 1)
    await book.change(incident._id, (each) => ({ ...each, status: 'resolved', resolvedMs: NOW }))
    assert.equal(await book.merge(incident._id, cause()), undefined)
    assert.equal((await all(record.store)).length, 1)
  })

  it('are counted where they are too many to be named', async () => {
    await using record = await testRecord()
    const book = bookOn(record.store)
    await book.enter(opened[0]!)
    await merge(record.store, book, 'web')
    const [first] = await open(record.store)
    await book.change(first!._id, (root) => ({
      ...root,
      symptoms: Array.from({ length: MAX_SYMPTOMS }, (_, index) => ({ ...root.symptoms![0]!, incident: `i${index}` })),
    }))
    await book.enter(opened[2]!)
    await merge(record.store, book, 'api')
    await merge(record.store, book, 'api')
    const [root, ...others] = await open(record.store)
    assert.deepEqual([others, root?.symptoms?.length, root?.symptomCount], [[], MAX_SYMPTOMS, MAX_SYMPTOMS + 1])
    assert.deepEqual(
      root!.signals.map((signal) => signal.target?.name),
      ['web'],
    )
  })

  for (const label of [
    'root-claimed',
    'root-opened',
    'symptom-claimed',
    'incident-merged',
    'symptom-joined',
    'symptom-ended',
  ])
    it(`are whole again after a death at planner:${label}`, async () => {
      await using record = await testRecord()
      const dying = bookOn(record.store, (at) => {
        if (at === `planner:${label}`) throw new Error(`died at ${at}`)
      })
      const [first, second] = opened as [(typeof opened)[number], (typeof opened)[number]]
      const run = async (book: IncidentBook) => {
        await book.enter(first)
        await merge(record.store, book, 'web')
        await book.enter(second)
        await book.end(ended[0]!)
      }
      await assert.rejects(run(dying), /died/)
      await assertSound(record.store)
      await run(bookOn(record.store))
      const [root, ...others] = await open(record.store)
      assert.deepEqual([root?.target.name, others], ['db', []])
      assert.deepEqual(
        root!.symptoms?.map((each) => each.target.name),
        ['web'],
      )
      assert.deepEqual(
        openSignals(root!).map((each) => each.anomaly),
        [second.id],
      )
      assert.equal((await all(record.store)).length, 2)
    })
})
