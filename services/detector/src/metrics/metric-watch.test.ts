import assert from 'node:assert/strict'
import type { Signal } from '@kubewise/contracts'
import { PartitionDetector } from '../partition-detector.ts'
import { about, at, batch, feed, gone, later, SECOND, story, T0, tick, ticks } from '../signals.test-data.ts'

describe('metrics: siblings, levels, values', () => {
  const beat = (i: number, hot: number) => batch(at(i * 15), { 'web-1': 10, 'web-2': 12, 'web-3': hot })
  it('names the one replica far above its siblings, at the third sample', () => {
    assert.deepEqual(story(feed([beat(0, 10), beat(1, 98), beat(2, 98)])), [])
    const found = feed([beat(0, 10), beat(1, 98), beat(2, 98), beat(3, 98)])
    assert.deepEqual(story(found), ['+sibling-outlier'])
    assert.equal(found[0]!.entity.name, 'web-3')
  })
  it('names the one whose memory is far above', () => {
    const beats = [0, 1, 2, 3].map((i) =>
      batch(at(i * 15), { 'web-1': 10, 'web-2': 12, 'web-3': i > 0 ? 98 : 10 }, 'pod_memory_utilization_pct'),
    )
    assert.deepEqual(story(feed(beats)), ['+sibling-outlier-memory'])
  })
  it('says nothing when all of them are high: that is load', () => {
    const load = Array.from({ length: 10 }, (_, i) => batch(at(i * 15), { 'web-1': 90, 'web-2': 95, 'web-3': 97 }))
    assert.deepEqual(feed(load), [])
  })
  it('says nothing of a ratio among small figures', () => {
    assert.deepEqual(
      feed(Array.from({ length: 10 }, (_, i) => batch(at(i * 15), { 'web-1': 1, 'web-2': 1, 'web-3': 20 }))),
      [],
    )
  })
  it('ends it when the pod is gone, and compares those who stay', () => {
    const pods = [beat(0, 10), beat(1, 98), beat(2, 98), beat(3, 98), gone(at(50), 'web-3')]
    assert.deepEqual(story(feed(pods)), ['+sibling-outlier', '-sibling-outlier'])
  })
  it('finds a level far from what it learnt, and learns history without a word', () => {
    const history = Array.from({ length: 300 }, (_, i) =>
      batch(at(i * 15), { 'web-1': 10 + (i % 3) }, 'pod_memory_utilization_pct', true),
    )
    const rise = [300, 301, 302].map((i) => batch(at(i * 15), { 'web-1': 80 }, 'pod_memory_utilization_pct'))
    assert.deepEqual(story(feed([...history, ...rise])), ['+metric-level:pod_memory_utilization_pct'])
    assert.deepEqual(feed(history), [])
  })
  it('goes by what the installation says of a metric of its own', () => {
    const known = { unit: 'per-second', bad: 'down', floor: 0.5, minEffect: 5 } as const
    const own = (seconds: number, value: number, isBackfill = false) => {
      const signal = batch(at(seconds), { 'web-1': value }, 'orders_per_second', isBackfill)
      return { ...signal, metrics: signal.metrics.map((metric) => ({ ...metric, known })) }
    }
    const history = Array.from({ length: 300 }, (_, i) => own(i * 15, 50 + (i % 3), true))
    const then = (value: number) => story(feed([...history, ...[300, 301, 302].map((i) => own(i * 15, value))]))
    assert.deepEqual(then(5), ['+metric-level:orders_per_second'])
    assert.deepEqual(then(95), [])
  })
  it('drops values beyond all measure, counted, and goes on', () => {
    const detector = new PartitionDetector(0)
    feed([batch(at(1), { 'web-1': 1e308 }), batch(at(2), { 'web-1': -1e308 }), batch(at(3), { 'web-1': 1 })], detector)
    assert.deepEqual(detector.tally, { samples: 3, refused: { late: 0, 'beyond-measure': 2, ahead: 0, flag: 0 } })
  })
  it('leaves flags to the rules of states', () => {
    const detector = new PartitionDetector(0)
    feed([batch(at(1), { 'web-1': 0 }, 'pod_not_ready'), batch(at(16), { 'web-1': 1 }, 'pod_not_ready')], detector)
    assert.deepEqual(detector.tally, { samples: 2, refused: { late: 0, 'beyond-measure': 0, ahead: 0, flag: 2 } })
    assert.equal(detector.seriesCount, 0)
  })
  it('knows what comes back after days, and learns its level anew', () => {
    const STEP = 300
    const DAY = 86_400
    const level = (i: number, of: number) => about(at(i * STEP), 'Service', 'web', 'queue', of)
    const season = (i: number) => 30 * Math.sin((2 * Math.PI * i * STEP) / DAY) + ((i * 7919) % 97) / 97
    const known = { unit: 'count', bad: 'up', floor: 0.2, minEffect: 20 } as const
    const own = (i: number, of: number): Signal => {
      const signal = level(i, of)
      return { ...signal, metrics: [{ name: 'queue', intervalMs: STEP * SECOND, known }] }
    }
    const day = DAY / STEP
    const from = (first: number, days: number, base: number) =>
      Array.from({ length: days * day }, (_, i) => own(first + i, base + season(first + i)))
    const before = from(0, 4, 100)
    const back = [
      ...Array.from({ length: 72 }, (_, i) => tick(at((4 * day + i * 12) * STEP))),
      ...from(7 * day, 1, 300),
    ]
    const detector = new PartitionDetector(0)
    assert.deepEqual(story(feed([...before, ...back], detector)), [])
    const far = [0, 1, 2, 3].map((i) => own(8 * day + i, 3000))
    const [found] = feed(far, detector, before.length + back.length)
    assert.ok(found?.kind === 'anomaly' && found.rule.name === 'metric-level:queue')
    assert.ok(found.explanation && found.explanation.historyMs >= 8 * DAY * SECOND)
  })
  it('forgets nothing of a history that comes in parts', () => {
    const detector = new PartitionDetector(0)
    const old = (i: number) => ({ ...batch(at(i * 300), { 'web-1': 40 }, 'own', true), collectedMs: at(86_400) })
    const parts = [0, 1, 2].flatMap((part) => [
      ...Array.from({ length: 96 }, (_, i) => old(part * 96 + i)),
      tick(at(86_400 + part)),
    ])
    feed(parts, detector)
    assert.equal(detector.seriesCount, 1)
    assert.equal(detector.state().metrics.models[0]!.reading.at(-1), T0)
  })
  it('drops repeats and stragglers, counted', () => {
    const detector = new PartitionDetector(0)
    feed([beat(1, 1), beat(1, 1), beat(0, 1)], detector)
    assert.deepEqual(detector.tally, { samples: 9, refused: { late: 6, 'beyond-measure': 0, ahead: 0, flag: 0 } })
  })
})

describe('metrics with a limit', () => {
  const MINUTE = 60
  const every = (seconds: number, minutes: number, signal: (s: number) => Signal) =>
    Array.from({ length: (minutes * MINUTE) / seconds + 1 }, (_, i) => signal(i * seconds))
  const memory = (use: (s: number) => number, minutes = 60) =>
    every(30, minutes, (s) => batch(at(s), { 'web-1': use(s) }, 'pod_memory_utilization_pct'))
  const volume = (use: (s: number) => number, minutes = 60) =>
    every(60, minutes, (s) => about(at(s), 'PersistentVolumeClaim', 'data', 'volume_usage_pct', use(s)))
  const fills = (kind: string, name: string, metric: string) =>
    every(60, 60, (s) => about(at(s), kind, name, metric, 70 + s / 400))
  /** `connections`, whose limit the installation names; 15 minutes away at the one pace. */
  const ownFills = (limit: number) =>
    every(60, 60, (s) => {
      const signal = about(at(s), 'Service', 'web', 'connections', 300 + s / 20)
      const known = { unit: 'count', bad: 'up', floor: 1e9, minEffect: 1e9, limit } as const
      return { ...signal, metrics: signal.metrics.map((metric) => ({ ...metric, known })) }
    })
  const throttled = (held: (s: number) => number[], use: number[]) =>
    every(30, 12, (s) => batch(at(s), names(use), 'pod_cpu_utilization_pct')).flatMap((signal, i) => [
      signal,
      batch(at(i * 30), names(held(i * 30)), 'pod_cpu_throttled_pct'),
    ])
  const names = (values: readonly number[]) => Object.fromEntries(values.map((value, i) => [`web-${i}`, value]))
  const wobble = (s: number) => 3 * Math.sin(s * 12.9898)

  const cases: [string, Signal[], string[]][] = [
    ['memory that leaks towards its limit', memory((s) => 40 + s / 75 + wobble(s)), ['+memory-forecast']],
    ['memory that leaks, and half an hour is not over', memory((s) => 40 + s / 50, 27), []],
    ['memory that leaks slowly: the limit is a day away', memory((s) => 40 + s / 1800), []],
    ['memory that is steady at a high level', memory((s) => 92 + wobble(s), 80), []],
    ['memory that is falling', memory((s) => 95 - s / 100), []],
    ['a cache that fills up to a level', memory((s) => 80 * (1 - Math.exp(-s / 900)), 90), []],
    ['a saw tooth of garbage collection', memory((s) => 40 + ((s / 600) % 1) * 40, 90), []],
    ['one jump', memory((s) => (s < 1800 ? 40 : 70), 90), []],
    [
      'a leak that a restart ends',
      [...memory((s) => 40 + s / 75), ...memory((s) => 30 + wobble(s), 20).map((signal) => later(signal, 3660))],
      ['+memory-forecast', '-memory-forecast'],
    ],
    [
      'a leak that goes on after a restart',
      [...memory((s) => 40 + s / 75), ...memory((s) => 30 + s / 75, 50).map((signal) => later(signal, 3660))],
      ['+memory-forecast', '-memory-forecast', '+memory-forecast'],
    ],
    ['a volume that fills', volume((s) => 70 + s / 400), ['+volume-forecast']],
    [
      'a volume that was flat for long and fills at a pace of its own',
      volume((s) => 30 + Math.max(0, s - 2700) / 60, 80),
      ['+volume-forecast'],
    ],
    [
      'a volume that will be full within a day, at the pace of two',
      every(300, 40 * 60, (s) => about(at(s), 'PersistentVolumeClaim', 'data', 'volume_usage_pct', 30 + s / 3000)),
      ['+volume-forecast'],
    ],
    [
      'a volume that breathes by day and night',
      every(300, 80 * 60, (s) =>
        about(at(s), 'PersistentVolumeClaim', 'data', 'volume_usage_pct', 60 + 8 * Math.sin(s / 13_751)),
      ),
      [],
    ],
    [
      'a volume that runs out of inodes',
      fills('PersistentVolumeClaim', 'data', 'volume_inodes_used_pct'),
      ['+inodes-forecast'],
    ],
    ['a disk of a node that fills', fills('Node', 'node-1', 'node_disk_usage_pct'), ['+disk-forecast']],
    [
      'a node that runs out of file handles',
      fills('Node', 'node-1', 'node_file_handles_pct'),
      ['+file-handles-forecast'],
    ],
    [
      'a container that runs out of file handles',
      every(60, 60, (s) => batch(at(s), { 'web-1': 70 + s / 400 }, 'container_file_handles_pct')),
      ['+file-handles-forecast'],
    ],
    ['a quota that is used up', fills('ResourceQuota', 'compute', 'quota_used_pct'), ['+quota-forecast']],
    ['an own metric that nears its own limit', ownFills(500), ['+limit-forecast']],
    ['an own metric far from its own limit', ownFills(50_000), []],
    ['a volume that is nearly full', volume(() => 93, 5), ['+volume-filling']],
    ['a volume that was cleaned', volume((s) => (s < 300 ? 93 : 40), 12), ['+volume-filling', '-volume-filling']],
    ['all replicas held back at their limit', throttled(() => [60, 55, 70], [99, 98, 99]), ['+cpu-throttled']],
    ['one replica held back', throttled(() => [60, 5, 0], [99, 60, 62]), []],
    ['held back in bursts, far from the limit', throttled(() => [60, 55, 70], [30, 30, 30]), []],
    ['held back while they start', throttled((s) => (s < 200 ? [60, 60] : [2, 2]), [99, 99]), []],
    [
      'a clock that is off',
      every(60, 6, (s) => about(at(s), 'Node', 'node-1', 'node_clock_offset_seconds', 2)),
      ['+clock-drift'],
    ],
    [
      'a clock that is well',
      every(60, 6, (s) => about(at(s), 'Node', 'node-1', 'node_clock_offset_seconds', 0.01)),
      [],
    ],
    [
      'a DNS that fails',
      every(30, 3, (s) => about(at(s), 'Cluster', 'test', 'dns_servfail_pct', 30)),
      ['+dns-failing'],
    ],
    [
      '… and is not measured any more',
      [...every(30, 3, (s) => about(at(s), 'Cluster', 'test', 'dns_servfail_pct', 30)), ...ticks(300, 2400)],
      ['+dns-failing', '-dns-failing'],
    ],
  ]
  for (const [given, signals, expected] of cases)
    it(`${given} → ${expected.join(' ') || 'nothing'}`, () => assert.deepEqual(story(feed(signals)), expected))

  it('says how long is left and how fast it grows', () => {
    const [found] = feed(memory((s) => 40 + s / 75))
    assert.ok(found?.kind === 'anomaly')
    const { secondsLeft, slopePerHour, earliestSeconds, latestSeconds } = found.features
    assert.equal(slopePerHour, 48)
    assert.ok(Number(earliestSeconds) <= Number(secondsLeft) && Number(secondsLeft) <= Number(latestSeconds))
    // From the last point that is complete.
    const seconds = (found.detectedMs - T0) / SECOND
    assert.ok(Math.abs(Number(secondsLeft) - (75 * 60 - seconds)) < 180, `${secondsLeft} s left at ${seconds} s`)
  })
  it('learns from history and opens nothing on it', () => {
    const history = memory((s) => 40 + s / 75, 40).map((signal) => ({ ...signal, isBackfill: true }) as Signal)
    assert.deepEqual(feed(history), [])
    const live = batch(at(2430), { 'web-1': 72 }, 'pod_memory_utilization_pct')
    assert.deepEqual(story(feed([...history, live])), ['+memory-forecast'])
  })
})
