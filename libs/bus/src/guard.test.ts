import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { backoffMs, createLogger } from '@kubewise/service'
import { eventually, type Nats } from '@kubewise/testkit'
import {
  AROUND,
  decodeTick,
  onEachServer,
  openBus,
  publishTicks,
  tickConsumer,
  tickSubject,
  type Tick,
} from './each-server.ts'
import { losePower, streamFile } from './power-failure.ts'
import { openRaw, type Raw } from './raw.ts'
import type { Bus, Delivery, Disposition } from './port.ts'

/** What a consumer has seen: the numbers in order of arrival. */
function follow(bus: Bus, more: Parameters<typeof tickConsumer>[0] = {}) {
  const seen: number[] = []
  const handle = async ({ body }: Delivery<Tick>): Promise<Disposition> => (seen.push(body.n), { do: 'ack' })
  return { seen, consumption: bus.consume(tickConsumer({ parallel: 16, ...more }), decodeTick, handle) }
}

const consumerOf = (raw: Raw) => raw.jsm.consumers.info('TICKS', 'reader')
const settled = (raw: Raw, seq: number) => eventually(async () => (await consumerOf(raw)).ack_floor.stream_seq === seq)

/** A server writes a consumer's state some time after it has answered: two bytes a number, 1000 twice for the ack floor. */
const thousandSettledOnDisk = (nats: Nats) =>
  eventually(() => readFileSync(streamFile(nats, 'obs', 'reader', 'o.dat')).includes(Buffer.from([0xe8, 7, 0xe8, 7])))

/** Publishes until the server has it, as a collector's spool does; counts the answers that came late. */
async function publishSurely(bus: Bus, from: number, to: number): Promise<number> {
  let duplicates = 0
  for (let n = from; n < to; n++)
    for (let attempt = 1; ; attempt++) {
      const ack = await bus.publish(tickSubject, { n }, { id: `tick-${n}` }).catch(() => undefined)
      if (ack) {
        duplicates += Number(ack.isDuplicate)
        break
      }
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, { firstMs: 10, maxMs: 100 })))
    }
  return duplicates
}

onEachServer('a durable consumer', (start) => {
  let nats: Nats
  beforeEach(async () => {
    nats = await start()
  })
  afterEach(() => nats?.stop())

  it('loses nothing when the server is killed again and again', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const { seen } = follow(bus)
    const publishing = Promise.all([publishSurely(bus, 0, 500), publishSurely(bus, 500, 1000)])
    for (let kill = 0; kill < 3; kill++) {
      const { length } = seen
      await eventually(() => seen.length > length + 50, { timeoutMs: 15_000 })
      await nats.restart()
    }
    await publishing
    await eventually(() => new Set(seen).size === 1000, { say: 'a thousand different ticks', timeoutMs: 15_000 })
    assert.equal((await bus.streamState('TICKS')).messages, 1000, 'repeats were recognised')
  }).timeout(60_000)

  it('delivers what is new after the stream has lost its tail, without being started anew', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const { seen } = follow(bus)
    await publishTicks(bus, 0, 1000)
    await thousandSettledOnDisk(nats)
    await losePower(nats)
    await eventually(() => bus.isConnected())
    await publishSurely(bus, 2000, 2600)
    await eventually(() => new Set(seen).size === 1600, { say: 'all that is new' })
    assert.equal(seen.length, 1600, 'nothing old again: it was seen, and its time is known')
  })

  it('delivers what was published before anybody could look', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const { seen } = follow(bus)
    await publishTicks(bus, 0, 1000)
    await thousandSettledOnDisk(nats)
    // Another process is faster and publishes past the old end: the consumer is not ahead of its stream any more.
    await losePower(nats)
    await using other = await openBus(nats)
    await publishTicks(other, 2000, 2700)
    await eventually(() => new Set(seen).size === 1700, { say: 'all that is new' })
  })

  it('delivers what is new after the stream has lost its tail, to a process that was not there before', async () => {
    {
      await using bus = await openBus(nats)
      await bus.provision(AROUND, [])
      const { seen } = follow(bus)
      await publishTicks(bus, 0, 1000)
      await eventually(() => seen.length === 1000)
      await thousandSettledOnDisk(nats)
    }
    await losePower(nats)
    await using bus = await openBus(nats)
    await publishTicks(bus, 2000, 2300)
    const { seen } = follow(bus)
    const news = () => new Set(seen.filter((n) => n >= 2000))
    await eventually(() => news().size === 300, { say: 'all that is new' })
    await publishTicks(bus, 2300, 2400)
    await eventually(() => news().size === 400, { say: 'also what comes later' })
  })

  it('delivers from a stream that was deleted and made again', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    const { seen } = follow(bus)
    await publishTicks(bus, 0, 10)
    await settled(raw, 10)
    await raw.jsm.streams.delete('TICKS')
    await publishSurely(bus, 100, 120)
    await eventually(() => new Set(seen).size === 30)
  })

  it('begins at the first message of a stream made again, also where it was told to begin at the end', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    const { seen } = follow(bus, { startAt: 'new' })
    await eventually(() => consumerOf(raw).catch(() => false))
    await publishTicks(bus, 0, 10)
    await settled(raw, 10)
    await nats.kill()
    await using other = await openRawAfterRestart(nats)
    await other.jsm.streams.delete('TICKS')
    await other.jsm.streams.add({ name: 'TICKS', subjects: ['kubewise.v1.*.anomaly.>'] })
    await other.js.publish(tickSubject, '{"n":100}')
    await eventually(() => seen.includes(100))
  })

  it('goes on after its last settled message when it was deleted', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    const { seen } = follow(bus)
    await publishTicks(bus, 0, 10)
    await settled(raw, 10)
    await raw.jsm.consumers.delete('TICKS', 'reader')
    await publishTicks(bus, 10, 20)
    await eventually(() => new Set(seen).size === 20)
  })

  it('goes on when the server stops answering for a while', async () => {
    const lines: string[] = []
    const log = createLogger({
      service: 'test',
      level: 'debug',
      destination: { write: (line) => void lines.push(line) },
    })
    await using bus = await openBus(nats, { log })
    await bus.provision(AROUND, [])
    const { seen } = follow(bus)
    const replayed: number[] = []
    const handle = ({ body }: Delivery<Tick>) => void replayed.push(body.n)
    bus.replay({ stream: 'TICKS', filter: 'kubewise.v1.>', from: 1, decode: decodeTick, handle })
    await publishTicks(bus, 0, 10)
    await eventually(() => seen.length === 10 && replayed.length === 10)
    await nats.kill('SIGSTOP')
    for (const word of ['consumption', 'replay'])
      await eventually(() => lines.some((line) => line.includes(`${word} is interrupted`)), { say: `${word} notices` })
    await nats.kill('SIGCONT')
    await publishSurely(bus, 10, 20)
    await eventually(() => new Set(seen).size === 20 && replayed.length === 20)
  }).timeout(40_000)

  it('rejects only when the bus is closed under it', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const { consumption } = follow(bus)
    await bus.close()
    await consumption.done
    const after = follow(bus).consumption
    await assert.rejects(after.done, /the bus was closed/)
  })
})

async function openRawAfterRestart(nats: Nats): Promise<Raw> {
  await nats.restart()
  return openRaw(nats)
}
