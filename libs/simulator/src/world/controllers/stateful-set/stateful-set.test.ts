import assert from 'node:assert/strict'
import {
  isPodReady,
  RESOURCES,
  rolloutStatus,
  type ControllerRevision,
  type Pod,
  type PodTemplate,
  type StatefulSet,
} from '@kubewise/kube'
import { deletePod } from '../../objects/pods.ts'
import { statefulSet } from '../../testing/manifests.ts'
import { NAMESPACE, testWorld, type TestWorld } from '../../testing/test-world.ts'

const find = (world: TestWorld) => world.find<StatefulSet>(RESOURCES.StatefulSet, 'cart')
const isComplete = (world: TestWorld) => rolloutStatus(find(world)).phase === 'complete'
const podNames = (world: TestWorld) =>
  world
    .podsOf('cart')
    .map(({ metadata }) => metadata?.name)
    .toSorted()
const revisions = (world: TestWorld) => world.objects.list<ControllerRevision>(RESOURCES.ControllerRevision, NAMESPACE)

function setTemplate(world: TestWorld, template: PodTemplate): void {
  world.change<StatefulSet>(RESOURCES.StatefulSet, 'cart', (found) => ({ ...found, spec: { ...found.spec, template } }))
}

function withImage(world: TestWorld, image: string): PodTemplate {
  const template = find(world).spec?.template ?? {}
  return { ...template, spec: { ...template.spec, containers: [{ ...template.spec!.containers[0]!, image }] } }
}

describe('StatefulSet', () => {
  let world: TestWorld
  beforeEach(() => {
    world = testWorld()
    world.apply(statefulSet('cart', { replicas: 3, behaviour: { readyAfterSeconds: 4 } }))
  })

  it('creates its pods one after the other, each when the one before is ready', () => {
    world.run(2)
    assert.deepEqual(podNames(world), ['cart-0'])
    world.runUntil(() => podNames(world).length === 2, 30)
    assert.ok(isPodReady(world.find<Pod>(RESOURCES.Pod, 'cart-0')))
    world.runUntil(() => isComplete(world), 60)
    assert.deepEqual(podNames(world), ['cart-0', 'cart-1', 'cart-2'])
    const { status, metadata } = find(world)
    assert.equal(status?.currentRevision, status?.updateRevision)
    assert.equal(status?.observedGeneration, metadata?.generation)
    assert.equal(
      world.find<Pod>(RESOURCES.Pod, 'cart-1').metadata?.labels?.['controller-revision-hash'],
      status?.currentRevision,
    )
    assert.equal(
      world.eventsOf('SuccessfulCreate').find(({ message }) => message?.includes('cart-2'))?.message,
      'create Pod cart-2 in StatefulSet cart successful',
    )
  })

  it('rolls from the highest to the lowest', () => {
    world.runUntil(() => isComplete(world), 60)
    setTemplate(world, withImage(world, 'cart:2'))
    const order: string[] = []
    world.runUntil(() => {
      for (const pod of world.podsOf('cart'))
        if (pod.spec?.containers[0]?.image === 'cart:2' && !order.includes(pod.metadata?.name ?? ''))
          order.push(pod.metadata?.name ?? '')
      return isComplete(world) && order.length === 3
    }, 120)
    assert.deepEqual(order, ['cart-2', 'cart-1', 'cart-0'])
    assert.equal(find(world).status?.currentRevision, find(world).status?.updateRevision)
    assert.deepEqual(
      revisions(world).map(({ revision }) => revision),
      [1, 2],
    )
  })

  it('does not replace a broken pod after its template was put right, until someone deletes it', () => {
    world.runUntil(() => isComplete(world), 60)
    const good = find(world).spec?.template ?? {}
    setTemplate(world, withImage(world, 'cart:nope'))
    const waiting = () =>
      world.podsOf('cart').flatMap(({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason ?? [])
    world.runUntil(() => waiting().includes('ImagePullBackOff'), 60)
    const { currentRevision, updateRevision } = find(world).status ?? {}
    assert.notEqual(currentRevision, updateRevision)
    setTemplate(world, good)
    world.run(300)
    const broken = world.find<Pod>(RESOURCES.Pod, 'cart-2')
    assert.equal(broken.spec?.containers[0]?.image, 'cart:nope', 'still the broken one')
    assert.equal(find(world).status?.updateRevision, currentRevision, 'the old revision is wanted again')
    assert.deepEqual(
      revisions(world)
        .map(({ revision }) => revision)
        .toSorted(),
      [2, 3],
      'under a new number',
    )
    deletePod(world.objects, broken, 'kubectl', world.nowMs())
    world.runUntil(() => isComplete(world), 60)
    assert.equal(world.find<Pod>(RESOURCES.Pod, 'cart-2').spec?.containers[0]?.image, 'cart:1')
  })

  it('scales down from the highest, one at a time', () => {
    world.runUntil(() => isComplete(world), 60)
    world.change<StatefulSet>(RESOURCES.StatefulSet, 'cart', (found) => ({
      ...found,
      spec: { ...found.spec, replicas: 1 },
    }))
    world.runUntil(() => podNames(world).length < 3, 60)
    assert.deepEqual(podNames(world), ['cart-0', 'cart-1'])
    world.runUntil(() => podNames(world).length === 1, 60)
    assert.deepEqual(podNames(world), ['cart-0'])
  })

  it('keeps pods below the partition as they were', () => {
    world.runUntil(() => isComplete(world), 60)
    world.change<StatefulSet>(RESOURCES.StatefulSet, 'cart', (found) => ({
      ...found,
      spec: { ...found.spec, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
    }))
    setTemplate(world, withImage(world, 'cart:2'))
    world.run(60)
    assert.deepEqual(
      world
        .podsOf('cart')
        .toSorted((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1))
        .map(({ spec }) => spec?.containers[0]?.image),
      ['cart:1', 'cart:1', 'cart:2'],
    )
  })

  it('waits for a delete with OnDelete', () => {
    world.runUntil(() => isComplete(world), 60)
    world.change<StatefulSet>(RESOURCES.StatefulSet, 'cart', (found) => ({
      ...found,
      spec: { ...found.spec, updateStrategy: { type: 'OnDelete' } },
    }))
    setTemplate(world, withImage(world, 'cart:2'))
    world.run(60)
    assert.ok(world.podsOf('cart').every(({ spec }) => spec?.containers[0]?.image === 'cart:1'))
    deletePod(world.objects, world.find<Pod>(RESOURCES.Pod, 'cart-1'), 'kubectl', world.nowMs())
    world.run(20)
    assert.equal(world.find<Pod>(RESOURCES.Pod, 'cart-1').spec?.containers[0]?.image, 'cart:2')
  })
})
