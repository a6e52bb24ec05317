import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { Subject } from '@kubewise/contracts'
import { createMetrics } from '@kubewise/service'
import { eventually, type Nats } from '@kubewise/testkit'
import { BusError } from './errors.ts'
import { checkFilter, checkSubject, clusterOf, kindOf } from './subject.ts'
import { AROUND, onEachServer, openBus, publishTicks, tickSubject } from './each-server.ts'
import { openRaw } from './raw.ts'

const isCode = (code: BusError['code']) => (error: unknown) => error instanceof BusError && error.code === code

describe('the last fence before the wire', () => {
  const bad = [
    '',
    '.',
    'a..b',
    'a.',
    '.a',
    'a b',
    'a\r\nPUB b 4\r\nEVIL\r\n',
    'a\tb',
    'a.*',
    'a.>',
    '$JS.API.INFO',
    'ä',
    'a'.repeat(600),
  ]
  for (const subject of bad)
    it(`refuses ${JSON.stringify(subject.slice(0, 40))}`, () =>
      assert.throws(() => checkSubject(subject), isCode('invalid')))

  it('lets through nothing but tokens, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          checkSubject(text)
        } catch {
          return true
        }
        return text.split('.').every((token) => /^[\w-]+$/.test(token))
      }),
    )
  })

  it('lets a filter have wildcards, but whole tokens of them', () => {
    for (const filter of ['a.*.b', 'a.>', '*.b', '$JS.EVENT.>']) checkFilter(filter)
    for (const filter of ['>.a', 'a*', 'a.>b', 'a.**', 'a b', 'a..b', ''])
      assert.throws(() => checkFilter(filter), isCode('invalid'))
  })

  it('tells kind and cluster of a subject', () => {
    const rows = [
      ['kubewise.v1.prod.in.07.metric', 'metric', 'prod'],
      ['kubewise.v1.prod.in.07.event.abc', 'event', 'prod'],
      ['kubewise.v1.prod.anomaly.07.abc', 'anomaly', 'prod'],
      ['$JS.EVENT.ADVISORY.CONSUMER', 'other', 'unknown'],
      ['kubewise', 'other', 'unknown'],
    ] as const
    for (const [subject, kind, cluster] of rows)
      assert.deepEqual([kindOf(subject), clusterOf(subject)], [kind, cluster])
  })
})

onEachServer('publish', (start) => {
  let nats: Nats
  before(async () => {
    nats = await start()
  })
  after(() => nats?.stop())

  it('recognises a repeated id and adds nothing', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const first = await bus.publish(tickSubject, { n: 1 }, { id: 'same' })
    const again = await bus.publish(tickSubject, { n: 1 }, { id: 'same' })
    assert.equal(first.stream, 'TICKS')
    assert.deepEqual(again, { ...first, isDuplicate: true })
    assert.ok(!first.isDuplicate)
  })

  it('refuses a subject that would become protocol, and nothing reaches the server', async () => {
    await using bus = await openBus(nats)
    await using raw = await openRaw(nats)
    const seen: string[] = []
    raw.nc.subscribe('>', {
      callback: (_, message) => void (message.subject.startsWith('kubewise') && seen.push(message.subject)),
    })
    await raw.nc.flush()
    const evil = `${tickSubject} 2\r\nhi\r\nPUB kubewise.v1.test.plan.approved 4\r\nEVIL\r\nPUB ${tickSubject}`
    for (const subject of [evil, 'kubewise.v1..plan', 'kubewise.v1.test.>', `${tickSubject} _INBOX.x`])
      await assert.rejects(bus.publish(subject as Subject, {}), isCode('invalid'))
    await assert.rejects(
      bus.publish(tickSubject, {}, { headers: { 'ce-id': 'a\r\nNats-Msg-Id: b' } }),
      isCode('invalid'),
    )
    await assert.rejects(bus.publish(tickSubject, {}, { headers: { 'ce id': 'a' } }), isCode('invalid'))
    await assert.rejects(bus.publish(tickSubject, {}, { id: 'a\r\nb' }), isCode('invalid'))
    await bus.publish(tickSubject, { n: 1 })
    await eventually(() => seen.length > 0)
    assert.deepEqual(seen, [tickSubject])
  })

  it('refuses a body that cannot be sent, and says why', async () => {
    await using bus = await openBus(nats)
    const cyclic: { self?: object } = {}
    cyclic.self = cyclic
    await assert.rejects(bus.publish(tickSubject, cyclic), /expected a body that JSON can hold/)
    await assert.rejects(
      bus.publish(tickSubject, { text: 'x'.repeat(1024 ** 2) }),
      /expected at most \d+ bytes, got \d+/,
    )
  })

  it('says that no stream takes the subject', async () => {
    await using bus = await openBus(nats)
    await assert.rejects(bus.publish('kubewise.v1.test.nowhere' as Subject, {}), isCode('no-stream'))
  })

  it('takes many at once, in order', async () => {
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    const { lastSeq } = await bus.streamState('TICKS')
    const acks = await Promise.all(Array.from({ length: 3000 }, (_, n) => bus.publish(tickSubject, { n })))
    assert.deepEqual(
      acks.map(({ seq }) => seq),
      acks.map((_, index) => lastSeq + 1 + index),
    )
  })

  it('counts what it sends by kind and outcome', async () => {
    const metrics = createMetrics('test', '0')
    await using bus = await openBus(nats, { metrics })
    await bus.provision(AROUND, [])
    await publishTicks(bus, 10, 12)
    await publishTicks(bus, 10, 12)
    await bus.publish('bad subject' as Subject, {}).catch(() => undefined)
    const lines = (await metrics.registry.metrics()).split('\n')
    const count = (labels: string) =>
      lines
        .find((line) => line.startsWith(`kubewise_messages_published_total{${labels}}`))
        ?.split(' ')
        .at(-1)
    assert.equal(count('subject_kind="anomaly",outcome="stored"'), '2')
    assert.equal(count('subject_kind="anomaly",outcome="duplicate"'), '2')
    assert.equal(count('subject_kind="other",outcome="invalid"'), '1')
    assert.equal(count('subject_kind="metric",outcome="stored"'), '0')
  })
})
