import assert from 'node:assert/strict'
import {
  deploymentRevisions,
  isPodReady,
  RESOURCES,
  rolloutStatus,
  statefulSetRevisions,
  daemonSetRevisions,
  type ControllerRevision,
  type Deployment,
  type Job,
  type Pod,
  type PodTemplate,
  type ReplicaSet,
  type Resource,
  type Revision,
  type RolloutWorkload,
} from '@kubewise/kube'
import { demoManifests } from '../demo/manifests.ts'
import { deletePod } from '../objects/pods.ts'
import { NAMESPACE, testWorld, type TestWorld } from '../testing/test-world.ts'
import { FAULTS } from './catalogue.ts'

const WORKLOADS: readonly [Resource, string][] = [
  ...['db', 'api', 'web', 'worker', 'search', 'mailer'].map((name): [Resource, string] => [RESOURCES.Deployment, name]),
  [RESOURCES.StatefulSet, 'cart'],
  [RESOURCES.DaemonSet, 'agent'],
]

/** Everything that the demo runs is complete and ready. */
function isWell(world: TestWorld): boolean {
  return WORKLOADS.every(([resource, name]) => {
    const workload = world.find<RolloutWorkload>(resource, name)
    return (
      workload.status !== undefined &&
      rolloutStatus(workload).phase === 'complete' &&
      world.podsOf(name).every(isPodReady)
    )
  })
}

function revisions(world: TestWorld, resource: Resource, name: string): Revision[] {
  const workload = world.find(resource, name)
  const sets = world.objects.list<ReplicaSet>(RESOURCES.ReplicaSet, NAMESPACE)
  const history = world.objects.list<ControllerRevision>(RESOURCES.ControllerRevision, NAMESPACE)
  if (resource === RESOURCES.Deployment) return deploymentRevisions(workload, sets)
  return resource === RESOURCES.StatefulSet
    ? statefulSetRevisions(workload, history)
    : daemonSetRevisions(workload, history)
}

/** Puts the template before the present one back, as `kubectl rollout undo` does; a StatefulSet's broken pod must be deleted, too. */
function rollBack(world: TestWorld, resource: Resource, name: string): void {
  const template = revisions(world, resource, name).findLast(({ isCurrent }) => !isCurrent)?.template as PodTemplate
  world.change<Deployment>(resource, name, (found) => ({ ...found, spec: { ...found.spec, template } }))
  if (resource !== RESOURCES.StatefulSet) return
  for (const pod of world.podsOf(name).filter((one) => !isPodReady(one)))
    deletePod(world.objects, pod, 'kubectl', world.nowMs())
}

const waitingReasons = (world: TestWorld, app: string) =>
  world.podsOf(app).flatMap(({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason ?? [])

describe('faults', () => {
  let world: TestWorld
  beforeEach(() => {
    world = testWorld()
    world.apply(...demoManifests())
    world.runUntil(() => isWell(world), 120)
  })

  it('leaves the demo alone when nothing is injected: an hour without a restart or a warning', () => {
    const since = world.nowMs()
    world.run(3600)
    assert.equal(isWell(world), true)
    const restarts = world.objects
      .list<Pod>(RESOURCES.Pod)
      .map(({ status }) => status?.containerStatuses?.[0]?.restartCount)
    assert.deepEqual(new Set(restarts), new Set([0]))
    const warnings = world.objects.list(RESOURCES.CoreEvent) as { type?: string; lastTimestamp?: string }[]
    assert.deepEqual(
      warnings.filter(({ type, lastTimestamp }) => type === 'Warning' && Date.parse(lastTimestamp ?? '') > since),
      [],
    )
  }).timeout(60_000)

  const rollouts: [string, string, string][] = [
    ['bad-rollout', 'web', 'CrashLoopBackOff'],
    ['bad-image', 'search', 'ImagePullBackOff'],
    ['missing-config', 'mailer', 'CreateContainerConfigError'],
  ]
  for (const [fault, deploymentName, reason] of rollouts)
    for (const [kind, name] of [
      ['Deployment', deploymentName],
      ['StatefulSet', 'cart'],
      ['DaemonSet', 'agent'],
    ] as const)
      it(`${fault} breaks new pods of a ${kind}; the last template heals it`, () => {
        world.inject(fault, `${kind}/${name}`)
        world.runUntil(() => waitingReasons(world, name).includes(reason), 120)
        assert.equal(isWell(world), false)
        assert.ok(world.podsOf(name).some(isPodReady), 'the old pods serve on')
        rollBack(world, RESOURCES[kind], name)
        world.run(1)
        world.runUntil(() => isWell(world), 120)
        world.run(120)
        assert.equal(isWell(world), true)
      })

  for (const [kind, name] of [
    ['Deployment', 'api'],
    ['StatefulSet', 'cart'],
    ['DaemonSet', 'agent'],
  ] as const)
    it(`memory kills every pod of a ${kind} without a rollout; half as much again is enough, a quarter is not`, () => {
      const before = revisions(world, RESOURCES[kind], name).length
      world.inject('memory', `${kind}/${name}`)
      const oomKills = (pod: Pod) =>
        pod.status?.containerStatuses?.[0]?.lastState?.terminated?.reason === 'OOMKilled' &&
        (pod.status.containerStatuses[0]?.restartCount ?? 0) >= 2
      world.runUntil(() => world.podsOf(name).every(oomKills), 120)
      assert.equal(revisions(world, RESOURCES[kind], name).length, before)
      const raise = (factor: number) =>
        world.change<Deployment>(RESOURCES[kind], name, (found) => {
          const [container] = found.spec?.template?.spec?.containers ?? []
          const limit = kind === 'DaemonSet' ? 64 : 256
          const resources = {
            ...container!.resources,
            limits: { ...container!.resources?.limits, memory: `${limit * factor}Mi` },
          }
          return {
            ...found,
            spec: {
              ...found.spec,
              template: {
                ...found.spec?.template,
                spec: { ...found.spec?.template?.spec, containers: [{ ...container!, resources }] },
              },
            },
          }
        })
      const evict = () =>
        kind === 'StatefulSet' &&
        world
          .podsOf(name)
          .filter((pod) => !isPodReady(pod))
          .forEach((pod) => deletePod(world.objects, pod, 'kubectl', world.nowMs()))
      raise(1.25)
      evict()
      world.run(90)
      assert.equal(isWell(world), false)
      raise(1.5)
      for (let round = 0; round < 6; round++) {
        evict()
        world.run(30)
      }
      world.runUntil(() => isWell(world), 300)
      world.run(300)
      assert.equal(isWell(world), true)
    })

  it('runaway-replica: one pod at its CPU limit, five times its siblings; a new pod in its place is well', () => {
    world.inject('runaway-replica', 'Deployment/worker')
    world.run(60)
    const usage = () =>
      world.world
        .sample(world.nowMs())
        .filter(
          ({ labels }) =>
            labels['__name__'] === 'container_cpu_usage_seconds_total' && labels['container'] === 'worker',
        )
    const before = new Map(usage().map(({ labels, value }) => [labels['pod'], value]))
    world.run(60)
    const rates = usage().map(({ labels, value }) => ({
      pod: labels['pod'] ?? '',
      cores: (value - (before.get(labels['pod']) ?? 0)) / 60,
    }))
    const [highest, ...others] = rates.toSorted((a, b) => b.cores - a.cores)
    assert.ok(Math.abs(highest!.cores - 0.5) < 0.01, `${highest!.cores}`)
    assert.ok(
      others.every(({ cores }) => cores > 0 && cores * 5 < highest!.cores),
      JSON.stringify(others),
    )
    deletePod(world.objects, world.find<Pod>(RESOURCES.Pod, highest!.pod), 'kubectl', world.nowMs())
    world.run(60)
    const after = new Map(usage().map(({ labels, value }) => [labels['pod'], value]))
    assert.equal(after.size, 4)
    world.run(60)
    for (const { labels, value } of usage()) assert.ok((value - (after.get(labels['pod']) ?? 0)) / 60 < 0.1)
  })

  it('rolling-update is slow, stays within its bounds and ends well by itself', () => {
    world.inject('rolling-update', 'Deployment/web')
    world.run(30)
    assert.equal(rolloutStatus(world.find<Deployment>(RESOURCES.Deployment, 'web')).phase, 'progressing')
    const seconds = world.runUntil(() => {
      assert.ok(world.podsOf('web').filter(isPodReady).length >= 3)
      return isWell(world)
    }, 300)
    assert.ok(seconds > 30)
    assert.equal(revisions(world, RESOURCES.Deployment, 'web').length, 2)
  })

  it('completed-job leaves a pod that succeeded', () => {
    world.inject('completed-job', 'Job/report')
    world.runUntil(() => world.find<Job>(RESOURCES.Job, 'report').status?.succeeded === 1, 60)
    assert.deepEqual(
      world.podsOf('report').map(({ status }) => status?.phase),
      ['Succeeded'],
    )
    world.inject('completed-job', 'Job/report')
    world.run(30)
    assert.equal(world.podsOf('report').length, 2)
  })

  it('bare-pod-crash makes a crash loop that nothing would replace', () => {
    world.inject('bare-pod-crash', 'Pod/debug')
    world.runUntil(
      () =>
        world.find<Pod>(RESOURCES.Pod, 'debug').status?.containerStatuses?.[0]?.state?.waiting?.reason ===
        'CrashLoopBackOff',
      60,
    )
    assert.equal(world.find<Pod>(RESOURCES.Pod, 'debug').metadata?.ownerReferences, undefined)
    deletePod(world.objects, world.find<Pod>(RESOURCES.Pod, 'debug'), 'kubectl', world.nowMs())
    world.run(60)
    assert.equal(world.objects.get(RESOURCES.Pod, NAMESPACE, 'debug'), undefined)
  })

  for (const target of ['Deployment/db', 'Service/db'])
    it(`dependency-down by ${target}: those who need it crash, and recover by themselves when it is back`, () => {
      world.inject('dependency-down', target)
      world.runUntil(
        () => ['api', 'cart'].every((name) => waitingReasons(world, name).includes('CrashLoopBackOff')),
        120,
      )
      assert.equal(world.podsOf('web').every(isPodReady), true, 'who does not need it serves on')
      world.change<Deployment>(RESOURCES.Deployment, 'db', (found) => ({
        ...found,
        spec: { ...found.spec, replicas: 1 },
      }))
      world.run(1)
      world.runUntil(() => isWell(world), 400)
    })

  it('node-not-ready takes a node away and node-recovered gives it back', () => {
    world.inject('node-not-ready', 'Node/node-2')
    world.run(400)
    const gone = (app: string) =>
      world.podsOf(app).filter(({ spec, metadata }) => spec?.nodeName === 'node-2' && metadata?.deletionTimestamp)
    assert.ok(['db', 'api', 'web', 'worker', 'search', 'mailer'].flatMap(gone).length > 0, 'its pods are evicted')
    assert.deepEqual(gone('agent'), [], 'a daemon stays with its node')
    world.inject('node-recovered', 'Node/node-2')
    world.runUntil(() => isWell(world), 200)
  })

  it('has a target in the demo for every fault of the catalogue', () => {
    const names = new Set(FAULTS.map(({ name }) => name))
    assert.equal(names.size, FAULTS.length)
    for (const { name, defaultTarget } of FAULTS) assert.doesNotThrow(() => world.inject(name, defaultTarget), name)
  })

  const wrong: [string, string, RegExp][] = [
    ['earthquake', 'Deployment/web', /^fault: expected one of memory, bad-rollout, .*, got "earthquake"$/],
    [
      'memory',
      'Pod/web',
      /^target of memory: expected Kind\/name with a kind of Deployment, StatefulSet, DaemonSet, got "Pod\/web"$/,
    ],
    ['memory', 'web', /expected Kind\/name/],
    ['bad-image', 'Deployment/nothing', /^target of bad-image: there is no Deployment nothing in shop$/],
  ]
  for (const [name, target, say] of wrong)
    it(`refuses ${name} in ${target}`, () =>
      assert.throws(() => world.inject(name, target), { name: 'RangeError', message: say }))
})
