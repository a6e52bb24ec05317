import assert from 'node:assert/strict'
import { COLLECTIONS, type AnomalyMessage, type Incident } from '@kubewise/contracts'
import { systemClock } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import * as fc from 'fast-check'
import { anomaly, resolution } from '../fixture/anomalies.ts'
import { WEB } from '../fixture/context.ts'
import { NOW } from '../fixture/objects.ts'
import { testRecord } from '../fixture/record.ts'
import { createIncidentBook, type IncidentBook } from './book.ts'
import { MAX_SIGNALS, openSignals } from './signals.ts'

const bookOn = (store: Store, crashpoint = (_label: string) => undefined as void) =>
  createIncidentBook({ store, clock: systemClock, crashpoint }, 'prod')

const take = (book: IncidentBook, message: AnomalyMessage) =>
  message.kind === 'anomaly' ? book.enter(message) : book.end(message)

const all = async (store: Store) => (await store.collection(COLLECTIONS.incidents).find({ limit: 500 })).items

/** What an incident says, without what depends on who came first. */
function content({ _id, version: _version, updatedMs: _updatedMs, ...rest }: Incident) {
  return rest
}

const pods = ['a', 'b', 'c', 'd']
const opened = pods.map((name, index) => anomaly(name, { startedMs: NOW + index * 1000 }))
const ended = opened.map((each) => resolution(each))

/** Any order of the messages, each at least once. */
const disorder = (messages: readonly AnomalyMessage[]) =>
  fc
    .tuple(
      fc.shuffledSubarray([...messages], { minLength: messages.length }),
      fc.array(fc.constantFrom(...messages), { maxLength: 4 }),
    )
    .chain(([first, again]) => fc.shuffledSubarray([...first, ...again], { minLength: first.length + again.length }))

describe('the incidents of a target', function () {
  this.timeout(60_000)

  it('are one while one goes on, whatever the order of its anomalies and however often each comes', async () => {
    await using expected = await testRecord()
    for (const message of opened) await bookOn(expected.store).enter(message)
    const [wanted] = await all(expected.store)
    assert.ok(wanted)
    await fc.assert(
      fc.asyncProperty(disorder(opened), async (messages) => {
        await using record = await testRecord()
        for (const message of messages) await bookOn(record.store).enter(message as (typeof opened)[number])
        const incidents = await all(record.store)
        assert.equal(incidents.length, 1)
        assert.deepEqual(content(incidents[0]!), content(wanted))
      }),
      { numRuns: 15 },
    )
  })

  it('know the end of each anomaly, also when it comes before its beginning', async () => {
    await fc.assert(
      fc.asyncProperty(disorder([...opened, ...ended]), async (messages) => {
        await using record = await testRecord()
        for (const message of messages) await take(bookOn(record.store), message)
        const incidents = await all(record.store)
        assert.equal(incidents.length, 1)
        assert.deepEqual(
          incidents[0]!.signals.map(({ anomaly }) => anomaly),
          opened.map(({ id }) => id),
        )
        assert.deepEqual(openSignals(incidents[0]!), [])
      }),
      { numRuns: 15 },
    )
  })

  it('hold each anomaly once, and are open one at a time, also when some were closed in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        disorder([...opened, ...ended]),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        async (messages, closes) => {
          await using record = await testRecord()
          const book = bookOn(record.store)
          for (const [index, message] of messages.entries()) {
            await take(book, message)
            const open = await book.open()
            assert.ok(open.length <= 1)
            if (closes[index % closes.length] && open[0] && openSignals(open[0]).length === 0)
              await book.change(open[0]._id, (incident) => ({ ...incident, status: 'resolved', resolvedMs: NOW }))
          }
          const signals = (await all(record.store)).flatMap((incident) => incident.signals)
          assert.deepEqual(signals.map(({ anomaly }) => anomaly).sort(), opened.map(({ id }) => id).sort())
          assert.ok(signals.every(({ resolvedMs }) => resolvedMs !== undefined))
        },
      ),
      { numRuns: 15 },
    )
  })

  it('are one when several planners open it at the same moment', async () => {
    await using record = await testRecord()
    const books = [bookOn(record.store), bookOn(record.store), bookOn(record.store)]
    await Promise.all(books.flatMap((book) => [...ended, ...opened].map((message) => take(book, message))))
    const incidents = await all(record.store)
    assert.equal(incidents.length, 1)
    assert.equal(incidents[0]!.signals.length, opened.length)
    assert.deepEqual(openSignals(incidents[0]!), [])
  })

  it('know the end of an anomaly that comes in the very moment in which it is entered', async () => {
    await using record = await testRecord()
    await bookOn(record.store).enter(opened[0]!)
    let isFirst = true
    /** A record in which, before an incident is written, another planner takes in the anomaly's end. */
    const collection: Store['collection'] = (spec) => {
      const real = record.store.collection(spec)
      if (spec.name !== COLLECTIONS.incidents.name) return real
      return {
        ...real,
        async replace(document) {
          if (isFirst) await bookOn(record.store).end(ended[1]!)
          isFirst = false
          return real.replace(document)
        },
      }
    }
    const { incident } = await bookOn({ ...record.store, collection }).enter(opened[1]!)
    assert.deepEqual(
      openSignals(incident).map(({ anomaly }) => anomaly),
      [opened[0]!.id],
    )
  })

  it('are apart for another target, and begin anew after one is over', async () => {
    await using record = await testRecord()
    const book = bookOn(record.store)
    const first = await book.enter(opened[0]!)
    await book.enter(anomaly('a', { target: { ...WEB, name: 'api' } }))
    await book.change(first.incident._id, (incident) => ({ ...incident, status: 'resolved', resolvedMs: NOW }))
    const repeated = await book.enter(opened[0]!)
    assert.deepEqual([repeated.change, repeated.incident._id], ['none', first.incident._id])
    const next = await book.enter(opened[1]!)
    assert.equal(next.change, 'opened')
    const late = await book.enter(opened[0]!)
    assert.deepEqual([late.change, late.incident._id], ['none', first.incident._id])
    assert.equal((await all(record.store)).length, 3)
  })

  it('are called by the worst signal, of these the first', async () => {
    await using record = await testRecord()
    const book = bookOn(record.store)
    await book.enter(anomaly('a', { severity: 'warning', say: 'a warns.' }))
    await book.enter(anomaly('c', { startedMs: NOW + 2000, say: 'c is critical.' }))
    const { incident } = await book.enter(anomaly('b', { startedMs: NOW + 1000, say: 'b is critical.' }))
    assert.deepEqual([incident.severity, incident.say, incident.openedMs], ['critical', 'b is critical.', NOW])
  })

  it('are bounded: what has ended makes room, what goes on stays', async () => {
    await using record = await testRecord()
    const book = bookOn(record.store)
    const { incident } = await book.enter(anomaly('a'))
    await book.change(incident._id, (one) => ({
      ...one,
      signals: Array.from({ length: MAX_SIGNALS }, (_, index) => ({
        ...one.signals[0]!,
        anomaly: `old-${index}`,
        ...(index === 7 && { resolvedMs: NOW }),
      })),
    }))
    const after = await book.enter(anomaly('b'))
    assert.equal(after.incident.signals.length, MAX_SIGNALS)
    assert.ok(!after.incident.signals.some((signal) => signal.anomaly === 'old-7'))
    const full = await book.enter(anomaly('c'))
    assert.equal(full.change, 'none')
  })

  for (const label of ['planner:incident-claimed', 'planner:incident-opened'])
    it(`are whole again after a death at ${label}`, async () => {
      await using record = await testRecord()
      const dying = bookOn(record.store, (at) => {
        if (at === label) throw new Error(`died at ${at}`)
      })
      await assert.rejects(dying.enter(opened[0]!), /died/)
      await bookOn(record.store).enter(opened[1]!)
      await bookOn(record.store).enter(opened[0]!)
      const incidents = await all(record.store)
      assert.equal(incidents.length, 1)
      assert.deepEqual(
        incidents[0]!.signals.map(({ anomaly }) => anomaly),
        [opened[0]!.id, opened[1]!.id],
      )
    })
})
