import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BUCKETS, STREAMS } from '@kubewise/contracts'
import { eventually, startNats, temporaryFolder, type Nats } from '@kubewise/testkit'
import { AROUND, onEachServer, openBus, publishTicks, TICKS } from './each-server.ts'
import { openRaw } from './raw.ts'

const ALL_STREAMS = Object.values(STREAMS)
const ALL_BUCKETS = Object.values(BUCKETS)

onEachServer('provision', (start) => {
  let nats: Nats
  beforeEach(async () => {
    nats = await start()
  })
  afterEach(() => nats?.stop())

  it('makes all streams and buckets as they are specified', async () => {
    await using bus = await openBus(nats)
    const report = await bus.provision(ALL_STREAMS, ALL_BUCKETS)
    assert.deepEqual(report, { server: nats.version, differences: [] })
    await using raw = await openRaw(nats)
    const { config } = await raw.jsm.streams.info('SIGNALS')
    const { subjects, retention, storage, discard, max_age: age, max_bytes: bytes, duplicate_window: window } = config
    assert.deepEqual(
      { subjects, retention, storage, discard, age, bytes, window },
      {
        subjects: ['kubewise.v1.*.in.>'],
        retention: 'limits',
        storage: 'file',
        discard: 'old',
        age: 3600e9,
        bytes: 2 * 1024 ** 3,
        window: 30e9,
      },
    )
    const leases = await raw.jsm.streams.info('KV_leases')
    assert.equal(leases.config.max_age, 10e9)
  })

  it('changes nothing the second time', async () => {
    await using bus = await openBus(nats)
    await bus.provision(ALL_STREAMS, ALL_BUCKETS)
    await publishTicks(bus, 0, 1)
    const before = await bus.streamState('ANOMALIES')
    assert.deepEqual((await bus.provision(ALL_STREAMS, ALL_BUCKETS)).differences, [])
    assert.deepEqual(await bus.streamState('ANOMALIES'), before)
  })

  it('is safe from several processes at once', async () => {
    const buses = await Promise.all(Array.from({ length: 5 }, () => openBus(nats)))
    const reports = await Promise.all(buses.map((bus) => bus.provision(ALL_STREAMS, ALL_BUCKETS)))
    for (const { differences } of reports) assert.deepEqual(differences, [])
    await Promise.all(buses.map((bus) => bus.close()))
  })

  it('is safe from several processes with different wishes', async () => {
    const buses = await Promise.all(Array.from({ length: 8 }, () => openBus(nats)))
    await Promise.all(buses.map((bus, index) => bus.provision([{ ...TICKS, maxAgeMs: 3_600_000 + index }], [])))
    const state = await buses[0]!.streamState('TICKS')
    assert.equal(state.messages, 0)
    await Promise.all(buses.map((bus) => bus.close()))
  })

  it('brings a stream that exists to what is wanted and keeps its messages', async () => {
    await using bus = await openBus(nats)
    await bus.provision([TICKS], [])
    await publishTicks(bus, 0, 3)
    const wanted = { ...TICKS, maxAgeMs: 7_200_000, maxMessagesPerSubject: 20, duplicateWindowMs: 60_000 }
    assert.deepEqual((await bus.provision([wanted], [])).differences, [])
    await using raw = await openRaw(nats)
    const { config, state } = await raw.jsm.streams.info('TICKS')
    assert.deepEqual([config.max_age, config.max_msgs_per_subject, config.duplicate_window], [7200e9, 20, 60e9])
    assert.equal(state.messages, 3)
  })

  it('reports what cannot be changed and goes on', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    const { name, subjects } = TICKS
    await raw.jsm.streams.add({ name, subjects: [...subjects], storage: 'memory' })
    const { differences } = await bus.provision([TICKS], [])
    assert.deepEqual(differences, [{ what: 'TICKS.storage', wanted: 'file', got: 'memory' }])
    await publishTicks(bus, 0, 1)
  })

  it('reports what the server refuses, with its reason', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await raw.jsm.streams.add({ name: 'OTHER', subjects: ['kubewise.v1.*.plan.>'] })
    await bus.provision([TICKS], [])
    const { differences } = await bus.provision([{ ...TICKS, subjects: ['kubewise.v1.*.plan.>'] }], [])
    assert.equal(differences.length, 1)
    assert.match(differences[0]!.what, /^TICKS\.subjects \(.*overlap/)
  })

  it('takes less room where the server has not as much, and reports it', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'nats.conf')
    await writeFile(file, 'jetstream { max_file_store: 200MB }')
    const release = nats.version.startsWith('2.9.') ? '2.9' : '2.14'
    await using small = await startNats({ version: release, options: ['-c', file] })
    await using bus = await openBus(small)
    const wanted = { ...TICKS, maxBytes: 512 * 1024 ** 2 }
    const differences = [{ what: 'TICKS.max_bytes', wanted: 512 * 1024 ** 2, got: 128 * 1024 ** 2 }]
    assert.deepEqual((await bus.provision([wanted], [])).differences, differences)
    const again = await bus.provision([{ ...wanted, maxAgeMs: 3_600_000 }], [])
    assert.deepEqual(again.differences, differences, 'the rest of a change is not refused with it')
  })

  it('makes a stream again that somebody has deleted', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    await bus.provision(AROUND, [])
    await raw.jsm.streams.delete('TICKS')
    await assert.rejects(publishTicks(bus, 0, 1))
    await eventually(() => publishTicks(bus, 0, 1).then(() => true))
  })
})
