import assert from 'node:assert/strict'
import { COLLECTIONS, keyOf, type Incident, type Question } from '@kubewise/contracts'
import type { Kube, KubernetesObject } from '@kubewise/kube'
import { VirtualClock } from '@kubewise/testkit'
import type { Correlator } from '../correlation/correlator.ts'
import { contextOf } from '../fixture/context.ts'
import { NOW } from '../fixture/objects.ts'
import { placeOf } from '../fixture/place.ts'
import { testRecord } from '../fixture/record.ts'
import { crashing, playbooks, rollout } from '../fixture/worlds.ts'
import { createAnswerer } from './answer.ts'

const question: Question = {
  kind: 'question',
  cluster: 'prod',
  object: { kind: 'Deployment', namespace: 'shop', name: 'web' },
  by: 'ada',
  askedMs: NOW,
}
const installation = { mode: 'auto' as const, protectedNamespaces: [], limits: {} }

describe('a question', () => {
  async function answererOf(record: Awaited<ReturnType<typeof testRecord>>, storm: boolean, held = Promise.resolve()) {
    const world = rollout(crashing)
    const complete: Correlator['complete'] = async (facts) => ({ ...facts, cluster: { ...facts.cluster, storm } })
    const kube = {
      async get() {
        await held
        return world.target as KubernetesObject
      },
      patch: async () => ({}),
      canI: async () => ({ isAllowed: true, reason: '' }),
    } as unknown as Pick<Kube, 'get' | 'patch' | 'evict' | 'create' | 'canI'>
    const ports = {
      kube,
      evaluation: { kube, readPlace: async () => placeOf(contextOf(world).pods) },
      store: record.store,
      clock: new VirtualClock(NOW),
      gather: async (incident: Incident) => contextOf({ ...world, incident }),
      signal: new AbortController().signal,
      cluster: 'prod',
      control: async () => ({ get: async () => undefined }) as never,
      correlator: { complete },
    }
    return createAnswerer(ports, playbooks, installation)
  }

  /** The incident that the record has of it. */
  async function openIn({ store }: Awaited<ReturnType<typeof testRecord>>) {
    const { incident } = contextOf(rollout(crashing))
    const { _id, target } = incident
    await store.collection(COLLECTIONS.incidents).insert(incident)
    const head = { _id: keyOf(target), target, incident: _id, changedMs: NOW, endedEarly: [] }
    await store.collection(COLLECTIONS.heads).insert(head)
  }

  it('about what is ill and has no incident is not answered with "well"', async () => {
    await using record = await testRecord()
    const { outcome, code } = await (await answererOf(record, false))(question)
    assert.deepEqual([outcome, code], ['escalate', 'crash-unexplained'])
  })

  it('is answered with what would be done', async () => {
    await using record = await testRecord()
    await openIn(record)
    const { outcome, plan } = await (await answererOf(record, false))(question)
    assert.deepEqual([outcome, plan?.steps[0]?.action], ['plan', 'rollback@1'])
  })

  it('in a storm: nothing', async () => {
    await using record = await testRecord()
    await openIn(record)
    const { outcome, code } = await (await answererOf(record, true))(question)
    assert.deepEqual([outcome, code], ['wait', 'storm'])
  })

  it('waits for nobody where too many are asked at once', async () => {
    await using record = await testRecord()
    await openIn(record)
    const held = Promise.withResolvers<void>()
    const ask = await answererOf(record, false, held.promise)
    const first = Array.from({ length: 8 }, () => ask(question))
    const { outcome, code } = await ask(question)
    assert.deepEqual([outcome, code], ['unknown', 'busy'])
    held.resolve()
    for (const each of await Promise.all(first)) assert.equal(each.outcome, 'plan')
    assert.equal((await ask(question)).outcome, 'plan')
  })
})
