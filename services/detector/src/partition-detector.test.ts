import assert from 'node:assert/strict'
import type { Alert, AnomalyMessage, ContainerState, Entity, Signal } from '@kubewise/contracts'
import * as fc from 'fast-check'
import { PartitionDetector } from './partition-detector.ts'
import {
  about,
  alertSignal,
  around,
  batch,
  container,
  gone,
  killed,
  later,
  pod,
  podEntity,
  SECOND,
  T0,
  tick,
  web,
} from './signals.test-data.ts'

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

/** An Event on a pod of web, or on another object. */
const event = (reason: string, count: number, entity: Entity = podEntity()): Signal => ({
  kind: 'kubernetes-event',
  cluster: 'test',
  uid: 'e',
  type: 'Warning',
  reason,
  message: '',
  entity,
  target: entity.kind === 'Pod' ? web : entity,
  count,
  firstMs: T0,
  lastMs: T0,
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

describe('PartitionDetector: what stands around workloads', () => {
  const failing = (type: string, status: 'True' | 'False', reason: string) => ({
    conditions: [{ type, status, reason }],
  })
  const autoscaler = (seconds: number, desired: number, changes: object) =>
    around(at(seconds), 'HorizontalPodAutoscaler', web, {
      type: 'Autoscaler',
      minReplicas: 1,
      maxReplicas: 3,
      current: 3,
      desired,
      conditions: [],
      ...changes,
    })
  const claim = (seconds: number, changes: object) =>
    around(at(seconds), 'PersistentVolumeClaim', undefined, {
      type: 'Claim',
      phase: 'Pending',
      isTerminating: false,
      createdMs: T0,
      requestedBytes: 1,
      capacityBytes: 0,
      conditions: [],
      ...changes,
    })
  const budget = (seconds: number, cordonedNodes: string[], changes: object = {}) =>
    around(at(seconds), 'PodDisruptionBudget', web, {
      type: 'Budget',
      disruptionsAllowed: 0,
      currentHealthy: 2,
      desiredHealthy: 2,
      expectedPods: 2,
      cordonedNodes,
      ...changes,
    })
  const quota = (seconds: number, refused: string[]) =>
    around(at(seconds), 'ResourceQuota', undefined, {
      type: 'Quota',
      resources: [
        { name: 'requests.cpu', hard: 4, used: 1 },
        { name: 'pods', hard: 3, used: 3 },
      ],
      refused,
    })
  const service = (seconds: number, selects: 'nothing' | 'asleep' | 'unready' | 'ready', changes: object = {}) =>
    around(at(seconds), 'Service', undefined, {
      type: 'Endpoints',
      hasSelector: true,
      ready: 0,
      notReady: 0,
      selects,
      ...changes,
    })
  const webhook = (seconds: number, failsClosed: boolean, downServices: { namespace: string; name: string }[]) =>
    around(at(seconds), 'ValidatingWebhookConfiguration', undefined, {
      type: 'Webhook',
      failsClosed,
      services: [{ namespace: 'policy', name: 'guard' }],
      downServices,
    })
  const down = [{ namespace: 'policy', name: 'guard' }]
  const workload = (seconds: number, changes: object) =>
    around(at(seconds), 'Deployment', web, {
      type: 'Workload',
      generation: 1,
      observedGeneration: 1,
      wanted: 3,
      ready: 3,
      available: 3,
      updated: 3,
      isPaused: false,
      conditions: [],
      ...changes,
    })
  const node = (seconds: number, isUnschedulable: boolean) =>
    around(at(seconds), 'Node', undefined, { type: 'Node', isUnschedulable, conditions: [] })
  const init = (seconds: number, containers: ContainerState[]) =>
    pod(at(seconds), { phase: 'Pending', isReady: false, containers })
  const waits = container({ waiting: 'PodInitializing', isReady: false })
  const runs = container({ name: 'wait-for-db', isInit: true, runningSinceMs: T0, isReady: false })
  const tooMany = failing('ScalingLimited', 'True', 'TooManyReplicas')
  const blind = failing('ScalingActive', 'False', 'FailedGetResourceMetric')
  const provisioningFailed = (seconds: number) => [
    tick(at(seconds)),
    ...[1, 2].map((count) => event('ProvisioningFailed', count, claim(0, {}).entity)),
  ]
  const disrupted = (reason: string) => ({
    conditions: [{ type: 'DisruptionTarget', status: 'True' as const, reason, sinceMs: T0 }],
  })

  const cases: [string, Signal[], string[]][] = [
    ['an autoscaler that is just at its maximum', [autoscaler(0, 3, {}), tick(at(600))], []],
    ['… and wants more, for a moment', [autoscaler(0, 3, tooMany), autoscaler(60, 3, {}), tick(at(600))], []],
    ['… for two minutes', [autoscaler(0, 3, tooMany), tick(at(121))], ['+autoscaler-at-maximum']],
    [
      '… and gets more',
      [autoscaler(0, 3, tooMany), tick(at(121)), autoscaler(200, 2, {}), tick(at(261))],
      ['+autoscaler-at-maximum', '-autoscaler-at-maximum'],
    ],
    [
      'an autoscaler at its minimum',
      [autoscaler(0, 1, failing('ScalingLimited', 'True', 'TooFewReplicas')), tick(at(600))],
      [],
    ],
    ['an autoscaler without metrics', [autoscaler(0, 0, blind), tick(at(121))], ['+autoscaler-blind']],
    [
      'an autoscaler of what is scaled to 0',
      [autoscaler(0, 0, failing('ScalingActive', 'False', 'ScalingDisabled')), tick(at(600))],
      [],
    ],
    ['a claim that waits for a pod', [claim(0, { waitsForConsumer: true }), tick(at(3000))], []],
    ['a claim of a class nobody knows', [claim(0, {}), tick(at(600))], []],
    [
      '… whose provisioner fails',
      [claim(0, {}), ...provisioningFailed(10), tick(at(200)), ...provisioningFailed(290), tick(at(311))],
      ['+provisioning-failed', '+claim-pending'],
    ],
    [
      'a claim that should be bound at once',
      [claim(0, { waitsForConsumer: false }), tick(at(200)), tick(at(301)), claim(400, { phase: 'Bound' })],
      ['+claim-pending', '-claim-pending'],
    ],
    ['a claim whose volume is gone', [claim(0, { phase: 'Lost' })], ['+claim-lost']],
    ['a budget that allows nothing and nobody asks', [budget(0, []), tick(at(3000))], []],
    ['… while a cordoned node holds its pods', [budget(0, ['node-1']), tick(at(301))], ['+budget-deadlock']],
    [
      '… which are not healthy: that is their own trouble',
      [budget(0, ['node-1'], { currentHealthy: 1 }), tick(at(3000))],
      [],
    ],
    ['a quota that is full and refuses nobody', [quota(0, []), tick(at(3000))], []],
    [
      'a quota that refuses',
      [quota(0, ['Deployment/web']), tick(at(31)), quota(40, []), tick(at(101))],
      ['+quota-exhausted', '-quota-exhausted'],
    ],
    ['a Service that finds nothing', [service(0, 'nothing'), tick(at(121))], ['+service-without-endpoints']],
    ['… right after its creation', [service(0, 'nothing'), service(60, 'ready', { ready: 1 }), tick(at(600))], []],
    ['… whose workload sleeps', [service(0, 'asleep'), tick(at(600))], []],
    ['… whose pods are not ready', [service(0, 'unready', { notReady: 2 }), tick(at(600))], []],
    ['… whose pods are ready', [service(0, 'ready'), tick(at(121))], ['+service-without-endpoints']],
    ['… without a selector', [service(0, 'nothing', { hasSelector: false }), tick(at(600))], []],
    ['a webhook that nobody serves', [webhook(0, true, down), tick(at(31))], ['+webhook-down']],
    ['… and that lets all pass then', [webhook(0, false, down), tick(at(600))], []],
    [
      'pods that may not be created',
      [workload(0, failing('ReplicaFailure', 'True', 'FailedCreate')), tick(at(16))],
      ['+creation-refused'],
    ],
    ['an init container that does not end', [init(0, [runs, waits]), tick(at(301))], ['+init-hanging', '+pod-pending']],
    ['… and does in time', [init(0, [runs, waits]), pod(at(200)), tick(at(600))], []],
    ['an evicted pod', [pod(at(0), { phase: 'Failed', reason: 'Evicted' })], ['+pod-evicted']],
    [
      '… and what is left of it',
      [pod(at(0), { phase: 'Failed', reason: 'Evicted' }), tick(at(601))],
      ['+pod-evicted', '-pod-evicted'],
    ],
    ['a pod evicted for a taint', [pod(at(0), disrupted('DeletionByTaintManager'))], ['+pod-evicted']],
    ['a drained pod', [pod(at(0), disrupted('EvictionByEvictionAPI'))], []],
    [
      'a preempted pod',
      [pod(at(0), { isTerminating: true, ...disrupted('PreemptionByScheduler') })],
      ['+pod-preempted'],
    ],
    ['a node cordoned for an hour', [node(0, true), tick(at(1200)), node(1800, true), tick(at(3600))], []],
    [
      '… for a day',
      Array.from({ length: 145 }, (_, i) => node(i * 600, true)).concat(node(87_000, false), node(87_061, false)),
      ['+node-cordoned', '-node-cordoned'],
    ],
  ]
  for (const [given, signals, expected] of cases)
    it(`${given} → ${expected.join(' ') || 'nothing'}`, () => assert.deepEqual(story(feed(signals)), expected))
})

describe('PartitionDetector: Events read with the container’s state', () => {
  const died = (seconds: number, exitCode: number, reason = 'Error') =>
    pod(at(seconds), {
      containers: [container({ restarts: 1, lastTerminated: { reason, exitCode, finishedMs: at(seconds) } })],
    })
  const probed = [event('Unhealthy', 1), event('Killing', 1)]
  const waiting = (seconds: number, reason: string) =>
    pod(at(seconds), { phase: 'Pending', isReady: false, containers: [container({ waiting: reason, isReady: false })] })
  const cases: [string, Signal[], string[]][] = [
    ['killed by its probe', [tick(at(0)), ...probed, died(2, 137)], ['+killed-by-probe']],
    [
      '… told in the other order',
      [tick(at(0)), event('Unhealthy', 1), died(2, 143), event('Killing', 1)],
      ['+killed-by-probe'],
    ],
    [
      '… and well again after quiet',
      [tick(at(0)), ...probed, died(2, 137), tick(at(310)), tick(at(320)), tick(at(381))],
      ['+killed-by-probe', '-killed-by-probe'],
    ],
    ['killed for memory', [tick(at(0)), ...probed, died(2, 137, 'OOMKilled')], []],
    ['died by itself', [tick(at(0)), ...probed, died(2, 1)], []],
    ['a signal without a probe', [tick(at(0)), event('Killing', 1), died(2, 137)], []],
    ['a probe that failed, and nobody died', [tick(at(0)), ...probed, pod(at(2))], []],
    ['BackOff of a pull', [waiting(0, 'ImagePullBackOff'), event('BackOff', 3)], ['+image-pull', '+pull-failing']],
    [
      'Failed of a creation',
      [waiting(0, 'CreateContainerConfigError'), event('Failed', 3)],
      ['+container-config', '+create-failing'],
    ],
    ['BackOff of a restart', [crashing(0), event('BackOff', 3)], ['+crash-loop', '+restart-failing']],
    ['BackOff before any state says which', [tick(at(0)), event('BackOff', 5)], []],
    [
      '… and then one does',
      [tick(at(0)), event('BackOff', 5), waiting(1, 'ImagePullBackOff')],
      ['+image-pull', '+pull-failing'],
    ],
    ['… and none does for long', [tick(at(0)), event('BackOff', 5), tick(at(601)), waiting(602, 'ErrImagePull')], []],
  ]
  for (const [given, signals, expected] of cases)
    it(`${given} → ${expected.join(' ') || 'nothing'}`, () => assert.deepEqual(story(feed(signals)), expected))
})

describe('PartitionDetector: alerts of others', () => {
  const HOUR = 3600
  const alert = (seconds: number, status: 'firing' | 'resolved', changes: Partial<Alert> = {}) =>
    alertSignal(at(seconds), status, changes)
  const again = { startsMs: at(100) }
  const cases: [string, Signal[], string[]][] = [
    ['one that fires', [alert(0, 'firing')], ['+']],
    ['… and is repeated', [alert(0, 'firing'), alert(300, 'firing')], ['+']],
    ['… and is resolved', [alert(0, 'firing'), alert(300, 'resolved')], ['+', '-']],
    ['… told late', [alert(0, 'resolved'), alert(1, 'firing')], []],
    ['… and fires again', [alert(0, 'firing'), alert(50, 'resolved'), alert(100, 'firing', again)], ['+', '-', '+']],
    ['… whose end was lost', [alert(0, 'firing'), alert(100, 'firing', again)], ['+', '-', '+']],
    ['an older start after a newer one', [alert(100, 'firing', again), alert(101, 'firing')], ['+']],
    ['an end that nobody knows', [alert(0, 'resolved')], []],
    ['silence for a day', [alert(0, 'firing'), tick(at(23 * HOUR)), tick(at(24 * HOUR))], ['+', '-']],
    ['a repeat keeps it open', [alert(0, 'firing'), alert(20 * HOUR, 'firing'), tick(at(30 * HOUR))], ['+']],
    ['an end that was given', [alert(0, 'firing', { endsMs: at(60) }), tick(at(61)), tick(at(99))], ['+', '-']],
    [
      'two of one object with one start',
      [alert(0, 'firing'), alert(0, 'firing', { fingerprint: 'g' }), alert(1, 'resolved')],
      ['+', '+', '-'],
    ],
  ]
  const signs = (messages: readonly AnomalyMessage[]) => messages.map(({ kind }) => (kind === 'anomaly' ? '+' : '-'))
  for (const [given, signals, expected] of cases)
    it(`${given} → ${expected.join(' ') || 'nothing'}`, () => assert.deepEqual(signs(feed(signals)), expected))

  it('says whose finding it is, and which', () => {
    const [found] = feed([alert(0, 'firing')])
    assert.ok(found?.kind === 'anomaly')
    assert.deepEqual(
      [found.source, found.rule, found.severity, found.features, found.target],
      ['alert', { name: 'outside-alert', version: 1 }, 'critical', { alert: 'HighErrorRate', fingerprint: 'f' }, web],
    )
  })
  it('has one id for one fingerprint and start, and ends by the same', () => {
    const [opened, ended, other] = feed([alert(0, 'firing'), alert(50, 'resolved'), alert(100, 'firing', again)])
    assert.equal(opened!.id, ended!.id)
    assert.notEqual(opened!.id, other!.id)
    assert.equal(feed([alert(7, 'firing')])[0]!.id, opened!.id)
  })
  it('is bounded: the one heard of longest ago is given up', () => {
    const many = Array.from({ length: 1001 }, (_, i) => alert(i, 'firing', { fingerprint: `f${i}` }))
    const messages = feed(many)
    assert.deepEqual(signs(messages).filter((sign) => sign === '-').length, 1)
    assert.equal(messages.at(-1)!.id, messages[0]!.id)
  })
})

describe('PartitionDetector: events', () => {
  it('opens at the rule’s count, ends after quiet', () => {
    const signals = [
      pod(at(0), { phase: 'Pending', isReady: false }),
      event('FailedScheduling', 1),
      event('FailedScheduling', 1),
      tick(at(100)),
      tick(at(301)),
    ]
    const scheduling = story(feed(signals)).filter((told) => told.endsWith('failed-scheduling'))
    assert.deepEqual(scheduling, ['+failed-scheduling', '-failed-scheduling'])
  })
  const starting = (seconds: number) => pod(at(seconds), { isReady: false })
  const failing = (from: number, to: number) =>
    Array.from({ length: (to - from) / 10 }, (_, i) => [starting(from + i * 10), event('Unhealthy', 1)]).flat()
  it('takes probes that fail until a pod has started for what they are', () => {
    assert.deepEqual(feed([...failing(0, 60), pod(at(60)), tick(at(200)), tick(at(400))]), [])
    assert.ok(story(feed([pod(at(0)), ...failing(10, 220)])).includes('+probe-failed'))
  })
  it('says nothing of a pod that was scheduled a moment later', () => {
    const scheduled = pod(at(2), {
      phase: 'Pending',
      isReady: false,
      conditions: [{ type: 'PodScheduled', status: 'True' }],
    })
    const twice = [
      pod(at(0), { phase: 'Pending', isReady: false }),
      event('FailedScheduling', 1),
      event('FailedScheduling', 1),
    ]
    assert.deepEqual(feed([...twice, scheduled, tick(at(20)), tick(at(60))]), [])
    assert.deepEqual(story(feed([...twice, tick(at(20)), scheduled, tick(at(60))])), [
      '+failed-scheduling',
      '-failed-scheduling',
    ])
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
    assert.deepEqual(detector.tally, { samples: 3, refused: { late: 0, 'beyond-measure': 2, ahead: 0 } })
  })
  it('drops repeats and stragglers, counted', () => {
    const detector = new PartitionDetector(0)
    feed([beat(1, 1), beat(1, 1), beat(0, 1)], detector)
    assert.deepEqual(detector.tally, { samples: 9, refused: { late: 6, 'beyond-measure': 0, ahead: 0 } })
  })
})

describe('PartitionDetector: metrics with a limit', () => {
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
    ['a disk of a node that fills', fills('Node', 'node-1', 'node_disk_usage_pct'), ['+disk-forecast']],
    [
      'a node that runs out of file handles',
      fills('Node', 'node-1', 'node_file_handles_pct'),
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
      [...every(30, 3, (s) => about(at(s), 'Cluster', 'test', 'dns_servfail_pct', 30)), tick(at(1900)), tick(at(2000))],
      ['+dns-failing', '-dns-failing'],
    ],
  ]
  for (const [given, signals, expected] of cases)
    it(`${given} → ${expected.join(' ') || 'nothing'}`, () => assert.deepEqual(story(feed(signals)), expected))

  it('says how long is left and how fast it grows', () => {
    const [found] = feed(memory((s) => 40 + s / 75))
    assert.ok(found?.kind === 'anomaly')
    const { secondsLeft, slopePerHour } = found.features
    assert.equal(slopePerHour, 48)
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
