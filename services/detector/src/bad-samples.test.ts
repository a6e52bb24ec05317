import assert from 'node:assert/strict'
import { decodeMetricBatch, type MetricBatch } from '@kubewise/contracts'
import { PartitionDetector } from './partition-detector.ts'
import { batch, SECOND, T0 } from './signals.test-data.ts'

const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE
const STEPS = 500
const METRICS = ['pod_cpu_utilization_pct', 'pod_memory_utilization_pct', 'pod_cpu_throttled_pct', 'own_metric']
const PODS = ['web-1', 'web-2', 'web-3']

/** Level, season and noise; at the end one of the pods runs away. */
function valueAt(step: number, pod: number): number {
  const noise = ((step * 7919 + pod * 104_729) % 97) / 97
  return step > STEPS - 30 && pod === 0 ? 95 : 10 + pod + 3 * Math.sin(step / 40) + noise
}

/** A sample of the first pod that must not be learnt, put before or behind the good ones of a batch. */
interface Bad {
  afterMs: number
  value: number
  isFirst?: boolean
}

function withBad(good: MetricBatch, { afterMs, value, isFirst = false }: Bad): MetricBatch {
  const put = (column: number[], bad: number) => (isFirst ? [bad, ...column] : [...column, bad])
  return { ...good, of: put(good.of, 0), afterMs: put(good.afterMs, afterMs), value: put(good.value, value) }
}

/** Everything that is found and known after the stream, with so many bad samples in it. */
function after(bad?: Bad) {
  const detector = new PartitionDetector(0)
  const found: unknown[] = []
  let seq = 0
  for (let step = 0; step < STEPS; step++)
    for (const metric of METRICS) {
      const values = Object.fromEntries(PODS.map((name, pod) => [name, valueAt(step, pod)]))
      const good = batch(T0 + step * 15 * SECOND, values, metric)
      // The first ones must teach a series what to compare with.
      const isSpoilt = bad !== undefined && step > 0 && step % 3 === 0
      const decoded = decodeMetricBatch(JSON.parse(JSON.stringify(isSpoilt ? withBad(good, bad) : good)))
      assert.ok(decoded.ok)
      found.push(...detector.handle(decoded.value, (seq += 1), 1))
    }
  return { found, known: JSON.stringify(detector.state()), refused: detector.tally.refused }
}

describe('bad samples among good ones', () => {
  const untouched = after()
  it('are measured against a stream that finds something', () => assert.ok(untouched.found.length > 0))

  const cases: [string, Bad, keyof typeof untouched.refused][] = [
    ['a day ahead', { afterMs: DAY, value: 50 }, 'ahead'],
    ['a day ahead, before the good ones', { afterMs: DAY, value: 50, isFirst: true }, 'ahead'],
    ['a day behind', { afterMs: -DAY, value: 50 }, 'late'],
    ['out of order', { afterMs: -1, value: 50 }, 'late'],
    ['a repeat', { afterMs: 0, value: 50 }, 'late'],
    ['beyond measure', { afterMs: 1, value: 1e308 }, 'beyond-measure'],
    ['beyond measure, first', { afterMs: -1, value: -1e308, isFirst: true }, 'beyond-measure'],
  ]
  for (const [what, bad, why] of cases)
    it(`${what}: refused, counted, and nothing else is found or known than without them`, () => {
      const spoilt = after(bad)
      assert.ok(spoilt.refused[why] > 100, JSON.stringify(spoilt.refused))
      assert.deepEqual(spoilt.found, untouched.found)
      assert.equal(spoilt.known, untouched.known)
    })

  for (const value of ['null', '"NaN"', '1e309'])
    it(`a value ${value} does not pass the door`, () => {
      const text = JSON.stringify(batch(T0, { 'web-1': 4711 })).replace('4711', value)
      assert.equal(decodeMetricBatch(JSON.parse(text)).ok, false)
    })

  it('alone make nothing known that lasts', () => {
    const detector = new PartitionDetector(0)
    const good = batch(T0, { 'web-1': 1 })
    const bad = { ...good, value: [1e308] }
    detector.handle(bad, 1, 1)
    detector.handle({ kind: 'control', cluster: 'test', partition: 0, sentMs: T0, change: { type: 'tick' } }, 2, 1)
    assert.equal(detector.seriesCount, 0)
  })
})
