import { randomUUID } from 'node:crypto'
import type { Bus, KeyValue } from '@kubewise/bus'
import { BUCKETS, idOf, STREAMS } from '@kubewise/contracts'
import { every, type Kit, type Service } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import type { Config } from './config.ts'
import { createFigures } from './figures.ts'
import { partitionsOf } from './ownership.ts'
import { PartitionLostError, startPartition, type PartitionWorker } from './partition-worker.ts'
import { startRecorder } from './recorder.ts'

export { readConfig, type Config } from './config.ts'

export interface Ports extends Kit {
  bus: Bus
  store: Store
}

const HEARTBEAT_MS = 2000
const HOUR_MS = 3_600_000

/**
 * Learns what is normal and finds what is not: log plus checkpoint, not queue plus ack. Several detectors share the
 * partitions; who is alive is told by a key that each renews.
 */
export function createDetector(ports: Ports, config: Config): Service {
  const { bus, store, clock, log, health } = ports
  const cluster = config.KUBEWISE_CLUSTER
  const holder = randomUUID()
  const memberPrefix = `detector-${idOf(cluster)}-`
  const figures = createFigures(ports.metrics, clock)
  const workers = new Map<number, PartitionWorker>()
  const stopping = new AbortController()
  let loop: Promise<void> | undefined
  let recorder: { stop(): Promise<void> } | undefined

  const options = {
    cluster,
    holder,
    saveIntervalMs: config.DETECTOR_SAVE_INTERVAL * 1000,
    thresholds: config.ANOMALY_THRESHOLDS,
    model: config.ANOMALY_MODEL,
    feedbackModel: config.FEEDBACK_MODEL,
  }

  async function take(partition: number): Promise<void> {
    const worker = await startPartition({ ...ports, figures }, { ...options, partition })
    workers.set(partition, worker)
    worker.done.catch((error: unknown) => {
      if (workers.get(partition) === worker) workers.delete(partition)
      const isLost = error instanceof PartitionLostError
      log[isLost ? 'info' : 'warn'](
        { partition, err: isLost ? undefined : error },
        isLost ? 'partition moved' : 'partition failed, starting it anew',
      )
    })
  }

  async function release(partition: number, worker: PartitionWorker): Promise<void> {
    workers.delete(partition)
    await worker.stop()
  }

  /** Renews our key, sees who else is there, and takes and leaves partitions accordingly. */
  async function beat(leases: KeyValue): Promise<void> {
    await leases.put(`${memberPrefix}${holder}`, { holder, atMs: clock.now() })
    const members = (await leases.keys())
      .filter((key) => key.startsWith(memberPrefix))
      .map((key) => key.slice(memberPrefix.length))
    const mine = new Set(partitionsOf(holder, members))
    await Promise.all(
      [...workers]
        .filter(([partition]) => !mine.has(partition))
        .map(([partition, worker]) => release(partition, worker)),
    )
    await Promise.all([...mine].filter((partition) => !workers.has(partition)).map(take))
    figures.owned([...workers.values()].map(({ guardFactor }) => guardFactor()))
    const unsaved = [...workers.values()].filter(({ isUnsaved }) => isUnsaved()).length
    health.set('partitions', 'quality', {
      ok: workers.size === mine.size && unsaved === 0,
      say: `${workers.size} of ${mine.size} partitions at work${unsaved > 0 ? `, ${unsaved} of them cannot be saved` : ''}`,
    })
  }

  return {
    name: 'detector',
    health,
    async start() {
      const report = await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
      for (const difference of report.differences) log.warn(difference, 'the bus accepted something else')
      if (config.DETECTOR_SAVE_INTERVAL * 1000 * 10 > STREAMS.signals.maxAgeMs)
        log.warn(
          { hours: STREAMS.signals.maxAgeMs / HOUR_MS },
          'DETECTOR_SAVE_INTERVAL is long for the age of the signals stream',
        )
      recorder = startRecorder(bus, store)
      const leases = await bus.kv(BUCKETS.leases)
      await beat(leases)
      const signal = AbortSignal.any([ports.signal, stopping.signal])
      loop = every(
        clock,
        HEARTBEAT_MS,
        signal,
        () => beat(leases),
        (error) => log.warn({ err: error }, 'partitions not renewed'),
      )
    },
    async stop() {
      stopping.abort(new Error('the detector is stopping'))
      await loop
      await Promise.all([...workers].map(([partition, worker]) => release(partition, worker)))
      await recorder?.stop()
      const leases = await bus.kv(BUCKETS.leases).catch(() => undefined)
      await leases?.delete(`${memberPrefix}${holder}`).catch(() => undefined)
    },
  }
}
