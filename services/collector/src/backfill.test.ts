import assert from 'node:assert/strict'
import type { MetricBatch } from '@kubewise/contracts'
import { UNKNOWN, type Metric, type Prometheus } from '@kubewise/metrics'
import { silentLog, VirtualClock } from '@kubewise/testkit'
import * as fc from 'fast-check'
import { backfill, chunksOf } from './backfill.ts'
import { Batches } from './batches.ts'
import { SeriesIndex } from './series-index.ts'

const HOUR = 3_600_000
const metric: Metric = { ...UNKNOWN, name: 'm', query: 'm', intervalMs: 15_000 }
const noSignal = new AbortController().signal

describe('chunksOf', () => {
  it('goes through the window once, oldest first, in answers that are bounded', () => {
    const numbers = fc.record({
      startMs: fc.integer({ min: 0, max: 10 ** 13 }),
      hours: fc.double({ min: 0, max: 72, noNaN: true }),
      intervalMs: fc.constantFrom(1000, 15_000, 60_000, 3_600_000),
      seriesCount: fc.integer({ min: 0, max: 1_000_000 }),
    })
    fc.assert(
      fc.property(numbers, ({ startMs, hours, intervalMs, seriesCount }) => {
        fc.pre(seriesCount < 50_000 || hours < 3)
        const endMs = startMs + Math.round(hours * HOUR)
        let lastMs = startMs - 1
        for (const chunk of chunksOf({ startMs, endMs, intervalMs }, seriesCount)) {
          assert.ok(chunk.startMs > lastMs && chunk.startMs <= chunk.endMs && chunk.endMs <= endMs)
          const points = Math.floor((chunk.endMs - chunk.startMs) / chunk.stepMs) + 1
          assert.ok(points <= 10_000 && points * seriesCount <= Math.max(500_000, seriesCount))
          assert.ok(chunk.startMs - lastMs <= Math.max(300_000, intervalMs) * 2, 'a gap between two chunks')
          lastMs = chunk.endMs
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('backfill', () => {
  /** A Prometheus that holds one series, at every step a point. */
  function history(refuseFromMs = Infinity) {
    const ranges: { startMs: number; endMs: number; stepMs: number }[] = []
    const prometheus: Prometheus = {
      query: () =>
        Promise.resolve({
          resultType: 'vector',
          series: [{ labels: {}, timeMs: [0], value: [1] }],
          droppedPoints: 0,
          leftOutSeries: 0,
          warnings: [],
        }),
      queryRange(_expression, range) {
        if (range.endMs >= refuseFromMs) return Promise.reject(new Error('too much'))
        ranges.push(range)
        const count = Math.floor((range.endMs - range.startMs) / range.stepMs) + 1
        const timeMs = Array.from({ length: count }, (_, i) => range.startMs + i * range.stepMs)
        return Promise.resolve({
          resultType: 'matrix',
          series: [{ labels: { node: 'n' }, timeMs, value: timeMs.map((ms) => ms % 7) }],
          droppedPoints: 0,
          leftOutSeries: 0,
          warnings: [],
        })
      },
    }
    return { prometheus, ranges }
  }

  async function send(prometheus: Prometheus, isOver = () => false) {
    const sent: MetricBatch[] = []
    const endMs = 100 * HOUR
    const { samples } = await backfill(
      {
        prometheus,
        clock: new VirtualClock(endMs),
        log: silentLog,
        index: new SeriesIndex('c', () => undefined),
        batches: new Batches('c', true, (batch) => sent.push(batch)),
        isOurs: () => true,
        waiting: () => 0,
        onSamples: () => undefined,
      },
      metric,
      { startMs: endMs - 24 * HOUR, endMs, isOver },
      noSignal,
    )
    return { sent, samples, timesMs: sent.flatMap(({ startMs, afterMs }) => afterMs.map((after) => startMs + after)) }
  }

  it('sends a day: coarse until two hours ago, then at the own interval, in order, as history', async () => {
    const { prometheus } = history()
    const { sent, samples, timesMs } = await send(prometheus)
    assert.equal(samples, timesMs.length)
    assert.equal(samples, 22 * 12 + 2 * 240 + 1)
    assert.deepEqual(
      timesMs,
      [...timesMs].sort((a, b) => a - b),
    )
    assert.ok(sent.every(({ isBackfill }) => isBackfill))
  })

  it('leaves out the rest when there is no time left', async () => {
    const { prometheus, ranges } = history()
    const { samples } = await send(prometheus, () => ranges.length >= 1)
    assert.equal(samples, 22 * 12)
  })

  it('keeps what came before a chunk that is not answered', async () => {
    const { prometheus } = history(99.5 * HOUR)
    const { samples } = await send(prometheus)
    assert.equal(samples, 22 * 12)
  })
})
