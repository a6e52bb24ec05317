import assert from 'node:assert/strict'
import { decodeDeadLetter, STREAMS, type DeadLetter } from '@kubewise/contracts'
import { BreakerOpenError } from '@kubewise/service'
import { eventually, type Nats } from '@kubewise/testkit'
import { BusError } from './errors.ts'
import {
  AROUND,
  decodeTick,
  onEachServer,
  openBus,
  publishTicks,
  target,
  tickConsumer,
  tickSubject,
  TICKS,
  type Tick,
} from './each-server.ts'
import { openRaw } from './raw.ts'
import type { Bus, Delivery, Disposition } from './port.ts'

const ack: Disposition = { do: 'ack' }

/** Follows the dead letters; the list fills as they come. */
function deadLetters(bus: Bus): DeadLetter[] {
  const letters: DeadLetter[] = []
  bus.replay({
    stream: STREAMS.dead.name,
    filter: `kubewise.v1.${target.cluster}.dead.>`,
    from: 1,
    decode: decodeDeadLetter,
    handle: ({ body }) => void letters.push(body),
  })
  return letters
}

const later = () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { promise, resolve }
}

onEachServer('consume', (start) => {
  let nats: Nats
  beforeEach(async () => {
    nats = await start()
  })
  afterEach(() => nats?.stop())

  it('shares the messages between all who consume', async () => {
    await using bus = await openBus(nats)
    await using other = await openBus(nats)
    await bus.provision(AROUND, [])
    const seen: number[] = []
    const handle = async ({ body }: Delivery<Tick>) => (seen.push(body.n), ack)
    bus.consume(tickConsumer(), decodeTick, handle)
    other.consume(tickConsumer(), decodeTick, handle)
    await publishTicks(bus, 0, 500)
    await eventually(() => seen.length >= 500)
    assert.equal(new Set(seen).size, 500)
  })

  it('says what a delivery is', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const { promise, resolve } = Promise.withResolvers<Delivery<Tick>>()
    const sentMs = Date.now()
    await bus.publish(tickSubject, { n: 7 }, { id: 'seven', headers: { 'ce-type': 'io.kubewise.tick.v1' } })
    bus.consume(tickConsumer(), decodeTick, async (delivery) => (resolve(delivery), ack))
    const { subject, seq, storedMs, attempt, id, headers, body } = await promise
    assert.deepEqual(
      { subject, seq, attempt, id, body },
      { subject: tickSubject, seq: 1, attempt: 1, id: 'seven', body: { n: 7 } },
    )
    assert.equal(headers['ce-type'], 'io.kubewise.tick.v1')
    assert.ok(Math.abs(storedMs - sentMs) < 10_000, `stored at ${storedMs}, sent at ${sentMs}`)
  })

  it('delivers again after the rest that the handler asks for', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const attempts: number[] = []
    bus.consume(tickConsumer(), decodeTick, async ({ attempt }) => {
      attempts.push(attempt)
      return attempt < 3 ? { do: 'retry', afterMs: 10, reason: 'not yet' } : ack
    })
    await publishTicks(bus, 0, 1)
    await eventually(() => attempts.length === 3)
    assert.deepEqual(attempts, [1, 2, 3])
  })

  it('keeps a message aside with the reason when the handler refuses it', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const letters = deadLetters(bus)
    let calls = 0
    bus.consume(tickConsumer(), decodeTick, async () => (calls++, { do: 'dead', reason: 'nobody knows this target' }))
    await publishTicks(bus, 0, 1)
    const [letter] = await eventually(() => letters.length > 0 && letters)
    assert.equal(calls, 1)
    const { stream, consumer, seq, subject, reason, attempts, body } = letter!
    assert.deepEqual(
      { stream, consumer, seq, subject, reason, attempts, body },
      {
        stream: 'TICKS',
        consumer: 'reader',
        seq: 1,
        subject: tickSubject,
        reason: 'nobody knows this target',
        attempts: 1,
        body: '{"n":0}',
      },
    )
    await using raw = await openRaw(nats)
    await eventually(async () => (await raw.jsm.consumers.info('TICKS', 'reader')).ack_floor.stream_seq === 1)
  })

  it('tries a handler that throws again, then keeps the message aside', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const letters = deadLetters(bus)
    let calls = 0
    bus.consume(tickConsumer(), decodeTick, () => {
      calls++
      throw new Error('the store is on fire')
    })
    await publishTicks(bus, 0, 1)
    const [letter] = await eventually(() => letters.length > 0 && letters)
    assert.equal(calls, 3)
    assert.equal(letter!.reason, 'failed 3 times, last: the store is on fire')
  })

  it('stays away as long as an open circuit asks, and uses up no attempts meanwhile', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const letters = deadLetters(bus)
    const calls = [0, 0]
    bus.consume(tickConsumer(), decodeTick, ({ body }) => {
      calls[body.n] = (calls[body.n] ?? 0) + 1
      const cause = body.n === 0 ? new BreakerOpenError('not asked', 600_000) : undefined
      throw new Error('the record is ill', { cause })
    })
    await publishTicks(bus, 0, 2)
    await eventually(() => letters.length > 0)
    assert.deepEqual(calls, [1, 3])
  })

  it('keeps aside what it cannot read and goes on', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    const letters = deadLetters(bus)
    const seen: number[] = []
    const notUtf8 = Uint8Array.of(0xff, 0xfe, 0, 1)
    for (const garbage of [
      'not json',
      '',
      '[]',
      '{"n":"seven"}',
      '{"__proto__":{"n":1}}',
      'x'.repeat(900_000),
      notUtf8,
    ])
      await raw.js.publish(tickSubject, garbage)
    await publishTicks(bus, 0, 1)
    bus.consume(tickConsumer(), decodeTick, async ({ body }) => (seen.push(body.n), ack))
    await eventually(() => letters.length === 7 && seen.length === 1, { say: 'seven dead letters and one tick' })
    const bySeq = letters.toSorted((a, b) => a.seq - b.seq)
    assert.match(bySeq[0]!.reason, /^expected JSON: /)
    assert.equal(bySeq[0]!.body, 'not json')
    assert.equal(bySeq[3]!.reason, 'n: expected a number')
    assert.match(bySeq[5]!.reason, /body cut, it had 900000 bytes/)
    assert.equal(bySeq[6]!.body, Buffer.from(notUtf8).toString('base64'))
  })

  it('delivers a message once however long its handler works', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const started: number[] = []
    const finish = later()
    const spec = tickConsumer({ ackWaitMs: 300, parallel: 1 })
    bus.consume(spec, decodeTick, async ({ body }) => {
      started.push(body.n)
      if (body.n === 0) await finish.promise
      return ack
    })
    await publishTicks(bus, 0, 1)
    await eventually(() => started.length === 1)
    // The second consumer is offered whatever the server thinks is unsettled: nothing of the first may come.
    const others: number[] = []
    bus.consume(spec, decodeTick, async ({ body }) => (others.push(body.n), ack))
    const sinceMs = performance.now()
    await eventually(() => performance.now() - sinceMs > 4 * spec.ackWaitMs)
    await publishTicks(bus, 1, 2)
    await eventually(() => others.length === 1)
    finish.resolve()
    assert.deepEqual({ started, others }, { started: [0], others: [1] })
  })

  it('takes a message from a handler that hangs', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const attempts: number[] = []
    const again = later()
    let reason: unknown
    bus.consume(tickConsumer({ ackWaitMs: 100, parallel: 2 }), decodeTick, async ({ attempt }, signal) => {
      attempts.push(attempt)
      if (attempt > 1) again.resolve()
      else await again.promise
      reason ??= signal.reason
      return ack
    })
    await publishTicks(bus, 0, 1)
    await eventually(() => attempts.length === 2 && reason !== undefined)
    assert.ok(reason instanceof BusError)
  })

  it('runs no more handlers at the same time than asked for', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    let running = 0
    let most = 0
    let ended = 0
    bus.consume(tickConsumer({ parallel: 3 }), decodeTick, async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      ended++
      return ack
    })
    await publishTicks(bus, 0, 100)
    await eventually(() => ended === 100)
    assert.equal(most, 3)
  })

  it('lets running handlers finish when it stops, and leaves the rest to others', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const finish = later()
    const handled: number[] = []
    let isAborted = false
    let begun = 0
    const first = bus.consume(
      tickConsumer({ parallel: 2, ackWaitMs: 60_000 }),
      decodeTick,
      async ({ body }, signal) => {
        begun += 1
        await finish.promise
        isAborted = signal.aborted
        handled.push(body.n)
        return ack
      },
    )
    await publishTicks(bus, 0, 10)
    // What the server has handed out need not have arrived yet.
    await eventually(() => begun === 2)
    const stopped = first.stop()
    finish.resolve()
    await stopped
    await first.done
    assert.equal(handled.length, 2)
    assert.ok(isAborted, 'the handlers are told')
    bus.consume(tickConsumer(), decodeTick, async ({ body }) => (handled.push(body.n), ack))
    await eventually(() => handled.length === 10)
    assert.equal(new Set(handled).size, 10)
  })

  it('keeps aside a message that killed its process each time', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    const letters = deadLetters(bus)
    const spec = tickConsumer({ ackWaitMs: 100 })
    await bus.consume(spec, decodeTick, async () => ack).stop()
    await publishTicks(bus, 0, 1)
    await deliverUnsettled(raw, spec.maxAttempts)
    let calls = 0
    bus.consume(spec, decodeTick, async () => (calls++, ack))
    const [letter] = await eventually(() => letters.length > 0 && letters)
    assert.equal(letter!.reason, 'delivered 3 times and never settled')
    assert.equal(calls, 0)
  })

  it('keeps aside what the server itself gave up on', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    const letters = deadLetters(bus)
    const spec = tickConsumer({ ackWaitMs: 100 })
    await bus.consume(spec, decodeTick, async () => ack).stop()
    await publishTicks(bus, 0, 1)
    const { max_deliver: most } = (await raw.jsm.consumers.info('TICKS', 'reader')).config
    await deliverUnsettled(raw, most!)
    // The server notices when it is asked for more.
    bus.consume(spec, decodeTick, async () => ack)
    const [letter] = await eventually(() => letters.length > 0 && letters)
    assert.equal(letter!.reason, `delivered ${most} times and never settled`)
    assert.equal(letter!.body, '{"n":0}')
  })

  it('leaves alone what the server gave up on for an outsider', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    const letters = deadLetters(bus)
    await raw.jsm.consumers.add('TICKS', {
      durable_name: 'reader',
      ack_policy: 'explicit',
      ack_wait: 1e8,
      max_deliver: 1,
    })
    await publishTicks(bus, 0, 1)
    await deliverUnsettled(raw, 1)
    const outsider = await raw.js.consumers.get('TICKS', 'reader')
    assert.equal(await outsider.next({ expires: 1000 }), null)
    const spec = tickConsumer({ durable: 'ours' })
    bus.consume(spec, decodeTick, async () => ({ do: 'dead', reason: 'ours' }))
    await eventually(() => letters.length > 0)
    await eventually(async () => {
      const backstop = await raw.jsm.consumers.info('ADVISORIES', 'dead-letters')
      return backstop.ack_floor.stream_seq > 0
    })
    assert.deepEqual(
      letters.map(({ reason }) => reason),
      ['ours'],
    )
  })

  it('changes a consumer that exists to what is wanted now', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    await bus.consume(tickConsumer(), decodeTick, async () => ack).stop()
    bus.consume(tickConsumer({ ackWaitMs: 5000, maxAttempts: 7 }), decodeTick, async () => ack)
    await eventually(async () => {
      const { config } = await raw.jsm.consumers.info('TICKS', 'reader')
      return config.ack_wait === 5e9 && config.max_deliver === 12
    })
  })

  it('begins at the end where it is told so', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    await publishTicks(bus, 0, 5)
    const seen: number[] = []
    bus.consume(tickConsumer({ startAt: 'new' }), decodeTick, async ({ body }) => (seen.push(body.n), ack))
    await using raw = await openRaw(nats)
    await eventually(() => raw.jsm.consumers.info('TICKS', 'reader').catch(() => false))
    await publishTicks(bus, 5, 7)
    await eventually(() => seen.length === 2)
    assert.deepEqual(new Set(seen), new Set([5, 6]))
  })

  it('waits for a stream that is not there yet', async () => {
    await using bus = await openBus(nats)
    const seen: number[] = []
    bus.consume(tickConsumer(), decodeTick, async ({ body }) => (seen.push(body.n), ack))
    await bus.provision([TICKS], [])
    await publishTicks(bus, 0, 3)
    await eventually(() => seen.length === 3)
  })

  it('refuses names that could become part of the protocol', async () => {
    await using bus = await openBus(nats)
    for (const spec of [
      tickConsumer({ durable: 'a b' }),
      tickConsumer({ stream: 'A.B' }),
      tickConsumer({ filter: 'a..b' }),
    ])
      assert.throws(
        () => bus.consume(spec, decodeTick, async () => ack),
        (error) => error instanceof BusError && error.code === 'invalid',
      )
  })
})

/** Takes the first message `times` times and never settles it, as a process that dies does. */
async function deliverUnsettled(raw: Awaited<ReturnType<typeof openRaw>>, times: number): Promise<void> {
  const consumer = await raw.js.consumers.get(TICKS.name, 'reader')
  for (let time = 1; time <= times; time++) {
    const message = await eventually(() => consumer.next({ expires: 1000 }))
    assert.equal(message.info.deliveryCount, time)
  }
}
