import assert from 'node:assert/strict'
import type { AnomalyMessage, Signal } from '@kubewise/contracts'
import * as fc from 'fast-check'
import { PartitionDetector } from './partition-detector.ts'
import { batch, container, gone, killed, pod, SECOND, T0, tick } from './signals.test-data.ts'

/** Feeds signals in order and says what came of each, as `+rule` and `-rule`. */
function feed(signals: readonly Signal[], detector = new PartitionDetector(0)): AnomalyMessage[] {
  return signals.flatMap((signal, i) => detector.handle(signal, i + 1, 1))
}

function story(messages: readonly AnomalyMessage[]): string[] {
  const rules = new Map<string, string>()
  return messages.map((message) => {
    if (message.kind === 'anomaly') rules.set(message.id, message.rule.name)
    return `${message.kind === 'anomaly' ? '+' : '-'}${rules.get(message.id)}`
  })
}

const at = (seconds: number) => T0 + seconds * SECOND
const crashing = (seconds: number, restarts = 1) =>
  pod(at(seconds), {
    isReady: false,
    containers: [container({ waiting: 'CrashLoopBackOff', restarts, isReady: false })],
  })

describe('PartitionDetector: object state', () => {
  const cases: [string, Signal[], string[]][] = [
    ['a pod that is well says nothing', [pod(at(0)), tick(at(600))], []],
    [
      'the first death alone is none',
      [pod(at(0), { containers: [container({ terminated: { reason: 'Error', exitCode: 1 } })] })],
      [],
    ],
    ['a crash loop opens at once', [crashing(0)], ['+crash-loop']],
    [
      'a crash loop is one episode through its short runs',
      [crashing(0), pod(at(10), { containers: [container({ restarts: 2 })] }), crashing(20, 2)],
      ['+crash-loop'],
    ],
    [
      'a minute of running ends it',
      [crashing(0), pod(at(10)), tick(at(40)), tick(at(71))],
      ['+crash-loop', '-crash-loop'],
    ],
    ['a pod that is deleted ends it', [crashing(0), gone(at(5))], ['+crash-loop', '-crash-loop']],
    [
      'a pod on its way out is not ill',
      [pod(at(0), { isTerminating: true, containers: [container({ waiting: 'CrashLoopBackOff', restarts: 3 })] })],
      [],
    ],
    [
      'the first failed pull is not yet one',
      [pod(at(0), { phase: 'Pending', isReady: false, containers: [container({ waiting: 'ErrImagePull' })] })],
      [],
    ],
    [
      'the second failed pull is',
      [pod(at(0), { phase: 'Pending', isReady: false, containers: [container({ waiting: 'ImagePullBackOff' })] })],
      ['+image-pull'],
    ],
    [
      'a missing ConfigMap',
      [
        pod(at(0), {
          phase: 'Pending',
          isReady: false,
          containers: [container({ waiting: 'CreateContainerConfigError' })],
        }),
      ],
      ['+container-config'],
    ],
    [
      'one kill for memory is not a pattern',
      [
        pod(at(0), {
          containers: [container({ restarts: 1, lastTerminated: killed(at(0), 5000, 1).lastTerminated! })],
        }),
      ],
      [],
    ],
    [
      'two kills are',
      [pod(at(0), { containers: [killed(at(0), 5000, 1)] }), pod(at(20), { containers: [killed(at(20), 5000, 2)] })],
      ['+crash-loop', '+memory-kill'],
    ],
    ['not ready for long', [pod(at(0), { isReady: false }), tick(at(100)), tick(at(181))], ['+pod-not-ready']],
    ['a pod that has run to its end is none', [pod(at(0), { phase: 'Succeeded', isReady: false }), tick(at(1000))], []],
    ['a state that is not heard of any more ends', [crashing(0), tick(at(31 * 60))], ['+crash-loop', '-crash-loop']],
  ]
  for (const [given, signals, expected] of cases)
    it(`${given} → ${expected.join(' ') || 'nothing'}`, () => assert.deepEqual(story(feed(signals)), expected))

  describe('kills for memory', () => {
    /** Seconds that each run lasted, with use of memory in percent as a function of the seconds since its start. */
    const steadyAfter = (runs: readonly { seconds: number; use: (s: number) => number }[]): boolean | undefined => {
      const detector = new PartitionDetector(0)
      let nowSeconds = 0
      let steady: boolean | undefined
      for (const [restarts, { seconds, use }] of runs.entries()) {
        const signals: Signal[] = []
        for (let s = 0; s < seconds; s += 15)
          signals.push(batch(at(nowSeconds + s), { 'web-1': use(s) }, 'pod_memory_utilization_pct'))
        nowSeconds += seconds
        signals.push(pod(at(nowSeconds), { containers: [killed(at(nowSeconds), seconds * SECOND, restarts + 1)] }))
        for (const message of feed(signals, detector))
          if (message.kind === 'anomaly' && message.rule.name === 'memory-kill')
            steady = message.features['steady'] === true
        nowSeconds += 10
      }
      return steady
    }
    const flat = () => 95
    const short = { seconds: 10, use: flat }
    const leak = { seconds: 600, use: (s: number) => 10 + (90 * s) / 600 }
    const slowLeak = { seconds: 1500, use: (s: number) => 10 + (90 * s) / 1500 }
    const grown = { seconds: 900, use: (s: number) => (s < 45 ? s : s > 890 ? 100 : 60) }
    const cases: [string, Parameters<typeof steadyAfter>[0], boolean | undefined][] = [
      ['two right after the start: the limit is too low', [short, short], true],
      [
        'two after flat use: the limit is too low',
        [
          { seconds: 600, use: flat },
          { seconds: 600, use: flat },
        ],
        true,
      ],
      ['two after growth: a leak', [leak, leak], false],
      ['two after slow growth: a leak', [slowLeak, slowLeak], false],
      ['after long flat use the demand jumps, then at once: too low', [grown, short], true],
      ['one after growth and one at once: not known yet', [leak, short], undefined],
      ['… and the next at once: too low', [leak, short, short], true],
    ]
    for (const [given, runs, expected] of cases) it(given, () => assert.equal(steadyAfter(runs), expected))
  })
})

describe('PartitionDetector: events', () => {
  const event = (reason: string, count: number): Signal => ({
    kind: 'kubernetes-event',
    cluster: 'test',
    uid: 'e',
    type: 'Warning',
    reason,
    message: '',
    entity: pod(T0).entity,
    target: pod(T0).target,
    count,
    firstMs: T0,
    lastMs: T0,
  })
  it('opens at the rule’s count, ends after quiet', () => {
    const signals = [
      tick(at(0)),
      event('FailedScheduling', 1),
      event('FailedScheduling', 1),
      tick(at(100)),
      tick(at(301)),
    ]
    assert.deepEqual(story(feed(signals)), ['+failed-scheduling', '-failed-scheduling'])
  })
  it('knows nothing of reasons that are container states', () => {
    assert.deepEqual(feed([event('CrashLoopBackOff', 9), event('OOMKilled', 9)]), [])
  })
})

describe('PartitionDetector: metrics', () => {
  const beat = (i: number, hot: number) => batch(at(i * 15), { 'web-1': 10, 'web-2': 12, 'web-3': hot })
  it('names the one replica far above its siblings, at the third sample', () => {
    assert.deepEqual(story(feed([beat(0, 10), beat(1, 98), beat(2, 98)])), [])
    const found = feed([beat(0, 10), beat(1, 98), beat(2, 98), beat(3, 98)])
    assert.deepEqual(story(found), ['+sibling-outlier'])
    assert.equal(found[0]!.entity.name, 'web-3')
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
  it('drops repeats and stragglers, counted', () => {
    const detector = new PartitionDetector(0)
    feed([beat(1, 1), beat(1, 1), beat(0, 1)], detector)
    assert.deepEqual(detector.tally, { samples: 9, droppedSamples: 6 })
  })
})

describe('PartitionDetector: thresholds', () => {
  it('take the environment’s word over that of an older checkpoint', () => {
    const older = new PartitionDetector(0, { default: 0.5 })
    const newer = new PartitionDetector(0, { default: 0.9 })
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
