import assert from 'node:assert/strict'
import { COLLECTIONS, type Target } from '@kubewise/contracts'
import type { Kube, KubernetesObject } from '@kubewise/kube'
import { DEFAULT_LIMITS } from '@kubewise/policy'
import { silentLog } from '@kubewise/service'
import { VirtualClock } from '@kubewise/testkit'
import { testRecord } from '../fixture/record.ts'
import { createStormWatch } from './storm-watch.ts'

const CLUSTER = 'prod'
const NAMES = Array.from({ length: 20 }, (_, index) => `app-${index}`)

const listed: Readonly<Record<string, KubernetesObject[]>> = {
  Namespace: [{ kind: 'Namespace', metadata: { name: 'shop', labels: { 'kubewise.io/managed': 'true' } } }],
  Deployment: NAMES.map((name) => ({ kind: 'Deployment', metadata: { name, namespace: 'shop' } })),
}
const kube = {
  list: async ({ kind }: { kind: string }) => ({ items: listed[kind] ?? [], resourceVersion: '1' }),
} as unknown as Pick<Kube, 'list'>

const incidentOf = (name: string, nowMs: number) => {
  const target: Target = { cluster: CLUSTER, kind: 'Deployment', namespace: 'shop', name }
  return {
    _id: `incident-${name}`,
    cluster: CLUSTER,
    target,
    status: 'open' as const,
    openedMs: nowMs,
    updatedMs: nowMs,
    severity: 'critical' as const,
    say: 'It is ill.',
    signals: [],
    plans: [],
    attempts: 0,
  }
}

describe('the watch for storms', () => {
  it('counts anew at once when as many ask as make a storm', async () => {
    const clock = new VirtualClock()
    await using record = await testRecord(clock)
    const watch = createStormWatch({ kube, store: record.store, clock, log: silentLog }, CLUSTER, DEFAULT_LIMITS)
    const incidents = record.store.collection(COLLECTIONS.incidents)
    const ask = async (name: string) => {
      await incidents.insert(incidentOf(name, clock.now()))
      return (await watch.look(`incident-${name}`))?.illTargets
    }
    const seen = []
    for (const name of NAMES.slice(0, 8)) seen.push(await ask(name))
    assert.deepEqual(seen, [1, 1, 1, 1, 1, 1, 7, 7])
  })
})
