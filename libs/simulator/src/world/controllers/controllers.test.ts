import assert from 'node:assert/strict'
import {
  conditionOf,
  isPodReady,
  RESOURCES,
  serviceAvailability,
  type CronJob,
  type EndpointSlice,
  type HorizontalPodAutoscaler,
  type Job,
  type Node,
  type Pod,
  type PodDisruptionBudget,
  type Service,
} from '@kubewise/kube'
import { deletePod } from '../objects/pods.ts'
import { deployment, object, statefulSet, template } from '../testing/manifests.ts'
import { NAMESPACE, testWorld, type TestWorld } from '../testing/test-world.ts'

const ready = (world: TestWorld, app: string) => world.podsOf(app).filter(isPodReady).length

describe('disruption budgets', () => {
  const cases: [
    string,
    object,
    number,
    { expectedPods: number; desiredHealthy: number; disruptionsAllowed: number },
  ][] = [
    ['minAvailable 2 of 3', { minAvailable: 2 }, 3, { expectedPods: 3, desiredHealthy: 2, disruptionsAllowed: 1 }],
    [
      'minAvailable 50 % of 3 rounds up',
      { minAvailable: '50%' },
      3,
      { expectedPods: 3, desiredHealthy: 2, disruptionsAllowed: 1 },
    ],
    ['maxUnavailable 1 of 3', { maxUnavailable: 1 }, 3, { expectedPods: 3, desiredHealthy: 2, disruptionsAllowed: 1 }],
    [
      'minAvailable as many as there are',
      { minAvailable: 3 },
      3,
      { expectedPods: 3, desiredHealthy: 3, disruptionsAllowed: 0 },
    ],
    [
      'maxUnavailable 30 % of 4',
      { maxUnavailable: '30%' },
      4,
      { expectedPods: 4, desiredHealthy: 2, disruptionsAllowed: 2 },
    ],
    ['no pods', { minAvailable: 1 }, 0, { expectedPods: 0, desiredHealthy: 1, disruptionsAllowed: 0 }],
  ]
  for (const [given, spec, replicas, expected] of cases)
    it(given, () => {
      const world = testWorld()
      world.apply(
        deployment('web', { replicas }),
        object('policy/v1', 'PodDisruptionBudget', 'web', {
          spec: { ...spec, selector: { matchLabels: { app: 'web' } } },
        }),
      )
      world.run(15)
      const { status = {} } = world.find<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, 'web')
      assert.deepEqual(
        {
          expectedPods: status.expectedPods,
          desiredHealthy: status.desiredHealthy,
          disruptionsAllowed: status.disruptionsAllowed,
        },
        expected,
      )
      assert.equal(
        conditionOf({ status }, 'DisruptionAllowed')?.status,
        expected.disruptionsAllowed > 0 ? 'True' : 'False',
      )
    })

  it('counts pods that are not ready or on their way out as not healthy', () => {
    const world = testWorld()
    world.apply(
      deployment('web', { replicas: 3, behaviour: { readyAfterSeconds: 5, stopSeconds: 20 } }),
      object('policy/v1', 'PodDisruptionBudget', 'web', {
        spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
      }),
    )
    world.run(15)
    deletePod(world.objects, world.podsOf('web')[0]!, 'kubectl', world.nowMs())
    world.run(1)
    const { status } = world.find<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, 'web')
    assert.equal(status?.currentHealthy, 2)
    assert.equal(status?.disruptionsAllowed, 1)
  })
})

describe('scheduler', () => {
  it('spreads pods over nodes and binds none where there is no room', () => {
    const world = testWorld(2)
    world.apply(
      deployment('web', { replicas: 2 }),
      deployment('huge', { container: { resources: { requests: { cpu: '100' } } } }),
    )
    world.run(5)
    assert.equal(new Set(world.podsOf('web').map(({ spec }) => spec?.nodeName)).size, 2)
    const [pod] = world.podsOf('huge')
    assert.equal(pod?.spec?.nodeName, undefined)
    assert.equal(conditionOf({ status: pod?.status ?? {} }, 'PodScheduled')?.reason, 'Unschedulable')
    const [event] = world.eventsOf('FailedScheduling')
    assert.equal(
      event?.message,
      '0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.',
    )
    assert.equal(event?.type, 'Warning')
  })

  it('names untolerated taints, cordons and selectors, and binds when they are gone', () => {
    const world = testWorld(3)
    const change = (name: string, spec: Node['spec']) =>
      world.objects.update<Node>(RESOURCES.Node, undefined, name, 'kubectl', (node) => ({
        ...node,
        spec: { ...node.spec, ...spec },
      }))
    change('node-1', { unschedulable: true })
    change('node-2', { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] })
    const manifest = deployment('web')
    manifest.spec!.template!.spec!.nodeSelector = { 'kubernetes.io/hostname': 'node-2' }
    world.apply(manifest)
    world.run(5)
    const said = world.eventsOf('FailedScheduling')[0]?.message ?? ''
    for (const why of [
      '1 node(s) were unschedulable',
      '1 node(s) had untolerated taint {gpu: yes}',
      "1 node(s) didn't match Pod's node affinity/selector",
    ])
      assert.ok(said.includes(why), said)
    change('node-2', { taints: [] })
    world.run(15)
    assert.equal(world.podsOf('web')[0]?.spec?.nodeName, 'node-2')
  })
})

describe('node lifecycle', () => {
  it('declares a silent node unknown after 50 s, evicts after 300 s, and takes it back', () => {
    const world = testWorld(2)
    world.apply(deployment('web', { replicas: 4 }), statefulSet('db'))
    world.run(20)
    const node = () => world.objects.get<Node>(RESOURCES.Node, undefined, 'node-2')!
    world.world.inject({ name: 'node-not-ready', namespace: '', target: 'Node/node-2' }, world.nowMs())
    world.run(45)
    assert.equal(conditionOf({ status: node().status ?? {} }, 'Ready')?.status, 'True')
    world.run(10)
    assert.deepEqual(
      [
        conditionOf({ status: node().status ?? {} }, 'Ready')?.status,
        conditionOf({ status: node().status ?? {} }, 'Ready')?.reason,
      ],
      ['Unknown', 'NodeStatusUnknown'],
    )
    assert.deepEqual(
      node().spec?.taints?.map(({ key, effect }) => `${key}:${effect}`),
      ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'],
    )
    assert.equal(ready(world, 'web'), 2, 'its pods are no longer ready')
    assert.equal(world.eventsOf('NodeNotReady', 'node-2')[0]?.type, 'Normal')
    assert.ok(
      world
        .eventsOf('NodeNotReady')
        .some(({ type, involvedObject }) => type === 'Warning' && involvedObject?.kind === 'Pod'),
    )
    world.run(310)
    assert.equal(ready(world, 'web'), 4, 'replaced on the other node')
    assert.ok(world.eventsOf('TaintManagerEviction').length > 0)
    const stuck = world.podsOf('web').filter(({ metadata }) => metadata?.deletionTimestamp)
    assert.equal(stuck.length, 2, 'nobody there to let them go')
    world.world.inject({ name: 'node-recovered', namespace: '', target: 'Node/node-2' }, world.nowMs())
    world.run(10)
    assert.equal(conditionOf({ status: node().status ?? {} }, 'Ready')?.status, 'True')
    assert.equal(node().spec?.taints ?? undefined, undefined)
    assert.equal(world.podsOf('web').length, 4)
  })

  it('shows no metrics of a silent node', () => {
    const world = testWorld(2)
    world.apply(deployment('web', { replicas: 2 }))
    world.run(10)
    const cadvisor = () =>
      world.world
        .sample(world.nowMs())
        .filter(({ labels }) => labels['__name__'] === 'container_cpu_usage_seconds_total').length
    assert.equal(cadvisor(), 2)
    world.world.inject({ name: 'node-not-ready', namespace: '', target: 'Node/node-2' }, world.nowMs())
    world.run(5)
    assert.equal(cadvisor(), 1)
    assert.deepEqual(
      world.world
        .sample(world.nowMs())
        .filter(({ labels, value }) => labels['__name__'] === 'up' && value === 0)
        .map(({ labels }) => labels['instance']),
      ['node-2', 'node-2:9100'],
    )
  })
})

describe('Jobs', () => {
  const job = (spec: object, behaviour: object) =>
    object('batch/v1', 'Job', 'once', {
      spec: {
        template: { ...template('once', { behaviour }), spec: { ...template('once').spec, restartPolicy: 'Never' } },
        ...spec,
      },
    })
  const find = (world: TestWorld) => world.find<Job>(RESOURCES.Job, 'once')

  it('completes', () => {
    const world = testWorld()
    world.apply(job({ completions: 3, parallelism: 2 }, { crashAfterSeconds: 5, exitCode: 0 }))
    world.runUntil(() => find(world).status?.completionTime !== undefined, 60)
    assert.equal(find(world).status?.succeeded, 3)
    assert.deepEqual(
      find(world).status?.conditions?.map(({ type, status }) => [type, status]),
      [
        ['SuccessCriteriaMet', 'True'],
        ['Complete', 'True'],
      ],
    )
    assert.equal(world.eventsOf('Completed')[0]?.message, 'Job completed')
    assert.ok(world.podsOf('once').every(({ status }) => status?.phase === 'Succeeded'))
  })

  it('fails after its back-off limit, waiting 10, 20, 40 s between pods', () => {
    const world = testWorld()
    world.apply(job({ backoffLimit: 2 }, { crashAfterSeconds: 1 }))
    const seconds = world.runUntil(
      () => conditionOf({ status: find(world).status ?? {} }, 'Failed')?.status === 'True',
      120,
    )
    assert.ok(seconds >= 30 && seconds < 50, `${seconds}`)
    assert.equal(find(world).status?.failed, 3)
    assert.equal(world.eventsOf('BackoffLimitExceeded')[0]?.message, 'Job has reached the specified backoff limit')
  })

  it('run by schedule, keeping some history', () => {
    const world = testWorld()
    const { spec } = job({}, { crashAfterSeconds: 2, exitCode: 0 }) as Job
    world.apply(
      object('batch/v1', 'CronJob', 'tick', {
        spec: { schedule: '*/2 * * * *', successfulJobsHistoryLimit: 2, jobTemplate: { spec } },
      }),
    )
    world.run(60 * 9)
    const jobs = world.objects.list<Job>(RESOURCES.Job, NAMESPACE)
    assert.equal(jobs.length, 2)
    assert.ok(jobs.every(({ metadata }) => /^tick-\d+$/.test(metadata?.name ?? '')))
    assert.equal(world.find<CronJob>(RESOURCES.CronJob, 'tick').status?.lastScheduleTime, '2025-01-06T10:08:00Z')
    assert.equal(world.eventsOf('SuccessfulCreate', 'tick').length, 4)
  })
})

describe('Services', () => {
  it('list the pods that are ready behind them', () => {
    const world = testWorld()
    world.apply(
      deployment('web', { replicas: 2, behaviour: { readyAfterSeconds: 5 } }),
      object('v1', 'Service', 'web', { spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] } }),
    )
    const available = () =>
      serviceAvailability(
        { namespace: NAMESPACE, name: 'web' },
        world.find<Service>(RESOURCES.Service, 'web'),
        world.objects.list<EndpointSlice>(RESOURCES.EndpointSlice, NAMESPACE),
      )
    world.run(3)
    assert.equal(available().isAvailable, false)
    world.run(10)
    assert.equal(available().readyEndpoints, 2)
    const [slice] = world.objects.list<EndpointSlice>(RESOURCES.EndpointSlice, NAMESPACE)
    assert.deepEqual(slice?.ports, [{ port: 8080, protocol: 'TCP' }])
    assert.equal(slice?.endpoints?.[0]?.targetRef?.kind, 'Pod')
    deletePod(world.objects, world.podsOf('web')[0] as Pod, 'kubectl', world.nowMs())
    world.run(1)
    assert.equal(available().readyEndpoints, 1)
  })
})

describe('autoscaler', () => {
  const scaler = (maxReplicas: number) =>
    object('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
        ],
      },
    })

  it('grows with the load up to its maximum and says that it is limited', () => {
    const world = testWorld()
    world.apply(deployment('web', { behaviour: { cpuMilli: 190, isLoadShared: true, load: { daily: 0 } } }), scaler(3))
    world.run(120)
    assert.equal(ready(world, 'web'), 3)
    const { status = {} } = world.find<HorizontalPodAutoscaler>(RESOURCES.HorizontalPodAutoscaler, 'web')
    assert.equal(conditionOf({ status }, 'ScalingLimited')?.reason, 'TooManyReplicas')
    assert.match(
      world.eventsOf('SuccessfulRescale')[0]?.message ?? '',
      /^New size: 3; reason: cpu resource utilization/,
    )
  })

  it('cannot work without requests, and says so', () => {
    const world = testWorld()
    world.apply(deployment('web', { container: { resources: {} } }), scaler(3))
    world.run(60)
    const { status = {} } = world.find<HorizontalPodAutoscaler>(RESOURCES.HorizontalPodAutoscaler, 'web')
    assert.equal(conditionOf({ status }, 'ScalingActive')?.status, 'False')
    assert.equal(world.eventsOf('FailedGetResourceMetric')[0]?.type, 'Warning')
  })
})
