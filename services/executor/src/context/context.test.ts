import assert from 'node:assert/strict'
import { COLLECTIONS, type Freshness, type Incident } from '@kubewise/contracts'
import { RESOURCES } from '@kubewise/kube'
import { DEFAULT_LIMITS, isStorm } from '@kubewise/policy'
import { VirtualClock } from '@kubewise/testkit'
import { FakeCluster } from '../fixture/fake-cluster.ts'
import { MemoryBus } from '../fixture/memory-bus.ts'
import { MemoryStore } from '../fixture/memory-store.ts'
import { createWorld, planFor } from '../fixture/world.ts'
import { recordOf } from '../runtime.ts'
import { createBuckets } from '../buckets.ts'
import { readConfig, optionsOf } from '../config.ts'
import { stateOf } from './fresh.ts'
import { readKill } from './kill.ts'
import { createStormWatch } from './storm.ts'
import { readWorkload, selectorText } from './workload.ts'

const MINUTE = 60_000

describe('the kill switch', () => {
  const absent = () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }))

  function channels(
    given: {
      readText?: () => Promise<string>
      env?: Record<string, string>
      cluster?: FakeCluster
      auditDoubt?: string
    } = {},
  ) {
    const store = new MemoryStore()
    const bus = new MemoryBus()
    const options = optionsOf(readConfig({ NATS_URL: 'nats://memory', ...given.env }))
    const kube = given.cluster ?? new FakeCluster(new VirtualClock())
    const ports = {
      bucket: createBuckets(bus),
      kube,
      clock: new VirtualClock(),
      record: recordOf(store),
      options,
      readText: given.readText ?? absent,
      auditDoubt: async () => given.auditDoubt,
    }
    return { store, bus, read: () => readKill(ports) }
  }

  it('runs where it is absent everywhere', async () => {
    const states = await channels().read()
    assert.deepEqual(
      states.map(({ state }) => state),
      states.map(() => ({ isKnown: true, value: undefined })),
    )
    assert.equal(states.length, 4)
  })

  it('is set by a file that is there, also an empty one', async () => {
    const [, , file] = await channels({ readText: async () => '' }).read()
    assert.deepEqual(file?.state, { isKnown: true, value: '' })
  })

  it('is not known where the file cannot be read', async () => {
    const denied = () => Promise.reject(Object.assign(new Error('permission denied'), { code: 'EACCES' }))
    const [, , file] = await channels({ readText: denied }).read()
    assert.equal(file?.state.isKnown, false)
  })

  it('is set by an audit that is not this record’s', async () => {
    const [, , , audit] = await channels({ auditDoubt: 'head 7 is gone' }).read()
    assert.deepEqual(audit, { channel: 'the audit', state: { isKnown: true, value: 'head 7 is gone' } })
  })

  it('in a cluster is also a ConfigMap, whose absence must be readable', async () => {
    const cluster = new FakeCluster(new VirtualClock())
    const { read } = channels({ cluster, env: { POD_NAMESPACE: 'kubewise' } })
    assert.deepEqual((await read())[4]?.state, { isKnown: true, value: undefined })
    cluster.put({ kind: 'ConfigMap', metadata: { name: 'kubewise-kill', namespace: 'kubewise' } })
    assert.deepEqual((await read())[4]?.state, { isKnown: true, value: 'the ConfigMap exists' })
    cluster.isDown = true
    assert.equal((await read())[4]?.state.isKnown, false)
  })

  it('that was lifted in the record runs', async () => {
    const { store, read } = channels()
    const kill = { _id: 'kill', version: 1, isSet: true, by: 'ada', reason: 'holidays', changedMs: 1 }
    store.put(COLLECTIONS.kill, kill)
    assert.deepEqual((await read())[1]?.state, { isKnown: true, value: 'ada: holidays' })
    store.put(COLLECTIONS.kill, { ...kill, isSet: false })
    assert.deepEqual((await read())[1]?.state, { isKnown: true, value: undefined })
  })
})

describe('the storm', () => {
  const incident = (name: string, openedMs: number, resolvedMs?: number): Incident => ({
    _id: name,
    version: 1,
    cluster: 'test',
    target: { cluster: 'test', kind: 'Deployment', namespace: 'shop', name },
    status: resolvedMs === undefined ? 'open' : 'resolved',
    openedMs,
    updatedMs: openedMs,
    ...(resolvedMs !== undefined && { resolvedMs }),
    severity: 'critical',
    say: 'ill',
    signals: [],
    plans: [],
    attempts: 0,
  })

  async function look(illSinceMinutes: readonly number[], endedMinutesAgo?: number, elsewhere = false) {
    const clock = new VirtualClock()
    const cluster = new FakeCluster(clock)
    const store = new MemoryStore()
    cluster.put({
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { 'kubewise.io/managed': elsewhere ? 'false' : 'true' } },
    })
    for (let i = 0; i < 20; i++)
      cluster.put({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: `app-${i}`, namespace: 'shop' } })
    const nowMs = clock.now()
    const endedMs = endedMinutesAgo === undefined ? undefined : nowMs - endedMinutesAgo * MINUTE
    for (const [i, minutes] of illSinceMinutes.entries())
      store.put(COLLECTIONS.incidents, incident(`app-${i}`, nowMs - minutes * MINUTE, endedMs))
    const { incidents } = recordOf(store)
    const state = await createStormWatch({ kube: cluster, incidents, clock, cluster: 'test' }).look(DEFAULT_LIMITS)
    return {
      state,
      isNow: isStorm(state, DEFAULT_LIMITS),
      lastMinutesAgo: state.lastStormMs && Math.round((nowMs - state.lastStormMs) / MINUTE),
    }
  }

  it('counts targets that became ill within five minutes and still are', async () => {
    assert.equal((await look([1, 1, 2, 2, 3, 3])).isNow, true)
    assert.equal((await look([1, 1, 2, 2, 3])).isNow, false)
    assert.equal((await look([1, 1, 2, 2, 3, 6])).isNow, false)
  })

  it('counts only those that opted in', async () =>
    assert.equal((await look([1, 1, 1, 1, 1, 1], undefined, true)).state.illTargets, 0))

  it('is remembered after it fell, from the record alone', async () => {
    const { isNow, lastMinutesAgo } = await look([4, 4, 4, 4, 4, 4], 2)
    assert.equal(isNow, false)
    assert.equal(lastMinutesAgo, 2)
  })
})

describe('freshness', () => {
  const freshness: Freshness = {
    cluster: 'test',
    writtenMs: 5,
    metrics: { cpu: { lastSampleMs: 4, intervalMs: 15 } },
    watches: { pods: 3, deployments: 2 },
    clockSkewMs: -900,
  }

  it('is that of what the plan rests on', async () => {
    const world = await createWorld()
    const state = stateOf(freshness, planFor(world, [], { metrics: ['cpu', 'constructor'], evidence: 'metric' }), 100)
    assert.deepEqual(state.watches, [
      { resource: 'pods', confirmedMs: 3 },
      { resource: 'deployments', confirmedMs: 2 },
    ])
    assert.deepEqual(state.metrics, [
      { name: 'cpu', lastSampleMs: 4, intervalMs: 15 },
      { name: 'constructor', lastSampleMs: undefined, intervalMs: 0 },
    ])
    assert.deepEqual(state.clockSkewMs, { isKnown: true, value: -900 })
  })

  it('has no known clock before our own was compared', async () =>
    assert.equal(stateOf(freshness, planFor(await createWorld(), []), undefined).clockSkewMs.isKnown, false))
})

describe('a workload', () => {
  it('has only pods that its own controller made', async () => {
    const { cluster } = await createWorld()
    cluster.put({ kind: 'Pod', metadata: { name: 'stranger', namespace: 'shop', labels: { app: 'web' } } })
    const view = await readWorkload(cluster, { cluster: 'test', kind: 'Deployment', namespace: 'shop', name: 'web' })
    assert.equal(view?.pods.length, 4)
    assert.equal((await cluster.list(RESOURCES.Pod)).items.length, 5)
  })

  it('is selected as its selector says', () => {
    const selector = {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In' as const, values: ['a', 'b'] },
        { key: 'old', operator: 'DoesNotExist' as const },
      ],
    }
    assert.equal(selectorText(selector), 'app=web,tier in (a,b),!old')
    assert.equal(selectorText({}), undefined, 'no workload selects everything')
  })
})
