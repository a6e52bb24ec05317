import assert from 'node:assert/strict'
import type { Delivery } from '@kubewise/bus'
import type { Signal } from '@kubewise/contracts'
import { startPartition, type WorkerPorts } from './partition-worker.ts'
import { SECOND, T0, tick } from './signals.test-data.ts'

describe('a partition whose record is away', () => {
  it('tries to save as often as ever, not with every message', async () => {
    let tries = 0
    let handle: ((delivery: Delivery<Signal>) => Promise<void>) | undefined
    const ports = {
      bus: {
        streamState: async () => ({ created: 'x', messages: 0 }),
        replay(options: { handle: typeof handle }) {
          handle = options.handle
          return { stop: async () => undefined, done: new Promise(() => undefined) }
        },
      },
      store: {
        collection: () => ({
          get: async () => undefined,
          insert: async () => 'inserted',
          async replace() {
            tries += 1
            throw new Error('the record is away')
          },
        }),
      },
      clock: { now: () => T0, monotonic: () => 0 },
      log: { warn: () => undefined },
      figures: { handled: () => undefined },
      crashpoint: () => undefined,
    } as unknown as WorkerPorts
    const place = { cluster: 'test', partition: 0, holder: 'h', saveIntervalMs: 1000 }
    const worker = await startPartition(ports, {
      ...place,
      thresholds: {},
      model: 'forecast',
      feedbackModel: 'logistic',
    })
    for (let seq = 1; seq <= 10_100; seq++)
      await handle!({ seq, body: tick(T0 + seq * SECOND) } as unknown as Delivery<Signal>)
    assert.equal(tries, 2)
    assert.equal(worker.isUnsaved(), true)
  })
})
