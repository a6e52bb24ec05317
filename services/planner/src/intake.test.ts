import assert from 'node:assert/strict'
import { COLLECTIONS, SETTLED, type Anomaly, type AnomalyOpened, idOf } from '@kubewise/contracts'
import { createMetrics, silentLog } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { VirtualClock } from '@kubewise/testkit'
import { createEvidenceBook } from './context/evidence.ts'
import { createFigures } from './figures.ts'
import { anomaly, resolution } from './fixture/anomalies.ts'
import { benchOf } from './fixture/bench.ts'
import { execution } from './fixture/context.ts'
import { NOW } from './fixture/objects.ts'
import { testRecord } from './fixture/record.ts'
import { crashing, rollout } from './fixture/worlds.ts'
import { createIncidentBook } from './incidents/book.ts'
import { createMuting } from './incidents/muting.ts'
import { createOutcomes } from './learning/outcomes.ts'
import { createSilences } from './incidents/silences.ts'
import { createIntake } from './intake.ts'
import { createSweep } from './sweep.ts'

function intakeOf(store: Store) {
  const clock = new VirtualClock(NOW)
  const published: { subject: string; change: string; id: string | undefined }[] = []
  const asked: string[] = []
  const bus = {
    async publish(subject: string, body: object, options?: { id?: string }) {
      published.push({ subject, change: (body as { change: string }).change, id: options?.id })
      return { stream: 'S', seq: 1, isDuplicate: false }
    },
  }
  const metrics = createMetrics('test', '0')
  const figures = createFigures(metrics)
  const book = createIncidentBook({ store, clock, crashpoint: () => undefined }, 'prod')
  const outcomes = createOutcomes({ store, clock }, 'prod')
  const decider = { soon: (id: string) => void asked.push(id), idle: async () => undefined }
  const silences = createSilences(store, clock, 'prod', () => undefined)
  const muting = createMuting(store, clock, 'prod', silences, () => undefined)
  const ports = {
    bus,
    log: silentLog,
    clock,
    book,
    muting,
    evidence: createEvidenceBook(store),
    decider,
    figures,
    outcomes,
  }
  const intake = createIntake(ports)
  const sweep = createSweep({ ...ports, store, intake, cluster: 'prod' })
  return { clock, intake, sweep, published, asked, metrics, book, outcomes }
}

const recorded = ({ id, kind: _kind, epoch: _epoch, ...rest }: AnomalyOpened): Omit<Anomaly, 'version'> => ({
  _id: id,
  ...rest,
  status: 'open',
})

const silence = {
  _id: 's',
  cluster: 'prod',
  matchers: [{ field: 'name' as const, operator: '=' as const, value: 'web' }],
  startsMs: 0,
  endsMs: NOW + 60_000,
  by: 'ada',
  reason: 'x',
  expiresMs: NOW + 600_000,
}

describe('the intake', () => {
  it('opens an incident with the first anomaly, adds the others, and has each looked at', async () => {
    await using record = await testRecord()
    const { intake, published, asked, metrics } = intakeOf(record.store)
    const [a, b] = [anomaly('a'), anomaly('b')]
    for (const message of [a, b, a, resolution(a)]) assert.deepEqual(await intake.anomaly(message), { do: 'ack' })
    assert.deepEqual(
      published.map(({ change }) => change),
      ['opened', 'updated', 'updated'],
    )
    assert.equal(new Set(published.map(({ id }) => id)).size, 3)
    assert.equal(new Set(asked).size, 1)
    assert.equal(asked.length, 4)
    const text = await metrics.registry.metrics()
    for (const outcome of ['opened', 'joined', 'repeated', 'ended'])
      assert.match(text, new RegExp(`kubewise_planner_anomalies_total\\{outcome="${outcome}"\\} 1`))
    assert.match(text, /kubewise_incidents_open 1/)
  })

  it('keeps a silenced anomaly from opening anything, until the silence is over', async () => {
    await using record = await testRecord()
    const { intake, sweep, published, clock, book } = intakeOf(record.store)
    await record.store.collection(COLLECTIONS.silences).insert(silence)
    await record.store.collection(COLLECTIONS.anomalies).insert(recorded(anomaly('a')))
    await intake.anomaly(anomaly('a'))
    await sweep()
    assert.deepEqual([published, await book.open()], [[], []])
    await clock.advance(61_000)
    await sweep()
    assert.deepEqual(
      (await book.open()).map(({ signals }) => signals.length),
      [1],
    )
  })

  it('takes up in its sweep what was recorded and never heard, and decides everything open anew', async () => {
    await using record = await testRecord()
    const { intake, sweep, asked, book } = intakeOf(record.store)
    await intake.anomaly(anomaly('a'))
    await record.store.collection(COLLECTIONS.anomalies).insert(recorded(anomaly('b')))
    await record.store
      .collection(COLLECTIONS.anomalies)
      .insert({ ...recorded(anomaly('c')), status: 'resolved', resolvedMs: NOW })
    asked.length = 0
    await sweep()
    const [incident] = await book.open()
    assert.equal(incident?.signals.length, 2)
    assert.ok(asked.length >= 1 && asked.every((id) => id === incident?._id))
  })

  it('tells of every open incident once more after a start, under the same message id', async () => {
    await using record = await testRecord()
    const first = intakeOf(record.store)
    await first.intake.anomaly(anomaly('a'))
    const second = intakeOf(record.store)
    await second.sweep()
    await second.sweep()
    assert.deepEqual(
      second.published.map(({ id }) => id),
      first.published.map(({ id }) => id),
    )
  })

  it('tells of an end once more after a start, under the same message id, and of an old one not', async () => {
    await using record = await testRecord()
    const { intake, book, clock } = intakeOf(record.store)
    await intake.anomaly(anomaly('a'))
    const [incident] = await book.open()
    const end = {
      status: 'resolved' as const,
      resolvedMs: clock.now(),
      resolution: { code: 'recovered', say: 'Well.' },
    }
    await book.change(incident!._id, (latest) => ({ ...latest, ...end }))
    const second = intakeOf(record.store)
    await second.sweep()
    const id = idOf('incident-notice', incident!._id, 2)
    assert.deepEqual(
      second.published.map(({ change, id }) => [change, id]),
      [['resolved', id]],
    )
    const third = intakeOf(record.store)
    await third.clock.advance(11 * 60_000)
    await third.sweep()
    assert.deepEqual(third.published, [])
  })

  it('has an incident decided when an execution of it is at its end, and not before', async () => {
    await using record = await testRecord()
    const { intake, asked } = intakeOf(record.store)
    for (const status of ['claimed', 'running', 'verifying', ...SETTLED] as const)
      await intake.execution({ kind: 'execution', execution: execution(status) })
    assert.equal(asked.length, SETTLED.length)
  })

  it('learns how a plan ended, once however often it is told', async () => {
    await using record = await testRecord()
    const { intake, outcomes } = intakeOf(record.store)
    const bench = await benchOf(record.store, () => rollout(crashing))
    await bench.decide()
    const [plan] = await bench.plans()
    const of = { _id: plan?._id ?? assert.fail('no plan') }
    await intake.execution({ kind: 'execution', execution: execution('running', of) })
    assert.deepEqual(await outcomes.recent(), [])
    for (let twice = 0; twice < 2; twice++)
      await intake.execution({ kind: 'execution', execution: execution('undone', of) })
    assert.deepEqual(
      (await outcomes.recent()).map(({ _id, cause, action, workloadKind, result }) => [
        _id,
        cause,
        action,
        workloadKind,
        result,
      ]),
      [[of._id, 'bad-rollout', 'rollback@1', 'Deployment', 'not-recovered']],
    )
  })
})
