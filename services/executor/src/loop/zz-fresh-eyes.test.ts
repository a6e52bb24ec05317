import assert from 'node:assert/strict'
import { COLLECTIONS, type Plan } from '@kubewise/contracts'
import type { KubernetesObject, Pod } from '@kubewise/kube'
import { createWorld, planFor, SECOND, template, untilSettled, type World } from '../fixture/world.ts'

const label = (world: World, kind: string, name: string, labels: Record<string, string>, namespace = 'shop') => {
  const object = world.cluster.object<KubernetesObject>(kind, name, namespace)
  world.cluster.put({ ...object, metadata: { ...object.metadata, labels } })
}
const settings = (world: World, more: object) =>
  world.store.put(COLLECTIONS.settings, { _id: 'settings', version: 1, changedMs: 1, changedBy: 'ada', ...more } as never)

describe('fresh eyes: after the patch of a StatefulSet', () => {
  const changes: [string, (w: World) => void][] = [
    ['opt out', (w) => label(w, 'Namespace', 'shop', {}, '')],
    ['opt out workload', (w) => label(w, 'StatefulSet', 'web', { 'kubewise.io/managed': 'false' })],
    ['observe', (w) => settings(w, { mode: 'observe' })],
    ['protected', (w) => settings(w, { protectedNamespaces: ['shop'] })],
  ]
  for (const [name, change] of changes)
    it(name, async () => {
      const world = await createWorld({ kind: 'StatefulSet', replicas: 3 })
      world.cluster.release('StatefulSet', 'web', template('bad:2'))
      const plan = planFor(world, [{ with: { toRevision: 1 } }])
      const patch = world.cluster.patch.bind(world.cluster)
      world.cluster.patch = (async (...a: Parameters<typeof patch>) => { const r = await patch(...a); change(world); return r }) as typeof patch
      await world.start()
      await world.propose(plan)
      const before = 0
      const ex = await untilSettled(world, plan).catch((e: unknown) => String(e).slice(0, 300))
      console.log(name, 'landed before', before, 'after', world.cluster.landed().map((x) => JSON.stringify(x).slice(0, 160)), typeof ex === 'string' ? ex : ex.status, typeof ex === 'string' ? '' : ex.say)
      await world.stop()
    })
})
