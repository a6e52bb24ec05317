import assert from 'node:assert/strict'
import { COLLECTIONS, type KeptEvent } from '@kubewise/contracts'
import { DEMO_NAMESPACE } from '@kubewise/simulator'
import { eventually, findNats, skipWithout } from '@kubewise/testkit'
import { startLab, type Lab } from './lab.ts'

describe('Events, chosen and kept', function () {
  skipWithout(findNats(), 'no nats-server found')
  let lab: Lab

  before(async () => {
    lab = await startLab({ EVENT_TYPES: 'Warning', EVENT_REASONS: '!Weather*', EVENT_KEEP_HOURS: '1' })
  })
  after(() => lab?.[Symbol.asyncDispose]())

  const kept = async (query: string): Promise<Omit<KeptEvent, '_id' | 'version'>[]> =>
    ((await (await fetch(`${lab.kubewise.apiUrl}/api/v1/events${query}`)).json()) as { items: KeptEvent[] }).items

  function tell(name: string, reason: string, more: object = {}): void {
    const now = new Date(lab.kit.clock.now()).toISOString()
    lab.simulator.apply([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name, namespace: DEMO_NAMESPACE },
        type: 'Warning',
        reason,
        note: 'Authorization: Bearer abcdefghijklmnop0123456789',
        regarding: { kind: 'Pod', namespace: DEMO_NAMESPACE, name: 'web-0' },
        reportingController: 'test',
        reportingInstance: 'test',
        action: 'Testing',
        eventTime: now.replace(/Z$/, '000Z'),
        ...more,
      },
    ])
  }

  it('are kept without secrets, but those left out; detection sees what it needs', async () => {
    tell('left-out', 'WeatherIsBad')
    tell('normal', 'Sunny', { type: 'Normal' })
    tell('needed', 'Killing', { type: 'Normal' })
    tell('taken', 'DiskIsOdd')
    await eventually(async () => (await kept('?reason=DiskIsOdd')).length === 1, { timeoutMs: 30_000 })
    await eventually(async () => (await kept('?reason=Killing&name=web-0')).length === 1, { timeoutMs: 30_000 })
    const [event] = await kept('?reason=DiskIsOdd')
    assert.doesNotMatch(event!.message, /abcdefghijklmnop/)
    assert.equal(event!.expiresMs - event!.seenMs, 3_600_000)
    assert.deepEqual([await kept('?reason=WeatherIsBad'), await kept('?reason=Sunny')], [[], []])
    assert.ok((await lab.figure('kubewise_events_skipped_total', { why: 'reason' })) >= 1)
    assert.ok((await lab.figure('kubewise_events_skipped_total', { why: 'type' })) >= 1)
    assert.ok((await lab.kit.metrics.registry.metrics()).includes('kubewise_event_copies_total{what="kept"'))
    assert.ok((await lab.kubewise.store.collection(COLLECTIONS.events).count()) >= 2)
  })
})
