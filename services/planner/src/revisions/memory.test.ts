import assert from 'node:assert/strict'
import { COLLECTIONS } from '@kubewise/contracts'
import type { Kube, Observer, RolloutWorkload } from '@kubewise/kube'
import { silentLog } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { VirtualClock } from '@kubewise/testkit'
import { deployment, NOW, template, templateHash } from '../fixture/objects.ts'
import { testRecord } from '../fixture/record.ts'
import { createRevisionMemory } from './memory.ts'

const v1 = template({ image: 'web:1' })
const v2 = template({ image: 'web:2' })

/** Watches that tell what the test tells them. */
function createWatches() {
  const observers = new Map<string, Observer<RolloutWorkload>>()
  const kube: Pick<Kube, 'reflect'> = {
    reflect(resource, _options, observer) {
      observers.set(resource.kind, observer)
      return { synced: Promise.resolve(), confirmedMs: () => 0, stop: async () => undefined }
    },
  }
  const of = (kind: string) => observers.get(kind) ?? assert.fail(`no watch of ${kind}`)
  return { kube, of }
}

async function memoryOf(store: Store, clock: VirtualClock) {
  const { kube, of } = createWatches()
  const memory = createRevisionMemory({ kube, store, clock, log: silentLog }, 'prod')
  memory.start()
  const known = async () =>
    (await store.collection(COLLECTIONS.revisions).get('prod/shop/Deployment/web'))?.healthy ?? []
  return { memory, deployments: of('Deployment'), known }
}

describe('the memory of revisions', () => {
  it('knows what was healthy across restarts', async () => {
    await using record = await testRecord()
    const clock = new VirtualClock(NOW)
    const first = await memoryOf(record.store, clock)
    await first.deployments.onReplace([deployment(v1)], '1')
    await clock.advance(12_500)
    await first.memory.stop()
    const second = await memoryOf(record.store, clock)
    await second.deployments.onReplace([deployment(v2, { status: { updatedReplicas: 1 } })], '2')
    await clock.advance(60_000)
    await second.deployments.onUpsert(deployment(v2))
    await clock.advance(12_500)
    await second.memory.stop()
    assert.deepEqual(
      (await second.known()).map(({ template: hash }) => hash),
      [templateHash(v1), templateHash(v2)],
    )
  })

  it('forgets a workload that is gone', async () => {
    await using record = await testRecord()
    const clock = new VirtualClock(NOW)
    const { memory, deployments, known } = await memoryOf(record.store, clock)
    await deployments.onUpsert(deployment(v1))
    await deployments.onDelete(deployment(v1))
    await clock.advance(30_000)
    assert.deepEqual(await known(), [])
    await deployments.onUpsert(deployment(v1))
    await deployments.onReplace([], '3')
    await clock.advance(30_000)
    await memory.stop()
    assert.deepEqual(await known(), [])
  })
})
