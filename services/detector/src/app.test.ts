import assert from 'node:assert/strict'
import { connectBus, type Bus } from '@kubewise/bus'
import {
  COLLECTIONS,
  decodeAnomalyMessage,
  decodeSignal,
  partitionOf,
  PARTITIONS,
  STREAMS,
  subjects,
  type Checkpoint,
  type CollectionSpec,
  type Control,
  type Decoder,
  type StoredDocument,
} from '@kubewise/contracts'
import { createMetrics } from '@kubewise/service'
import { openStore, type Collection, type Store } from '@kubewise/store'
import { eventually, startNats, temporaryFolder, testKit } from '@kubewise/testkit'
import { createDetector, readConfig } from './app.ts'
import { checkpointId, unpack } from './checkpoint.ts'
import { PartitionDetector } from './partition-detector.ts'
import { ordinary, round } from './unusual.test-data.ts'

const CLUSTER = 'test'
const WORKLOADS = 12
const ROUNDS = 72
const FAULT_FROM = 66

interface Save {
  partition: number
  holder: string
  epoch: number
}

/** A store that notes who saved which partition's checkpoint, and under which epoch. */
function watched(store: Store, saves: Save[]): Store {
  return {
    ...store,
    collection<T extends StoredDocument>(spec: CollectionSpec<T>): Collection<T> {
      const collection = store.collection(spec)
      if (spec.name !== COLLECTIONS.checkpoints.name) return collection
      return {
        ...collection,
        async replace(document) {
          const outcome = await collection.replace(document)
          const { partition, holder, epoch } = document as unknown as Checkpoint
          if (outcome === 'replaced') saves.push({ partition, holder, epoch })
          return outcome
        },
      }
    },
  }
}

/** What a stream holds under a filter, up to a sequence that is there. */
async function readUpTo<T>(bus: Bus, stream: string, filter: string, lastSeq: number, decode: Decoder<T>) {
  const read: { body: T; seq: number }[] = []
  const replay = bus.replay({
    stream,
    filter,
    from: 1,
    decode,
    handle: ({ body, seq }) => void read.push({ body, seq }),
  })
  await eventually(() => (read.at(-1)?.seq ?? 0) >= lastSeq, { timeoutMs: 20_000, say: `${filter} is read` })
  await replay.stop()
  return read.filter(({ seq }) => seq <= lastSeq)
}

describe('detectors that share the partitions', function () {
  this.timeout(90_000)

  it('never own one together, and learn each signal once whoever comes, goes or dies', async () => {
    await using held = new AsyncDisposableStack()
    const nats = held.use(await startNats())
    const file = `${held.use(await temporaryFolder()).path}/record.sqlite`
    const saves: Save[] = []
    const join = async (name: string) => {
      const kit = testKit({ metrics: createMetrics(name, '0') })
      const bus = await connectBus({ url: nats.url, name, clock: kit.clock, log: kit.log })
      const store = await openStore({ kind: 'sqlite', file }, kit)
      const env = { NATS_URL: nats.url, KUBEWISE_CLUSTER: CLUSTER, DETECTOR_SAVE_INTERVAL: '1' }
      const detector = createDetector({ ...kit, bus, store: watched(store, saves) }, readConfig(env))
      await detector.start()
      const owned = async () => {
        const gauge = await kit.metrics.registry.getSingleMetric('kubewise_partitions_owned')?.get()
        return gauge?.values[0]?.value ?? 0
      }
      const end = async () => {
        kit.abort()
        await bus.close().catch(() => undefined)
        await store.close()
      }
      return { detector, bus, store, owned, end }
    }

    const first = await join('first')
    const clock = testKit().clock
    const bus = await connectBus({ url: nats.url, name: 'test', clock, log: testKit().log })
    held.defer(() => bus.close())
    const send = async (step: number) => {
      for (let i = 0; i < WORKLOADS; i++) {
        const target = { cluster: CLUSTER, kind: 'Deployment', namespace: 'shop', name: `web-${i}` }
        const partition = partitionOf(target)
        const raised = (at: number, metric: number, podIndex: number) =>
          ordinary(at, metric, podIndex) + (at >= FAULT_FROM ? 60 : 0)
        const whole = round(step, raised, { pods: [`web-${i}-a`, `web-${i}-b`] })
        const batch = { ...whole, partition, targets: [{ kind: 'Deployment', namespace: 'shop', name: target.name }] }
        await bus.publish(subjects.metric(CLUSTER, partition), batch, { id: `${step}-${i}` })
      }
    }
    const sendAll = async (from: number, to: number) => {
      for (let step = from; step < to; step++) await send(step)
    }
    const shared = (...owners: { owned(): Promise<number> }[]) =>
      eventually(
        async () => {
          const counts = await Promise.all(owners.map((owner) => owner.owned()))
          return counts.every((count) => count > 0) && counts.reduce((sum, count) => sum + count, 0) === PARTITIONS
        },
        { timeoutMs: 30_000, say: 'the partitions are shared' },
      )

    await sendAll(0, 30)
    const second = await join('second')
    const during = sendAll(30, 50)
    await shared(first, second)
    await during
    // Dies without a word: no save, no lease given back.
    await second.end()
    await sendAll(50, 60)
    const third = await join('third')
    await sendAll(60, ROUNDS)
    await shared(first, third)
    await first.detector.stop()
    await first.end()

    const checkpoints = third.store.collection(COLLECTIONS.checkpoints)
    const { lastSeq: lastSent } = await bus.streamState(STREAMS.signals.name)
    let ticks = 0
    await eventually(
      async () => {
        ticks += 1
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const tick: Control = {
            kind: 'control',
            cluster: CLUSTER,
            partition,
            sentMs: 0,
            change: { type: 'tick' },
          }
          await bus.publish(subjects.control(CLUSTER, partition), tick, { id: `tick-${partition}-${ticks}` })
        }
        const saved = await Promise.all(
          Array.from({ length: PARTITIONS }, (_, partition) => checkpoints.get(checkpointId(CLUSTER, partition))),
        )
        return saved.every((checkpoint) => checkpoint !== undefined && checkpoint.seq > lastSent)
      },
      { timeoutMs: 40_000, say: 'one detector has saved all of them' },
    )
    await third.detector.stop()

    // Saves of one partition: epochs never go back, and each has one holder.
    const holders = new Map<string, string>()
    const latest = new Map<number, number>()
    for (const { partition, holder, epoch } of saves) {
      assert.ok(
        epoch >= (latest.get(partition) ?? 0),
        `partition ${partition}: epoch ${epoch} after ${latest.get(partition)}`,
      )
      latest.set(partition, epoch)
      const key = `${partition}/${epoch}`
      assert.equal(holders.get(key) ?? holder, holder, `epoch ${key} has two holders`)
      holders.set(key, holder)
    }
    assert.ok(new Set(holders.values()).size >= 3)

    // Whatever happened, each partition is where one detector that saw all of it once would be.
    const wanted = new Set<string>()
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const checkpoint = (await checkpoints.get(checkpointId(CLUSTER, partition)))!
      const filter = subjects.partition(CLUSTER, partition)
      const alone = new PartitionDetector(partition, {
        thresholds: readConfig({ NATS_URL: nats.url }).ANOMALY_THRESHOLDS,
      })
      for (const { body, seq } of await readUpTo(bus, STREAMS.signals.name, filter, checkpoint.seq, decodeSignal))
        for (const message of alone.handle(body, seq, 1)) wanted.add(`${message.kind} ${message.id}`)
      assert.deepEqual(unpack(checkpoint), JSON.parse(JSON.stringify(alone.state())), `partition ${partition}`)
    }
    const { lastSeq } = await bus.streamState(STREAMS.anomalies.name)
    const found = await readUpTo(
      bus,
      STREAMS.anomalies.name,
      STREAMS.anomalies.subjects[0],
      lastSeq,
      decodeAnomalyMessage,
    )
    const told = found.map(({ body }) => `${body.kind} ${body.id}`)
    assert.deepEqual(new Set(told), wanted)
    assert.ok(told.some((each) => each.startsWith('anomaly ')))
    await third.end()
  })
})
