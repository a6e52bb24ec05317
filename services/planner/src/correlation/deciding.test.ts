import assert from 'node:assert/strict'
import { COLLECTIONS, type Settings } from '@kubewise/contracts'
import type { StormState } from '@kubewise/policy'
import type { Store } from '@kubewise/store'
import { VirtualClock } from '@kubewise/testkit'
import { benchOf } from '../fixture/bench.ts'
import { incidentOf, WEB, type World } from '../fixture/context.ts'
import { NOW } from '../fixture/objects.ts'
import { testRecord } from '../fixture/record.ts'
import { crashing, rollout, settled } from '../fixture/worlds.ts'

const MINUTE = 60_000
const broken = () => rollout(crashing)
const incidentsOf = async (store: Store) => (await store.collection(COLLECTIONS.incidents).find({ limit: 100 })).items
const settings = (rest: Partial<Settings>): Omit<Settings, 'version'> => ({
  _id: 'settings',
  changedMs: 0,
  changedBy: 'ada',
  ...rest,
})
const annotated = (annotations: Record<string, string>): World => {
  const world = broken()
  const { target } = world
  return { ...world, target: target && { ...target, metadata: { ...target.metadata, annotations } } }
}

describe('a storm', () => {
  it('is one incident of the cluster: a person is told once, nothing is changed, and it ends by itself', async () => {
    await using record = await testRecord()
    const clock = new VirtualClock(NOW)
    let storm: Partial<StormState> = { targets: 20, illTargets: 12, lastStormMs: NOW }
    const bench = await benchOf(record.store, broken, { clock, storm: () => storm })
    await bench.decide()
    const [cluster, ...others] = (await incidentsOf(record.store)).filter(({ status }) => status === 'open')
    assert.deepEqual([cluster?.target.kind, others], ['Cluster', []])
    assert.deepEqual(
      [cluster!.symptoms?.map(({ relation }) => relation), (await bench.read()).mergedInto],
      [['storm'], cluster!._id],
    )
    storm = { ...storm, illTargets: 15 }
    await bench.decide(cluster!._id)
    const [plan, ...more] = await bench.plans()
    assert.deepEqual(
      [plan?.cause, plan?.target.kind, plan?.steps.map(({ action }) => action), more],
      ['storm', 'Cluster', ['escalate@1'], []],
    )
    storm = { illTargets: 0, lastStormMs: NOW }
    await clock.advance(4 * MINUTE)
    await bench.decide(cluster!._id)
    const again = async () => record.store.collection(COLLECTIONS.incidents).get(cluster!._id)
    assert.equal((await again())?.status, 'open')
    await clock.advance(MINUTE)
    await bench.decide(cluster!._id)
    assert.deepEqual([(await again())?.status, (await again())?.resolution?.code], ['resolved', 'storm-over'])
  })

  it('of lost nodes is called that', async () => {
    await using record = await testRecord()
    const storm = { nodes: 5, illNodes: 2, lastStormMs: NOW }
    const bench = await benchOf(record.store, broken, { storm: () => storm })
    await bench.decide()
    assert.deepEqual(
      (await bench.plans()).map(({ cause }) => cause),
      ['nodes-lost'],
    )
  })

  it('is no cause of what was ill long before, and lets it wait', async () => {
    await using record = await testRecord()
    const storm = { targets: 20, illTargets: 12, lastStormMs: NOW + 10 * MINUTE }
    const bench = await benchOf(record.store, broken, { storm: () => storm })
    await bench.decide()
    const { status, decision } = await bench.read()
    assert.deepEqual([status, decision?.outcome, decision?.code], ['open', 'wait', 'storm'])
  })
})

describe('an incident that people do not want to hear of', () => {
  it('stays open and says so, and is told of when that is over', async () => {
    await using record = await testRecord()
    let isMuted = true
    const muted = () => (isMuted ? { code: 'silenced', say: 'ada silenced it.' } : undefined)
    const bench = await benchOf(record.store, broken, { muted })
    await bench.decide()
    const quiet = await bench.read()
    assert.deepEqual([quiet.status, quiet.silenced?.code, quiet.decision?.code], ['open', 'silenced', 'silenced'])
    assert.deepEqual(await bench.plans(), [])
    isMuted = false
    await bench.decide()
    const loud = await bench.read()
    assert.deepEqual([loud.silenced, loud.decision?.code], [undefined, 'bad-rollout'])
  })

  it('may be silenced by an annotation, for a week at most', async () => {
    await using record = await testRecord()
    const until = new Date(NOW + 30 * 24 * 60 * MINUTE).toISOString()
    const bench = await benchOf(record.store, () => annotated({ 'kubewise.io/silenced-until': until }))
    await bench.decide()
    const { silenced } = await bench.read()
    assert.equal(
      silenced?.say,
      `An annotation silences it until ${new Date(NOW + 7 * 24 * 60 * MINUTE).toISOString()}.`,
    )
  })
})

describe('a plan', () => {
  for (const [given, mode, codes] of [
    ['approve', 'approve', []],
    ['observe', 'observe', ['mode-observe']],
    ['Approve', 'observe', ['mode-observe']],
    ['auto', 'auto', []],
  ] as const)
    it(`of what is annotated with the mode ${given} is one in mode ${mode}`, async () => {
      await using record = await testRecord()
      const bench = await benchOf(record.store, () => annotated({ 'kubewise.io/mode': given }))
      await bench.decide()
      const [plan] = await bench.plans()
      assert.deepEqual([plan?.mode, plan?.refusals.map(({ code }) => code)], [mode, codes])
    })

  it('waits for the end of a window that freezes its target', async () => {
    await using record = await testRecord()
    const always = { name: 'always', time_intervals: [{}] }
    const freeze = { name: 'release', matchers: [], intervals: ['always'], effect: 'freeze' as const }
    await record.store.collection(COLLECTIONS.settings).insert(settings({ timeIntervals: [always], windows: [freeze] }))
    const bench = await benchOf(record.store, broken)
    await bench.decide()
    const [plan] = await bench.plans()
    assert.deepEqual(
      plan?.refusals.map(({ code }) => code),
      ['window'],
    )
  })
})

describe('a target that comes and goes', () => {
  it('is told of once and left alone', async () => {
    await using record = await testRecord()
    const past = (index: number) =>
      incidentOf(WEB, [], {
        _id: `past-${index}`,
        status: 'resolved',
        openedMs: NOW - (index * 8 + 8) * MINUTE,
        resolvedMs: NOW - (index * 8 + 4) * MINUTE,
      })
    for (let index = 0; index < 3; index++) await record.store.collection(COLLECTIONS.incidents).insert(past(index))
    const clock = new VirtualClock(NOW)
    const bench = await benchOf(record.store, broken, { clock })
    await bench.decide()
    const [plan, ...others] = await bench.plans()
    assert.deepEqual(
      [plan?.steps.map(({ action }) => action), plan?.cause, others],
      [['escalate@1'], 'bad-rollout', []],
    )
    const told = await bench.read()
    assert.equal(told.decision?.code, 'flapping')
    await record.store.collection(COLLECTIONS.incidents).replace({ ...told, status: 'resolved', resolvedMs: NOW })
    const next = incidentOf(WEB, told.signals, { _id: 'next', openedMs: NOW + MINUTE })
    await record.store.collection(COLLECTIONS.incidents).insert(next)
    await bench.decide('next')
    const { decision } = (await record.store.collection(COLLECTIONS.incidents).get('next'))!
    assert.deepEqual([decision?.outcome, decision?.code], ['wait', 'flapping'])
    assert.equal((await bench.plans()).length, 1)
    // It has come to stay: then it is an illness like any other, and somebody has to hear of it.
    await clock.advance(12 * MINUTE)
    await bench.decide('next')
    const stayed = await record.store.collection(COLLECTIONS.incidents).get('next')
    assert.deepEqual([stayed?.decision?.outcome, stayed?.decision?.code], ['plan', 'bad-rollout'])
  })
})

describe('an incident', () => {
  it('does not stay open for ever', async () => {
    await using record = await testRecord()
    const clock = new VirtualClock(NOW)
    const bench = await benchOf(record.store, () => settled([crashing]), { clock })
    await clock.advance(7 * 24 * 60 * MINUTE)
    await bench.decide()
    const { status, resolution } = await bench.read()
    assert.deepEqual([status, resolution?.code], ['resolved', 'open-too-long'])
  })
})
