import assert from 'node:assert/strict'
import {
  conditionOf,
  deploymentRevisions,
  isPodReady,
  RESOURCES,
  rolloutStatus,
  type Deployment,
  type PodTemplate,
  type ReplicaSet,
} from '@kubewise/kube'
import { deployment, object } from '../../testing/manifests.ts'
import { NAMESPACE, testWorld, type TestWorld } from '../../testing/test-world.ts'

const find = (world: TestWorld) => world.find<Deployment>(RESOURCES.Deployment, 'web')
const setsOf = (world: TestWorld) => world.objects.list<ReplicaSet>(RESOURCES.ReplicaSet, NAMESPACE)
const isComplete = (world: TestWorld) => rolloutStatus(find(world)).phase === 'complete'
const readyPods = (world: TestWorld) => world.podsOf('web').filter(isPodReady).length
const conditions = (world: TestWorld, type: string) => conditionOf({ status: find(world).status ?? {} }, type)

function setEnv(world: TestWorld, value: string, more: Partial<Deployment['spec']> = {}): void {
  world.change<Deployment>(RESOURCES.Deployment, 'web', (found) => ({
    ...found,
    spec: { ...found.spec, ...more, template: withEnv(found.spec?.template, value) },
  }))
}

function withEnv(template: PodTemplate = {}, value: string): PodTemplate {
  const [container] = template.spec?.containers ?? []
  return { ...template, spec: { ...template.spec, containers: [{ ...container!, env: [{ name: 'V', value }] }] } }
}

function setTemplate(world: TestWorld, template: PodTemplate | undefined): void {
  world.change<Deployment>(RESOURCES.Deployment, 'web', (found) => ({
    ...found,
    spec: { ...found.spec, ...(template ? { template } : {}) },
  }))
}

const CRASHES = { env: [{ name: 'V', value: 'crash' }], command: ['sh', '-c', 'exit 1'] }

describe('Deployment', () => {
  let world: TestWorld
  beforeEach(() => void (world = testWorld()))

  function start(wish: Parameters<typeof deployment>[1] = {}): void {
    world.apply(deployment('web', { replicas: 4, behaviour: { readyAfterSeconds: 4 }, ...wish }))
    world.runUntil(() => isComplete(world), 60)
  }

  it('creates a ReplicaSet named after its template, at revision 1', () => {
    start()
    const [set, ...others] = setsOf(world)
    assert.deepEqual(others, [])
    const hash = set?.metadata?.labels?.['pod-template-hash']
    assert.match(hash ?? '', /^[bcdfghjklmnpqrstvwxz2456789]{8,10}$/)
    assert.equal(set?.metadata?.name, `web-${hash}`)
    assert.equal(find(world).metadata?.annotations?.['deployment.kubernetes.io/revision'], '1')
    assert.deepEqual(
      { ...find(world).status, conditions: undefined, observedGeneration: undefined },
      {
        replicas: 4,
        updatedReplicas: 4,
        readyReplicas: 4,
        availableReplicas: 4,
        unavailableReplicas: 0,
        conditions: undefined,
        observedGeneration: undefined,
      },
    )
    assert.equal(find(world).status?.observedGeneration, find(world).metadata?.generation)
    assert.equal(conditions(world, 'Available')?.reason, 'MinimumReplicasAvailable')
    assert.equal(conditions(world, 'Progressing')?.reason, 'NewReplicaSetAvailable')
    assert.equal(world.eventsOf('ScalingReplicaSet')[0]?.message, `Scaled up replica set web-${hash} from 0 to 4`)
  })

  it('never goes over its surge nor under its minimum while it rolls', () => {
    start()
    setEnv(world, 'next')
    let [most, least] = [0, 99]
    world.runUntil(() => {
      const pods = world.podsOf('web').filter(({ metadata }) => !metadata?.deletionTimestamp)
      most = Math.max(most, pods.length)
      least = Math.min(least, readyPods(world))
      return isComplete(world) && find(world).metadata?.annotations?.['deployment.kubernetes.io/revision'] === '2'
    }, 120)
    assert.equal(most, 5, '25 % of 4 more')
    assert.equal(least, 3, '25 % of 4 fewer')
    assert.deepEqual(
      setsOf(world)
        .map(({ spec }) => spec?.replicas)
        .toSorted(),
      [0, 4],
    )
  })

  it('stalls on pods that crash: one surplus and one replaced, three old ones serving', () => {
    start()
    setTemplate(world, {
      ...find(world).spec?.template,
      spec: { containers: [{ ...find(world).spec!.template!.spec!.containers[0]!, ...CRASHES }] },
    })
    world.run(120)
    assert.equal(readyPods(world), 3)
    assert.deepEqual(
      setsOf(world).map(({ spec }) => spec?.replicas),
      [3, 2],
    )
    assert.equal(conditions(world, 'Available')?.status, 'True')
    assert.equal(rolloutStatus(find(world)).phase, 'progressing')
  })

  it('exceeds its deadline only when nothing moved for so long, and emits no Event for it', () => {
    start({ spec: { progressDeadlineSeconds: 60 } })
    setEnv(world, 'slow')
    setTemplate(world, {
      ...find(world).spec?.template,
      spec: { containers: [{ ...find(world).spec!.template!.spec!.containers[0]!, ...CRASHES }] },
    })
    world.run(55)
    assert.equal(conditions(world, 'Progressing')?.status, 'True')
    world.run(15)
    assert.deepEqual(
      [conditions(world, 'Progressing')?.status, conditions(world, 'Progressing')?.reason],
      ['False', 'ProgressDeadlineExceeded'],
    )
    assert.match(conditions(world, 'Progressing')?.message ?? '', /^ReplicaSet "web-.*" has timed out progressing\.$/)
    assert.ok(!world.objects.list(RESOURCES.CoreEvent).some((event) => JSON.stringify(event).includes('Deadline')))
  })

  it('takes the old ReplicaSet again when the template is put back, under a new revision', () => {
    start()
    const template = find(world).spec?.template
    const [old] = setsOf(world)
    setEnv(world, 'next')
    world.runUntil(() => isComplete(world) && setsOf(world).length === 2, 120)
    setTemplate(world, template)
    world.run(1)
    world.runUntil(() => isComplete(world), 120)
    const again = world.find<ReplicaSet>(RESOURCES.ReplicaSet, old?.metadata?.name ?? '')
    assert.equal(setsOf(world).length, 2)
    assert.equal(again.metadata?.uid, old?.metadata?.uid)
    assert.equal(again.spec?.replicas, 4)
    assert.equal(again.metadata?.annotations?.['deployment.kubernetes.io/revision'], '3')
    assert.equal(again.metadata?.annotations?.['deployment.kubernetes.io/revision-history'], '1')
    assert.equal(find(world).metadata?.annotations?.['deployment.kubernetes.io/revision'], '3')
    const revisions = deploymentRevisions(find(world), setsOf(world))
    assert.deepEqual(
      revisions.map(({ number, isCurrent }) => [number, isCurrent]),
      [
        [2, false],
        [3, true],
      ],
    )
  })

  it('keeps as many old ReplicaSets as its history allows', () => {
    start({ spec: { revisionHistoryLimit: 2 } })
    for (const value of ['a', 'b', 'c', 'd']) {
      setEnv(world, value)
      world.run(1)
      world.runUntil(() => isComplete(world), 120)
    }
    world.run(2)
    assert.deepEqual(
      setsOf(world).map(({ metadata }) => metadata?.annotations?.['deployment.kubernetes.io/revision']),
      ['3', '4', '5'],
    )
  })

  it('stops all old pods first when told to recreate', () => {
    start({ spec: { strategy: { type: 'Recreate' } } })
    setEnv(world, 'next')
    let hadBoth = false
    world.runUntil(() => {
      const hashes = new Set(world.podsOf('web').map(({ metadata }) => metadata?.labels?.['pod-template-hash']))
      hadBoth ||= hashes.size > 1
      return isComplete(world) && setsOf(world).length === 2
    }, 120)
    assert.equal(hadBoth, false)
  })

  it('scales, and does nothing else while it is paused', () => {
    start()
    setEnv(world, 'next', { paused: true, replicas: 6 })
    world.run(30)
    assert.equal(setsOf(world).length, 1)
    assert.equal(readyPods(world), 6)
    world.change<Deployment>(RESOURCES.Deployment, 'web', (found) => ({
      ...found,
      spec: { ...found.spec, paused: false },
    }))
    world.run(1)
    world.runUntil(() => isComplete(world), 120)
    assert.equal(setsOf(world).length, 2)
  })

  it('shares a change of size out while it rolls', () => {
    start({ replicas: 10 })
    setTemplate(world, {
      ...find(world).spec?.template,
      spec: { containers: [{ ...find(world).spec!.template!.spec!.containers[0]!, ...CRASHES }] },
    })
    world.run(60)
    const before = setsOf(world).map(({ spec }) => spec?.replicas ?? 0)
    world.change<Deployment>(RESOURCES.Deployment, 'web', (found) => ({
      ...found,
      spec: { ...found.spec, replicas: 20 },
    }))
    world.run(30)
    const after = setsOf(world).map(({ spec }) => spec?.replicas ?? 0)
    assert.ok(after[0]! > before[0]! && after[1]! > before[1]!, `${before.join()} → ${after.join()}`)
    assert.ok(after[0]! + after[1]! <= 25)
  })

  it('scales to 0 and back', () => {
    start()
    world.change<Deployment>(RESOURCES.Deployment, 'web', (found) => ({
      ...found,
      spec: { ...found.spec, replicas: 0 },
    }))
    world.runUntil(() => world.podsOf('web').length === 0, 60)
    assert.equal(isComplete(world), true)
    world.change<Deployment>(RESOURCES.Deployment, 'web', (found) => ({
      ...found,
      spec: { ...found.spec, replicas: 2 },
    }))
    world.run(1)
    world.runUntil(() => isComplete(world), 60)
    assert.equal(readyPods(world), 2)
  })

  it('replaces a pod that someone deletes', () => {
    start()
    const [pod] = world.podsOf('web')
    world.objects.remove(RESOURCES.Pod, NAMESPACE, pod?.metadata?.name ?? '')
    world.run(20)
    assert.equal(readyPods(world), 4)
  })

  it('says that a quota forbids its pods, in an Event and a condition', () => {
    world.apply(object('v1', 'ResourceQuota', 'small', { spec: { hard: { pods: '3' } } }))
    world.apply(deployment('web', { replicas: 4 }))
    world.run(30)
    assert.equal(readyPods(world), 3)
    const [event] = world.eventsOf('FailedCreate')
    assert.match(
      event?.message ?? '',
      /^Error creating: pods "web-.*" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3$/,
    )
    assert.equal(conditions(world, 'ReplicaFailure')?.reason, 'FailedCreate')
    const quota = world.find(RESOURCES.ResourceQuota, 'small') as { status?: object }
    assert.deepEqual(quota.status, { hard: { pods: '3' }, used: { pods: '3' } })
  })

  it('takes its pods with it when it goes', () => {
    start()
    world.objects.remove(RESOURCES.Deployment, NAMESPACE, 'web')
    world.run(10)
    assert.deepEqual([setsOf(world).length, world.podsOf('web').length], [0, 0])
  })
})
