import assert from 'node:assert/strict'
import { decodeDeadLetter, STREAMS, subjects } from '@kubewise/contracts'
import { createMetrics, scaledClock } from '@kubewise/service'
import { eventually, type Nats } from '@kubewise/testkit'
import {
  AROUND,
  decodeTick,
  onEachServer,
  openBus,
  publishTicks,
  target,
  tickSubject,
  TICKS,
  type Tick,
} from './each-server.ts'
import { losePower } from './power-failure.ts'
import { openRaw } from './raw.ts'
import type { Bus, Delivery, ReplayEvent, ReplayOptions } from './port.ts'

const FILTER = 'kubewise.v1.test.anomaly.>'

/** What a reader has seen: numbers with their sequences, and what it was told. */
function follow(bus: Bus, from: number | 'new', more: Partial<ReplayOptions<Tick>> = {}) {
  const seen: number[] = []
  const seqs: number[] = []
  const events: ReplayEvent[] = []
  const handle = ({ body, seq }: Delivery<Tick>) => {
    seen.push(body.n)
    seqs.push(seq)
  }
  const onEvent = (event: ReplayEvent) => void events.push(event)
  const consumption = bus.replay({
    stream: TICKS.name,
    filter: FILTER,
    from,
    decode: decodeTick,
    handle,
    onEvent,
    ...more,
  })
  return { seen, seqs, events, consumption }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)

onEachServer('replay', (start) => {
  let nats: Nats
  beforeEach(async () => {
    nats = await start()
  })
  afterEach(() => nats?.stop())

  it('reads all in order, from a sequence on, and what comes later', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 500)
    const { seen, seqs, events } = follow(bus, 201)
    await eventually(() => seen.length === 300)
    await publishTicks(bus, 500, 600)
    await eventually(() => seen.length === 400)
    assert.deepEqual(seen, range(200, 600))
    assert.deepEqual(seqs, range(201, 601))
    assert.deepEqual(events, [])
  })

  it('reads only what its filter names', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const other = subjects.anomaly({ ...target, cluster: 'other' })
    for (const n of range(0, 10)) await bus.publish(n % 2 === 0 ? tickSubject : other, { n })
    const { seen } = follow(bus, 1)
    await eventually(() => seen.length === 5)
    assert.deepEqual(seen, [0, 2, 4, 6, 8])
  })

  it('reads only what is new when told so', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 5)
    const { seen } = follow(bus, 'new')
    await eventually(async () => (await raw.jsm.streams.info('TICKS')).state.consumer_count === 1)
    await publishTicks(bus, 5, 8)
    await eventually(() => seen.length === 3)
    assert.deepEqual(seen, [5, 6, 7])
  })

  it('waits for the handler before it hands over the next', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 200)
    let running = 0
    let most = 0
    const seen: number[] = []
    follow(bus, 1, {
      handle: async ({ body }) => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
        seen.push(body.n)
      },
    })
    await eventually(() => seen.length === 200)
    assert.deepEqual([most, seen], [1, range(0, 200)])
  })

  it('stops when the handler throws, with its error, and has skipped nothing', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 10)
    const seen: number[] = []
    const broken = new Error('the model is broken')
    const { consumption } = follow(bus, 1, {
      handle({ body }) {
        seen.push(body.n)
        if (body.n === 4) throw broken
      },
    })
    await assert.rejects(consumption.done, broken)
    assert.deepEqual(seen, range(0, 5))
  })

  it('keeps aside what it cannot read, counts it and goes on', async () => {
    const metrics = createMetrics('test', '0')
    await using bus = await openBus(nats, { metrics })
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    for (const body of ['not json', '{"n":1}', '[]', '{"n":2}']) await raw.js.publish(tickSubject, body)
    const { seen } = follow(bus, 1)
    const { seen: seenAgain } = follow(bus, 1)
    const reasons: string[] = []
    bus.replay({
      stream: STREAMS.dead.name,
      filter: 'kubewise.v1.*.dead.>',
      from: 1,
      decode: decodeDeadLetter,
      handle: ({ body }) => void reasons.push(body.reason),
    })
    await eventually(() => seen.length === 2 && seenAgain.length === 2 && reasons.length === 2)
    assert.equal((await bus.streamState('DEAD')).messages, 2, 'one letter for a death that was seen twice')
    assert.equal(reasons[1], 'n: expected a number')
    const text = await metrics.registry.metrics()
    assert.match(text, /kubewise_messages_consumed_total\{subject_kind="anomaly",outcome="undecodable"\} 4/)
    assert.match(text, /kubewise_messages_consumed_total\{subject_kind="anomaly",outcome="handled"\} 4/)
    assert.match(text, /kubewise_dead_letters_total\{stream="TICKS",reason="undecodable"\} 2/)
  })

  it('goes on after its last message when the server is killed', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 100)
    const { seen, events } = follow(bus, 1)
    await eventually(() => seen.length === 100)
    for (const from of [100, 200]) {
      await nats.restart()
      await eventually(() => publishTicks(bus, from, from + 100).then(() => true))
      await eventually(() => seen.length >= from + 100)
    }
    assert.deepEqual(seen, range(0, 300))
    assert.deepEqual(events, [])
  })

  it('goes on when its consumer is deleted', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 10)
    const { seen } = follow(bus, 1)
    await eventually(() => seen.length === 10)
    for await (const { name } of raw.jsm.consumers.list('TICKS')) await raw.jsm.consumers.delete('TICKS', name)
    await publishTicks(bus, 10, 20)
    await eventually(() => seen.length === 20)
    assert.deepEqual(seen, range(0, 20))
  })

  it('tells of what was discarded before it could read it', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 100)
    await raw.jsm.streams.purge('TICKS', { seq: 61 })
    const { seen, events } = follow(bus, 41)
    await eventually(() => seen.length === 40)
    assert.deepEqual(events, [{ kind: 'gap', wantedSeq: 41, gotSeq: 61 }])
    assert.deepEqual(seen, range(60, 100))
  })

  it('tells of what was discarded while it was busy', async () => {
    const clock = scaledClock(200)
    await using bus = await openBus(nats, { clock })
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 200)
    const gate = Promise.withResolvers<void>()
    const seen: number[] = []
    const handle = async ({ body }: Delivery<Tick>) => {
      seen.push(body.n)
      if (body.n === 0) await gate.promise
    }
    const { events } = follow(bus, 1, { handle })
    await eventually(() => seen.length === 1)
    await raw.jsm.streams.purge('TICKS', { seq: 151 })
    const sinceMs = clock.monotonic()
    await eventually(() => clock.monotonic() - sinceMs > 10_000, { say: 'the next look at the stream is due' })
    gate.resolve()
    await eventually(() => seen.at(-1) === 199)
    assert.deepEqual(seen, [...range(0, 64), ...range(150, 200)])
    assert.deepEqual(events, [{ kind: 'gap', wantedSeq: 65, gotSeq: 151 }])
  })

  it('does not take for a gap what was never for it', async () => {
    const clock = scaledClock(200)
    await using bus = await openBus(nats, { clock })
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    const { seen, events } = follow(bus, 1)
    await publishTicks(bus, 0, 10)
    await eventually(() => seen.length === 10)
    const other = subjects.anomaly({ ...target, cluster: 'other' })
    await Promise.all(range(0, 100).map((n) => bus.publish(other, { n })))
    const looks: string[] = []
    const listen = (_: unknown, { subject }: { subject: string }) => void looks.push(subject.split('.').at(-1) ?? '')
    raw.nc.subscribe('$JS.API.CONSUMER.INFO.TICKS.*', { callback: listen })
    // A pull ends after five seconds of the server's time; the next one begins with a look, and that one has been answered.
    await eventually(() => looks.length > 0, { say: 'the reader looks at its stream' })
    await eventually(async () => (await raw.jsm.consumers.info('TICKS', looks[0]!)).num_waiting > 0)
    await raw.jsm.streams.purge('TICKS', { seq: 100 })
    await raw.jsm.consumers.delete('TICKS', looks[0]!)
    await publishTicks(bus, 10, 20)
    await eventually(() => seen.length === 20)
    assert.deepEqual(events, [])
  }).timeout(30_000)

  it('tells of another stream under the same name, and reads it from its first message', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 100)
    const { seen, events } = follow(bus, 1)
    await eventually(() => seen.length === 100)
    await raw.jsm.streams.delete('TICKS')
    await eventually(() => publishTicks(bus, 200, 210).then(() => true))
    await eventually(() => range(200, 210).every((n) => seen.includes(n)))
    const { created } = await bus.streamState('TICKS')
    assert.deepEqual(events, [{ kind: 'recreated', created }])
  })

  it('reads what is new after the stream has lost its tail, and tells', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 1000)
    const { seen, events } = follow(bus, 1)
    await eventually(() => seen.length === 1000)
    await losePower(nats)
    // Past the old end, before the reader is back: nothing but the messages themselves tells that they are others.
    await using other = await openBus(nats)
    await publishTicks(other, 2000, 2700)
    await eventually(() => seen.length === 1700)
    assert.deepEqual(seen.slice(1000), range(2000, 2700))
    assert.deepEqual(events, [{ kind: 'gap', wantedSeq: 1001, gotSeq: 501 }])
  })

  it('reads all again, and tells, where its checkpoint is ahead of the stream', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 10)
    const { seen, events } = follow(bus, 500)
    await eventually(() => seen.length === 10)
    assert.deepEqual(events, [{ kind: 'gap', wantedSeq: 500, gotSeq: 1 }])
  })

  it('leaves nothing behind on the server when it stops', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    const { consumption } = follow(bus, 1)
    await eventually(async () => (await raw.jsm.streams.info('TICKS')).state.consumer_count === 1)
    await consumption.stop()
    await consumption.done
    assert.equal((await raw.jsm.streams.info('TICKS')).state.consumer_count, 0)
  })

  it('rejects when the bus is closed under it', async () => {
    await using bus = await openBus(nats)
    await bus.close()
    await assert.rejects(follow(bus, 1).consumption.done, /the bus was closed/)
  })
})
