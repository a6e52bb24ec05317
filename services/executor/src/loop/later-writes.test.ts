import assert from 'node:assert/strict'
import { COLLECTIONS, type Settings } from '@kubewise/contracts'
import type { KubernetesObject } from '@kubewise/kube'
import { createWorld, MINUTE, planFor, template, type World } from '../fixture/world.ts'

function label(world: World, kind: string, name: string, value: string, namespace: string): void {
  const object = world.cluster.object<KubernetesObject>(kind, name, namespace)
  world.cluster.put({ ...object, metadata: { ...object.metadata, labels: { 'kubewise.io/managed': value } } })
}

const set = (world: World, settings: Partial<Settings>) =>
  world.store.put(COLLECTIONS.settings, { _id: 'settings', version: 1, changedMs: 1, changedBy: 'ada', ...settings })

/** Lets a StatefulSet's template be put right, whose stuck pods are evicted while that is verified; in between, something happens. */
async function writesAround(happens: (world: World) => void): Promise<string[]> {
  const world = await createWorld({ kind: 'StatefulSet', replicas: 3 })
  world.cluster.release('StatefulSet', 'web', template('bad:2'))
  const patch = world.cluster.patch.bind(world.cluster)
  world.cluster.patch = async (...request) => {
    const patched = await patch<never>(...request)
    happens(world)
    return patched
  }
  await world.start()
  const plan = planFor(world, [{ with: { toRevision: 1 } }])
  await world.propose(plan)
  await world.clock.advance(5 * MINUTE)
  await world.stop()
  return world.cluster.landed().map(({ verb }) => verb)
}

describe('what is written after a plan has begun', () => {
  it('the pods in the way are evicted where nothing has changed', async () => {
    assert.deepEqual(await writesAround(() => undefined), ['patch', 'evict', 'evict', 'evict'])
  })

  const cases: [string, (world: World) => void][] = [
    ['the namespace opts out', (world) => label(world, 'Namespace', 'shop', 'false', '')],
    ['the workload opts out', (world) => label(world, 'StatefulSet', 'web', 'false', 'shop')],
    ['the mode becomes observe', (world) => set(world, { mode: 'observe' })],
    ['the namespace becomes protected', (world) => set(world, { protectedNamespaces: ['shop'] })],
    ['the kill switch is set', (world) => void (world.killFile.text = 'stop')],
  ]
  for (const [happens, change] of cases)
    it(`nothing any more once ${happens}`, async () => {
      assert.deepEqual(await writesAround(change), ['patch'])
    })
})
