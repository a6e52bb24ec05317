import assert from 'node:assert/strict'
import { COLLECTIONS, type Anomaly, type AnomalyOpened, type Inhibition, type Settings } from '@kubewise/contracts'
import type { Store } from '@kubewise/store'
import { VirtualClock } from '@kubewise/testkit'
import { anomaly } from '../fixture/anomalies.ts'
import { incidentOf, signal, WEB } from '../fixture/context.ts'
import { testRecord } from '../fixture/record.ts'
import { createMuting } from './muting.ts'
import { createSilences } from './silences.ts'

const clock = new VirtualClock(Date.parse('2026-01-05T22:30:00Z'))

const recorded = ({ id, kind: _kind, epoch: _epoch, ...rest }: AnomalyOpened): Omit<Anomaly, 'version'> => ({
  _id: id,
  ...rest,
  status: 'open',
})
const settings = (rest: Partial<Settings>): Omit<Settings, 'version'> => ({
  _id: 'settings',
  changedMs: 0,
  changedBy: 'ada',
  ...rest,
})
function mutingOn(store: Store) {
  const mistakes: string[] = []
  const silences = createSilences(store, clock, 'prod', () => assert.fail())
  const muting = createMuting(store, clock, 'prod', silences, (error) => mistakes.push(String(error)))
  return { muting, mistakes }
}

const NODE = { cluster: 'prod', kind: 'Node', namespace: '', name: 'n1' }
const lost = { ...anomaly('x', { rule: 'node-not-ready', target: NODE }), entity: NODE }
const night = { name: 'night', time_intervals: [{ times: [{ start_time: '22:00', end_time: '24:00' }] }] }

describe('inhibition', () => {
  it('keeps the pods of a lost node quiet, and no others', async () => {
    await using record = await testRecord(clock)
    await record.store.collection(COLLECTIONS.anomalies).insert(recorded(lost))
    const { muting } = mutingOn(record.store)
    const on = (node: string) => anomaly('a', { rule: 'pod-not-ready', features: { node } })
    assert.equal((await muting.covering(on('n1')))?.code, 'inhibited')
    assert.equal(await muting.covering(on('n2')), undefined)
    assert.equal(await muting.covering(anomaly('a', { rule: 'pod-not-ready' })), undefined)
    assert.equal(await muting.covering(anomaly('a', { rule: 'memory-kill', features: { node: 'n1' } })), undefined)
  })

  it('goes by the settings’ own rules: source, target, and what must be equal', async () => {
    await using record = await testRecord(clock)
    const rule: Inhibition = {
      name: 'down',
      source: [{ field: 'severity', operator: '=', value: 'critical' }],
      target: [{ field: 'severity', operator: '=~', value: 'info|warning' }],
      equal: ['namespace', 'name'],
    }
    await record.store.collection(COLLECTIONS.settings).insert(settings({ inhibitions: [rule] }))
    await record.store.collection(COLLECTIONS.anomalies).insert(recorded(anomaly('a')))
    const { muting } = mutingOn(record.store)
    const warning = { rule: 'slow', severity: 'warning' } as const
    assert.equal((await muting.covering(anomaly('a', warning)))?.code, 'inhibited')
    assert.equal(await muting.covering(anomaly('a', { ...warning, target: { ...WEB, name: 'api' } })), undefined)
    assert.equal(await muting.covering(anomaly('a')), undefined, 'a source does not inhibit itself')
  })
})

describe('a maintenance window that mutes', () => {
  const mute = { name: 'release', matchers: [], intervals: ['night'], effect: 'mute' as const }

  it('covers while it is on', async () => {
    await using record = await testRecord(clock)
    const table = record.store.collection(COLLECTIONS.settings)
    await table.insert(settings({ timeIntervals: [night], windows: [mute] }))
    const { muting } = mutingOn(record.store)
    assert.equal((await muting.covering(anomaly('a')))?.code, 'window')
    await table.replace({
      ...settings({ timeIntervals: [night], windows: [{ ...mute, effect: 'freeze' }] }),
      version: 1,
    })
    await clock.advance(1_500)
    assert.equal(await muting.covering(anomaly('a')), undefined, 'a freeze is told of')
  })

  it('covers nothing when it cannot be read, which is told once', async () => {
    await using record = await testRecord(clock)
    const broken = settings({ windows: [{ ...mute, intervals: ['day'] }] })
    await record.store.collection(COLLECTIONS.settings).insert(broken)
    const { muting, mistakes } = mutingOn(record.store)
    for (let round = 0; round < 3; round++) {
      assert.equal(await muting.covering(anomaly('a')), undefined)
      await clock.advance(1_500)
    }
    assert.equal(mistakes.length, 1)
  })
})

describe('an open incident', () => {
  const silence = {
    _id: 's',
    cluster: 'prod',
    startsMs: 0,
    endsMs: clock.now() + 3_600_000,
    by: 'ada',
    reason: 'known',
    expiresMs: clock.now() + 7_200_000,
  }
  const rule = (value: string) => [{ field: 'rule' as const, operator: '=' as const, value }]

  it('is muted when all that goes on of it is covered, and not for a part', async () => {
    await using record = await testRecord(clock)
    await record.store.collection(COLLECTIONS.silences).insert({ ...silence, matchers: rule('crash-loop') })
    const { muting } = mutingOn(record.store)
    const crash = signal('crash-loop', 'a')
    const ended = signal('memory-kill', 'a', { resolvedMs: 1 })
    const foreign = signal('memory-kill', 'b', { target: { ...WEB, name: 'api' } })
    assert.equal((await muting.muting(incidentOf(WEB, [crash, ended, foreign])))?.code, 'silenced')
    assert.equal(await muting.muting(incidentOf(WEB, [crash, signal('memory-kill', 'a')])), undefined)
    assert.equal(await muting.muting(incidentOf(WEB, [ended])), undefined)
  })

  it('is muted by its cause, which no anomaly has', async () => {
    await using record = await testRecord(clock)
    const matchers = [{ field: 'cause' as const, operator: '!=' as const, value: 'bad-rollout' }]
    await record.store.collection(COLLECTIONS.silences).insert({ ...silence, matchers })
    const { muting } = mutingOn(record.store)
    const incident = incidentOf(WEB, [signal('crash-loop', 'a')])
    assert.equal((await muting.muting({ ...incident, cause: 'memory-leak' }))?.code, 'silenced')
    assert.equal(await muting.muting({ ...incident, cause: 'bad-rollout' }), undefined)
    assert.equal(await muting.muting(incident), undefined)
    assert.equal(await muting.covering(anomaly('a')), undefined)
  })
})
