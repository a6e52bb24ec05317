import assert from 'node:assert/strict'
import { join } from 'node:path'
import { COLLECTIONS, idOf, type KubernetesEvent } from '@kubewise/contracts'
import { silentLog, type Logger } from '@kubewise/service'
import { openStore, StoreError, type Store } from '@kubewise/store'
import { eventually, temporaryFolder, testKit, VirtualClock } from '@kubewise/testkit'
import { EventRecord, MOST_WAITING, type Copied } from './event-record.ts'

const NOW = Date.parse('2026-01-05T12:00:00Z')
const HOUR_MS = 3_600_000
const web = { cluster: 'test', kind: 'Pod', namespace: 'shop', name: 'web-0' }
const eventOf = (uid: string, count: number): KubernetesEvent => ({
  kind: 'kubernetes-event',
  cluster: 'test',
  uid,
  type: 'Warning',
  reason: 'BackOff',
  message: '__proto__ \u2028 and "quotes"',
  entity: web,
  target: web,
  count,
  firstMs: NOW,
  lastMs: NOW,
})

describe('the record of Events', () => {
  const held = new AsyncDisposableStack()
  let store: Store
  beforeEach(async () => {
    const folder = held.use(await temporaryFolder())
    store = await openStore({ kind: 'sqlite', file: join(folder.path, 'db') }, testKit())
    const { close } = store
    held.defer(close)
  })
  after(() => held.disposeAsync())

  function keeping(open: () => Promise<Store> = async () => store) {
    const clock = new VirtualClock(NOW)
    const stopping = new AbortController()
    const copies: Copied[] = []
    const said: string[] = []
    const say = (_fields: unknown, text: string) => void said.push(text)
    const log: Logger = Object.assign(Object.create(silentLog) as Logger, {
      warn: say,
      info: (text: string) => void said.push(text),
    })
    const record = new EventRecord({
      record: { open },
      clock,
      log,
      keepMs: HOUR_MS,
      onCopy: (what) => copies.push(what),
    })
    const running = record.run(stopping.signal)
    const stop = async () => {
      stopping.abort(new Error('over'))
      await running
    }
    const keep = (event: KubernetesEvent) => record.keep(event, idOf('event', event.uid, event.count))
    return { clock, copies, said, keep, stop }
  }
  const kept = async () => (await store.collection(COLLECTIONS.events).find({ orderBy: 'lastMs' })).items

  it('keeps each count of an Event once', async () => {
    const { copies, keep, stop } = keeping()
    for (const event of [eventOf('a', 1), eventOf('a', 2), eventOf('a', 1), eventOf('b', 1)]) keep(event)
    await eventually(() => copies.length === 4)
    await stop()
    const { kind: _kind, ...copy } = eventOf('a', 2)
    assert.deepEqual(copies.toSorted(), ['kept', 'kept', 'kept', 'repeated'])
    assert.deepEqual(
      (await kept()).find(({ uid, count }) => uid === 'a' && count === 2),
      { _id: idOf('event', 'a', 2), version: 1, ...copy, seenMs: NOW, expiresMs: NOW + HOUR_MS },
    )
  })

  it('removes what is past its time, and nothing else', async () => {
    const { clock, copies, keep, stop } = keeping()
    keep(eventOf('old', 1))
    await eventually(() => copies.length === 1)
    await clock.advance(HOUR_MS / 2)
    keep(eventOf('new', 1))
    await eventually(() => copies.length === 2)
    await clock.advance(HOUR_MS / 2)
    await eventually(async () => {
      await clock.advance(10_000)
      return (await kept()).length === 1
    })
    assert.deepEqual(
      (await kept()).map(({ uid }) => uid),
      ['new'],
    )
    await stop()
  })

  it('lets nobody wait for a record that is away, loses the oldest, counted, and says it once', async () => {
    let isUp = false
    const { clock, copies, said, keep, stop } = keeping(async () => {
      if (!isUp) throw new StoreError('unreachable', 'away')
      return store
    })
    for (let i = 0; i < MOST_WAITING + 3; i++) keep(eventOf('a', i + 1))
    assert.deepEqual(copies, ['lost', 'lost', 'lost'])
    await eventually(() => said.length === 1)
    for (let i = 0; i < 5; i++) {
      await eventually(() => clock.sleepers > 1)
      await clock.advance(5000)
    }
    assert.equal(said.length, 1)
    isUp = true
    await clock.advance(5000)
    await eventually(() => copies.length === MOST_WAITING + 3, { timeoutMs: 20_000 })
    assert.equal(copies.filter((what) => what === 'kept').length, MOST_WAITING)
    assert.equal(said.at(-1), 'the record takes copies of Events again')
    assert.equal(said.length, 2)
    await stop()
  }).timeout(30_000)

  it('passes by, counted, what the record does not take; what is behind it is kept', async () => {
    const { copies, said, keep, stop } = keeping()
    keep({ ...eventOf('bad', 1), message: 'x'.repeat(2000) })
    keep(eventOf('good', 1))
    await eventually(() => copies.length === 2)
    await stop()
    assert.deepEqual(copies.toSorted(), ['kept', 'refused'])
    assert.deepEqual(said, [])
  })

  it('writes what still waits when it is stopped, and counts as lost what it cannot write', async () => {
    const up = keeping()
    up.keep(eventOf('last', 1))
    await up.stop()
    assert.deepEqual([up.copies, (await kept()).length], [['kept'], 1])
    const down = keeping(() => Promise.reject(new StoreError('unreachable', 'away')))
    down.keep(eventOf('never', 1))
    await down.stop()
    assert.deepEqual([down.copies, (await kept()).length], [['lost'], 1])
  })
})
