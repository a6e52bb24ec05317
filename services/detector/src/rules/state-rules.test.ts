import assert from 'node:assert/strict'
import type { ContainerState, Signal } from '@kubewise/contracts'
import { PartitionDetector } from '../partition-detector.ts'
import {
  around,
  at,
  batch,
  container,
  crashing,
  event,
  feed,
  gone,
  killed,
  pod,
  SECOND,
  story,
  T0,
  tick,
  ticks,
  web,
} from '../signals.test-data.ts'

describe('rules of states: pods', () => {
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
    [
      'a state that is not heard of any more ends',
      [crashing(0), ...ticks(300, 3000)],
      ['+crash-loop', '+pod-not-ready', '-crash-loop', '-pod-not-ready'],
    ],
    [
      '… and not because nothing at all was heard of',
      [
        crashing(0),
        tick(at(2 * 3600)),
        tick(at(2 * 3600 + 5)),
        crashing(2 * 3600 + 300),
        ...ticks(2 * 3600 + 305, 2 * 3600 + 1800),
      ],
      ['+crash-loop', '+pod-not-ready'],
    ],
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

describe('rules of states: what stands around workloads', () => {
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
      [pod(at(0), { phase: 'Failed', reason: 'Evicted' }), tick(at(300)), tick(at(601))],
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
