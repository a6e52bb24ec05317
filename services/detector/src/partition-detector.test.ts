import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { PartitionDetector } from './partition-detector.ts'
import { alertSignal, at, batch, crashing, event, feed, gone, killed, pod, tick } from './signals.test-data.ts'

describe('PartitionDetector: thresholds', () => {
  it('take the environment’s word over that of an older checkpoint', () => {
    const older = new PartitionDetector(0, { thresholds: { default: 0.5 } })
    const newer = new PartitionDetector(0, { thresholds: { default: 0.9 } })
    newer.restore(older.state())
    assert.equal(newer.state().thresholds['default'], 0.9)
  })
})

describe('PartitionDetector: replay', () => {
  const signal = fc.oneof(
    fc.record({ s: fc.nat(600), restarts: fc.nat(3) }).map(({ s, restarts }) => crashing(s, restarts)),
    fc.nat(600).map((s) => pod(at(s))),
    fc.nat(600).map((s) => gone(at(s))),
    fc.nat(600).map((s) => tick(at(s))),
    fc
      .record({ i: fc.nat(40), hot: fc.integer({ min: 0, max: 100 }) })
      .map(({ i, hot }) => batch(at(i * 15), { 'web-1': 10, 'web-2': 12, 'web-3': hot })),
    fc.nat(600).map((s) => batch(at(s), { 'web-1': 90 }, 'pod_cpu_throttled_pct')),
    fc
      .record({ s: fc.nat(90_000), isEnd: fc.boolean(), f: fc.constantFrom('f', 'g'), startsMs: fc.constantFrom(1, 2) })
      .map(({ s, isEnd, f, startsMs }) =>
        alertSignal(at(s), isEnd ? 'resolved' : 'firing', { fingerprint: f, startsMs }),
      ),
    fc.constantFrom('BackOff', 'Killing', 'Unhealthy').map((reason) => event(reason, 3)),
    fc.record({ s: fc.nat(600), n: fc.nat(5) }).map(({ s, n }) => pod(at(s), { containers: [killed(at(s), 4000, n)] })),
  )
  it('gives the same anomalies with the same ids from any checkpoint', () => {
    fc.assert(
      fc.property(fc.array(signal, { maxLength: 60 }), fc.nat(60), (signals, cut) => {
        const whole = feed(signals)
        const first = new PartitionDetector(0)
        const before = signals.slice(0, cut).flatMap((s, i) => first.handle(s, i + 1, 1))
        const second = new PartitionDetector(0)
        second.restore(JSON.parse(JSON.stringify(first.state())))
        const after = signals.slice(cut).flatMap((s, i) => second.handle(s, cut + i + 1, 1))
        assert.deepEqual([...before, ...after], whole)
      }),
    )
  })
})
