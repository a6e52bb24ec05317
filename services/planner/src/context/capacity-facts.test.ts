import assert from 'node:assert/strict'
import type { TargetRecord } from '@kubewise/contracts'
import type { Node, Pod, PodMetrics, StorageClass } from '@kubewise/kube'
import { autoscaler, claim, condition, event, factsIn, node, unschedulable, withParts } from '../fixture/around.ts'
import { signal, type World } from '../fixture/context.ts'
import { deployment, MINUTE, NOW, pod, replicaSet, statefulSet, template } from '../fixture/objects.ts'
import { newSet, oldPods, oldSet, onlySet, rolling, settled, steadySet, v1 } from '../fixture/worlds.ts'

const GIB = 1024 ** 3

const asking = (requests: Record<string, string>) => ({ containers: [{ name: 'app', resources: { requests } }] })
const CPU = '0/1 nodes are available: 1 Insufficient cpu.'

describe('the facts of nodes', () => {
  const on = (nodes: Node[], more: Partial<World> = {}) => factsIn({ ...settled([{ name: 'web-0' }]), nodes, ...more })

  it('are those under the target’s pods, the one most in need first', () => {
    const facts = on([node('node-1', { pressures: ['MemoryPressure'] }), node('node-2', { ready: 'Unknown' })])
    assert.deepEqual(
      facts.nodes.map(({ name, pressures, pods }) => [name, pressures, pods]),
      [['node-1', ['MemoryPressure'], 1]],
    )
    assert.equal(facts.node.name, 'node-1')
    assert.deepEqual([facts.cluster.nodes, facts.cluster.nodesNotReady, facts.cluster.notReadyShare], [2, 1, 0.5])
  })

  it('take Unknown for a failure too', () => {
    const facts = on([node('node-1', { ready: 'Unknown' })])
    assert.deepEqual([facts.node.ready, facts.node.notReadySeconds, facts.pods[0]?.nodeReady], ['Unknown', 60, false])
  })

  it('tell who cordoned one, and whether it was us', () => {
    const cordoned = (by: string, annotations = {}) => on([node('node-1', { cordonedBy: by, annotations })]).node
    const mark = { 'kubewise.io/step': 'plan/step/1' }
    assert.deepEqual(
      [cordoned('kubectl'), cordoned('kubectl', mark), cordoned('kubewise', mark)].map(
        ({ cordonedBy, cordonedByUs }) => [cordonedBy, cordonedByUs],
      ),
      [
        ['kubectl', false],
        ['kubectl', false],
        ['kubewise', true],
      ],
    )
  })

  it('leave out the taints that the cluster sets by itself', () => {
    const taints = ['gpu', 'node.kubernetes.io/unschedulable'].map((key) => ({ key, effect: 'NoSchedule' }))
    assert.deepEqual(on([node('node-1', { taints })]).nodes[0]?.taints, ['gpu'])
  })
})

describe('the facts of scheduling', () => {
  const young = pod(newSet(), 'h2', { name: 'new', ready: false })
  const world = (waiting: Pod, more: Partial<World> = {}): World => ({
    target: rolling,
    children: [oldSet, newSet()],
    pods: [...oldPods, waiting],
    nodes: [node('node-1')],
    neighbourhood: 'cluster',
    ...more,
  })
  const blocked = (spec: Pod['spec'], more?: Partial<World>, message = CPU) =>
    factsIn(world(withParts(unschedulable(young, message), { spec: { ...spec, nodeName: '' } }), more)).scheduling

  it('say why and for how long', () => {
    const { blocked: isBlocked, reason, seconds } = blocked(asking({ cpu: '1' }))
    assert.deepEqual([isBlocked, reason, seconds], [true, 'insufficient', 400])
  })

  it('know a request that no node could take, were it empty', () => {
    assert.equal(blocked(asking({ cpu: '100' })).impossible, true)
    assert.equal(blocked(asking({ cpu: '3900m', memory: '9Gi' })).impossible, true)
    assert.equal(blocked(asking({ cpu: '4' })).impossible, false)
    assert.equal(blocked(asking({ 'example.com/gpu': '1' })).impossible, true)
    assert.equal(blocked(asking({ cpu: '100' }), { nodes: [] }).impossible, false)
  })

  it('know a cordoned node that would take it, by its room, labels and taints', () => {
    const cordoned = node('node-2', { cordonedBy: 'kubectl' })
    const of = (spec: Pod['spec'], more: Partial<World> = {}) =>
      blocked(spec, { nodes: [node('node-1', { cpu: '1' }), cordoned], ...more }, 'x').cordonedNode
    assert.equal(of(asking({ cpu: '2' })), 'node-2')
    assert.equal(of({ ...asking({ cpu: '2' }), nodeSelector: { disk: 'ssd' } }), '')
    assert.equal(of(asking({ cpu: '2' }), { neighbourhood: 'none' }), '')
    const full = withParts(pod(onlySet, 'h1', { node: 'node-2' }), { spec: asking({ cpu: '3' }) })
    assert.equal(of(asking({ cpu: '2' }), { neighbours: [full] }), '')
    const tainted = node('node-2', { cordonedBy: 'x', taints: [{ key: 'gpu', effect: 'NoSchedule' }] })
    assert.equal(of(asking({ cpu: '2' }), { nodes: [tainted] }), '')
    const tolerating = { ...asking({ cpu: '2' }), tolerations: [{ key: 'gpu', operator: 'Exists' }] }
    assert.equal(of(tolerating, { nodes: [tainted] }), 'node-2')
  })

  it('know that the rollout brought it', () => {
    const from = { ...template(), spec: asking({ cpu: '1' }) }
    const to = { ...template(), spec: asking({ cpu: '100' }) }
    const target = deployment(to, { status: { updatedReplicas: 1 } })
    const children = [replicaSet(target, 1, from, { wanted: 3 }), replicaSet(target, 2, to, { wanted: 1, ready: 0 })]
    const pods = [...['a', 'b', 'c'].map((name) => pod(children[0], 'h1', { name })), unschedulable(young, CPU)]
    assert.equal(factsIn({ target, children, pods }).scheduling.introducedByRollout, true)
    assert.equal(blocked(asking({ cpu: '1' })).introducedByRollout, false)
  })

  it('know pods that were put off for others', () => {
    const conditions = [condition('DisruptionTarget', 'True', { reason: 'PreemptionByScheduler' })]
    const put = withParts(pod(onlySet, 'h1'), { status: { conditions } })
    assert.equal(factsIn({ ...settled([]), pods: [put] }).scheduling.preempted, true)
  })
})

describe('the facts of volumes', () => {
  const target = statefulSet({
    ...v1,
    spec: { containers: [], volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] },
  })
  const fast: StorageClass = { metadata: { name: 'fast' }, allowVolumeExpansion: true, volumeBindingMode: 'Immediate' }
  const seen = (one: ReturnType<typeof claim>, more: Partial<World> = {}) =>
    factsIn({ target, claims: [one], storageClasses: [fast], ...more })
  const pending = (spec = {}) => claim('data', { spec, status: { phase: 'Pending', capacity: {} } })

  it('give one bounded expansion', () => {
    const next = (size: string, more: Partial<World> = {}) => {
      const sized = { spec: { resources: { requests: { storage: size } } }, status: { capacity: { storage: size } } }
      return seen(claim('data', sized), more).volumes[0]?.nextSize
    }
    const originals = (storage: string): Partial<World> => ({
      targetRecord: { originalsOf: 'incident-1', originals: { 'claim/storage': storage } } as unknown as TargetRecord,
    })
    assert.deepEqual(
      [
        next('10Gi'),
        next('100Mi'),
        next('30Gi', originals('10Gi')),
        next('40Gi', originals('10Gi')),
        next('10Gi', { storageClasses: [{ metadata: { name: 'fast' } }] }),
      ],
      ['15Gi', '150Mi', '40Gi', '', ''],
    )
  })

  it('give none while one is under way', () =>
    assert.equal(seen(claim('data', { status: { capacity: { storage: '5Gi' } } })).volumes[0]?.nextSize, ''))

  it('tell a wait for a pod from a failure', () => {
    const lazy: StorageClass = { ...fast, volumeBindingMode: 'WaitForFirstConsumer' }
    assert.equal(seen(pending(), { storageClasses: [lazy] }).volumes[0]?.waitsForConsumer, true)
    const failed = event(pending(), 'ProvisioningFailed', 'x', { reporter: 'ebs.csi.aws.com_controller-1' })
    const { volume } = seen(pending(), { storageClasses: [lazy], events: [failed] })
    assert.deepEqual([volume.waitsForConsumer, volume.provisioningFailed], [false, true])
  })

  it('know a class that is not there, and do not guess where classes cannot be read', () => {
    const exists = (more: Partial<World>) => seen(pending({ storageClassName: 'nope' }), more).volumes[0]?.classExists
    assert.deepEqual([exists({}), exists({ unread: ['StorageClass'], storageClasses: [] })], [false, true])
  })

  it('know whether it was ever bound', () => {
    const ever = (one: ReturnType<typeof claim>) => seen(one).volumes[0]?.everBound
    const bound = { 'pv.kubernetes.io/bind-completed': 'yes' }
    assert.deepEqual(
      [
        ever(pending()),
        ever(claim('data')),
        ever(pending({ volumeName: 'pv-1' })),
        ever(claim('data', { annotations: bound, status: { phase: 'Pending' } })),
      ],
      [false, true, true, true],
    )
  })

  it('know how full one is, and how soon it will be', () => {
    const filling = signal('volume-forecast', undefined, { source: 'metric', metric: 'volume_used_pct' })
    const features = { 'volume-forecast': { claim: 'data', usedShare: 0.93, secondsLeft: 1800, slopePerHour: 1e9 } }
    const facts = seen(claim('data'), { signals: [filling], features })
    assert.deepEqual([facts.volume.name, facts.volume.usedShare, facts.volume.fullInSeconds], ['data', 0.93, 1800])
    assert.deepEqual([facts.forecast.exists, facts.forecast.resource, facts.forecast.name], [true, 'volume', 'data'])
    assert.equal(facts.volume.sizeBytes, 10 * GIB)
  })

  it('know one that hangs at another node', () => {
    const one = withParts(pod(target, 'web-h1', { name: 'web-0', ready: false, phase: 'Pending' }), {
      spec: { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] },
    })
    const said = (reporter: string) =>
      event(one, 'FailedAttachVolume', 'Multi-Attach error for volume "pvc-1" x', { reporter })
    const { volume, pods } = seen(claim('data'), { pods: [one], events: [said('attachdetach-controller')] })
    assert.deepEqual([volume.multiAttach, pods[0]?.multiAttach], [true, true])
    assert.equal(seen(claim('data'), { pods: [one], events: [said('a-user')] }).pods[0]?.multiAttach, false)
  })
})

describe('the facts of the autoscaler', () => {
  const limited = (reason: string) => ({ conditions: [condition('ScalingLimited', 'True', { reason })] })
  const scaled = { ...v1, spec: asking({ cpu: '1' }) }
  const target = deployment(scaled)
  const at = (max: number, status: object, more: Partial<World> = {}) =>
    factsIn({
      target,
      autoscalers: [autoscaler(target, max, status)],
      nodes: [node('node-1')],
      neighbourhood: 'cluster',
      ...more,
    }).autoscaler

  it('know its maximum, one bounded raise, and whether there is room', () => {
    const atMax = { currentReplicas: 3, desiredReplicas: 3, ...limited('TooManyReplicas') }
    const taken = (cpu: string) => [withParts(pod(onlySet, 'h1', { node: 'node-1' }), { spec: asking({ cpu }) })]
    assert.deepEqual(
      [at(3, atMax), at(3, atMax, { neighbours: taken('3') }), at(3, atMax, { neighbourhood: 'none' })].map((each) => [
        each.atMax,
        each.nextMax,
        each.hasRoom,
      ]),
      [
        [true, 5, true],
        [true, 5, false],
        [true, 5, false],
      ],
    )
    assert.equal(at(3, { currentReplicas: 1, ...limited('TooFewReplicas') }).atMax, false)
  })

  it('raise no further than twice what it was before the incident', () => {
    const originals = { originalsOf: 'incident-1', originals: { 'autoscaler/maximum': '3' } } as unknown as TargetRecord
    assert.deepEqual(
      [4, 5, 6].map((max) => at(max, {}, { targetRecord: originals }).nextMax),
      [6, 6, 0],
    )
  })

  it('know that it cannot read what it scales by, and that it is switched off', () => {
    const active = (reason: string) => at(3, { conditions: [condition('ScalingActive', 'False', { reason })] }).blind
    assert.deepEqual([active('FailedGetResourceMetric'), active('ScalingDisabled')], [true, false])
  })
})

describe('the facts of limits', () => {
  const limited = deployment({ ...v1, spec: { containers: [{ name: 'app', resources: { limits: { cpu: '200m' } } }] } })
  const throttled = (name: string) =>
    signal('cpu-throttled', name, { source: 'metric', metric: 'pod_cpu_throttled_pct' })
  const cpu = (signals: ReturnType<typeof signal>[], more: Partial<World> = {}) =>
    factsIn({ ...settled([{}, {}]), target: limited, signals, ...more }).cpu

  it('tell throttling of all replicas from that of one', () => {
    assert.deepEqual(cpu([throttled('web-0'), throttled('web-1')]), {
      throttled: true,
      allReplicas: true,
      container: 'app',
      limit: '200m',
      nextLimit: '300m',
    })
    assert.equal(cpu([throttled('web-0')]).allReplicas, false)
    assert.equal(cpu([throttled('web-0'), { ...throttled('web-1'), resolvedMs: NOW }]).allReplicas, false)
  })

  it('raise no further than is allowed', () => {
    const originals = { originalsOf: 'incident-1', originals: { 'app/cpu': '50m' } } as unknown as TargetRecord
    assert.equal(cpu([throttled('web-0')], { targetRecord: originals }).nextLimit, '')
  })

  it('say that growth began with the rollout only by the detector’s word', () => {
    const growing = signal('memory-forecast', 'web-0', { source: 'metric' })
    const began = (growingSinceMs?: number) =>
      factsIn({
        ...settled([{}]),
        signals: [growing],
        features: {
          'memory-forecast': {
            container: 'app',
            secondsLeft: 900,
            ...(growingSinceMs !== undefined && { growingSinceMs }),
          },
        },
      }).forecast
    const rolledOutMs = NOW - 90_000_000
    assert.deepEqual(
      [began().beganWithRollout, began(rolledOutMs + MINUTE).beganWithRollout, began(NOW).beganWithRollout],
      [false, true, false],
    )
    assert.deepEqual([began().resource, began().name, began().secondsLeft], ['memory', 'app', 900])
  })
})

describe('the one that takes from its node', () => {
  const MIB = 1024 ** 2
  const metrics = (one: Pod, mib: number): PodMetrics => ({
    metadata: { name: one.metadata?.name ?? '', namespace: 'shop' },
    containers: [{ name: 'app', usage: { memory: String(mib * MIB) } }],
  })
  const pods = ['web-0', 'web-1'].map((name) =>
    withParts(pod(onlySet, 'h1', { name }), { spec: asking({ memory: '100Mi' }) }),
  )
  const culprit = (uses: number[], more: Partial<World> = {}) =>
    factsIn({
      target: steadySet,
      children: [onlySet],
      pods,
      nodes: [node('node-1', { pressures: ['MemoryPressure'] })],
      usage: pods.map((one, index) => metrics(one, uses[index] ?? 0)),
      ...more,
    }).culprit

  it('is the pod far over its request on a node short of memory', () =>
    assert.deepEqual(culprit([900, 120]), {
      exists: true,
      namespace: 'shop',
      pod: 'web-0',
      uid: 'uid-web-0',
      resource: 'memory',
    }))

  it('is none where two take the same, all keep to their requests, or the node lacks nothing', () => {
    assert.equal(culprit([900, 800]).exists, false)
    assert.equal(culprit([90, 80]).exists, false)
    assert.equal(culprit([900, 80], { nodes: [node('node-1')] }).exists, false)
    assert.equal(culprit([900, 80], { usage: [] }).exists, false)
  })

  it('is never a pod that nothing would make anew', () => {
    const bare = withParts(pod(undefined, '', { name: 'web-0' }), { spec: asking({ memory: '100Mi' }) })
    assert.equal(culprit([900, 120], { pods: [bare] }).exists, false)
  })

  it('is any pod on the node of an incident on a node', () => {
    const incident = { target: { cluster: 'prod', kind: 'Node', namespace: '', name: 'node-1' } }
    const target = node('node-1', { pressures: ['MemoryPressure'] })
    assert.equal(culprit([900, 120], { target, incident, pods: [], neighbours: pods }).pod, 'web-0')
  })
})
