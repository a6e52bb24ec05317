import assert from 'node:assert/strict'
import { connectBus, type Bus, type Delivery, type Disposition } from '@kubewise/bus'
import { BUCKETS, CONSUMERS, decodeDeadLetter, STREAMS, subjects, type Decoder } from '@kubewise/contracts'
import { systemClock } from '@kubewise/service'
import { eventually, freePort, silentLog, skipWithout } from '@kubewise/testkit'
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers'
import { findEngine, NO_ENGINE } from './engine.ts'

const NATS_PORT = 4222
const MONITOR_PORT = 8222
/** An image that is not there yet must be pulled first. */
const START_MS = 300_000
const CLUSTER = 'containers'

interface Tick {
  n: number
}
const decodeTick: Decoder<Tick> = (value) =>
  typeof value === 'object' && value !== null && 'n' in value && typeof value.n === 'number'
    ? { ok: true, value: { n: value.n } }
    : { ok: false, errors: ['n: expected a number'] }

const subjectOf = (name: string) => subjects.anomaly({ cluster: CLUSTER, kind: 'Deployment', namespace: 'shop', name })
const ack: Disposition = { do: 'ack' }

/** In order: each test goes on with what the one before it left in the server, as an installation does. */
describe('the bus on nats:2.14-alpine', function suite() {
  this.timeout(START_MS)
  skipWithout(findEngine(), NO_ENGINE)
  let nats: StartedTestContainer
  let bus: Bus

  before(async () => {
    if (!findEngine()) return
    // A port that stays the same when the container is started again, as a service's address does.
    nats = await new GenericContainer('nats:2.14-alpine')
      .withCommand(['--jetstream', '--store_dir=/data', `--http_port=${MONITOR_PORT}`])
      .withExposedPorts({ container: NATS_PORT, host: await freePort() }, MONITOR_PORT)
      .withWaitStrategy(Wait.forHttp('/healthz', MONITOR_PORT))
      .start()
    const url = `nats://${nats.getHost()}:${nats.getMappedPort(NATS_PORT)}`
    bus = await connectBus({ url, name: 'containers', clock: systemClock, log: silentLog })
  })
  after(async () => {
    await bus?.close()
    await nats?.stop()
  })

  it('makes every stream and bucket as it is specified, and changes nothing the second time', async () => {
    const streams = Object.values(STREAMS)
    const buckets = Object.values(BUCKETS)
    const report = await bus.provision(streams, buckets)
    assert.match(report.server, /^2\.14\./)
    assert.deepEqual(report.differences, [])
    assert.deepEqual((await bus.provision(streams, buckets)).differences, [])
  })

  it('recognises a message that is sent again', async () => {
    const first = await bus.publish(subjectOf('web'), { n: 1 }, { id: 'tick-1' })
    const second = await bus.publish(subjectOf('web'), { n: 1 }, { id: 'tick-1' })
    assert.deepEqual([first.isDuplicate, second.isDuplicate, second.seq], [false, true, first.seq])
  })

  it('delivers until it is acknowledged, and dead-letters what is no message', async () => {
    const seen: Delivery<Tick>[] = []
    await bus.publish(subjectOf('web'), { n: 'two' }, { id: 'tick-2' })
    const consumption = bus.consume(CONSUMERS.planner, decodeTick, async (delivery) => {
      seen.push(delivery)
      return delivery.attempt === 1 ? { do: 'retry', afterMs: 10, reason: 'not yet' } : ack
    })
    await eventually(() => seen.length === 2, { say: 'delivered twice' })
    assert.deepEqual(
      seen.map(({ attempt, body }) => [attempt, body.n]),
      [
        [1, 1],
        [2, 1],
      ],
    )
    const letters: unknown[] = []
    const reading = bus.replay({
      stream: STREAMS.dead.name,
      filter: `kubewise.v1.${CLUSTER}.dead.>`,
      from: 1,
      decode: decodeDeadLetter,
      handle: ({ body }) => void letters.push(body),
    })
    await eventually(() => letters.length === 1, { say: 'one dead letter' })
    await Promise.all([consumption.stop(), reading.stop()])
  })

  it('keeps one holder of a key', async () => {
    const leases = await bus.kv(BUCKETS.leases)
    const revision = await leases.create('partition-1', { holder: 'a' })
    assert.ok(revision)
    assert.equal(await leases.create('partition-1', { holder: 'b' }), undefined)
    assert.ok(await leases.update('partition-1', { holder: 'a' }, revision))
    assert.equal(await leases.update('partition-1', { holder: 'b' }, revision), undefined)
  })

  it('goes on after the container was started again', async () => {
    const seen: number[] = []
    const consumption = bus.consume({ ...CONSUMERS.recorder, startAt: 'first' }, decodeTick, async ({ body }) => {
      seen.push(body.n)
      return ack
    })
    await eventually(() => seen.includes(1))
    await nats.restart()
    await eventually(() => bus.publish(subjectOf('web'), { n: 3 }, { id: 'tick-3' }), { timeoutMs: 30_000 })
    await eventually(() => seen.includes(3), { timeoutMs: 30_000, say: 'delivered after the restart' })
    assert.equal(seen.filter((n) => n === 3).length, 1)
    await consumption.stop()
  })
})
