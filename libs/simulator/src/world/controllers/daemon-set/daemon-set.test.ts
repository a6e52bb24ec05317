import assert from 'node:assert/strict'
import {
  isPodReady,
  RESOURCES,
  rolloutStatus,
  type ControllerRevision,
  type DaemonSet,
  type PodTemplate,
} from '@kubewise/kube'
import { daemonSet } from '../../testing/manifests.ts'
import { NAMESPACE, testWorld, type TestWorld } from '../../testing/test-world.ts'

const find = (world: TestWorld) => world.find<DaemonSet>(RESOURCES.DaemonSet, 'agent')
const isComplete = (world: TestWorld) => rolloutStatus(find(world)).phase === 'complete'

function setTemplate(world: TestWorld, template: PodTemplate): void {
  world.change<DaemonSet>(RESOURCES.DaemonSet, 'agent', (found) => ({ ...found, spec: { ...found.spec, template } }))
}

function withImage(world: TestWorld, image: string): PodTemplate {
  const template = find(world).spec?.template ?? {}
  return { ...template, spec: { ...template.spec, containers: [{ ...template.spec!.containers[0]!, image }] } }
}

describe('DaemonSet', () => {
  let world: TestWorld
  beforeEach(() => {
    world = testWorld(3)
    world.apply(daemonSet('agent', { behaviour: { readyAfterSeconds: 3 } }))
    world.runUntil(() => find(world).status !== undefined && isComplete(world), 30)
  })

  it('runs one pod on each node', () => {
    assert.deepEqual(
      world
        .podsOf('agent')
        .map(({ spec }) => spec?.nodeName)
        .toSorted(),
      ['node-1', 'node-2', 'node-3'],
    )
    assert.deepEqual(find(world).status, {
      currentNumberScheduled: 3,
      numberMisscheduled: 0,
      desiredNumberScheduled: 3,
      numberReady: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 3,
      numberAvailable: 3,
    })
  })

  it('replaces one at a time', () => {
    setTemplate(world, withImage(world, 'agent:2'))
    let least = 3
    world.runUntil(() => {
      least = Math.min(least, world.podsOf('agent').filter(isPodReady).length)
      return isComplete(world) && world.podsOf('agent').every(({ spec }) => spec?.containers[0]?.image === 'agent:2')
    }, 120)
    assert.equal(least, 2)
  })

  it('stops at the first pod that does not come up, and recovers by itself when the template is put right', () => {
    const good = find(world).spec?.template ?? {}
    setTemplate(world, withImage(world, 'agent:nope'))
    world.run(120)
    assert.equal(world.podsOf('agent').filter(isPodReady).length, 2)
    assert.equal(find(world).status?.numberUnavailable, 1)
    setTemplate(world, good)
    world.run(1)
    world.runUntil(() => isComplete(world), 60)
    const revisions = world.objects.list<ControllerRevision>(RESOURCES.ControllerRevision, NAMESPACE)
    assert.deepEqual(revisions.map(({ revision }) => revision).toSorted(), [2, 3])
  })

  it('runs only where its node selector allows', () => {
    setTemplate(world, {
      ...find(world).spec?.template,
      spec: { ...find(world).spec!.template!.spec!, nodeSelector: { 'kubernetes.io/hostname': 'node-2' } },
    })
    world.runUntil(() => world.podsOf('agent').length === 1 && isComplete(world), 120)
    assert.equal(world.podsOf('agent')[0]?.spec?.nodeName, 'node-2')
  })
})
