import assert from 'node:assert/strict'
import type { KubernetesEvent } from '@kubewise/contracts'
import type { EventObject, Observer } from '@kubewise/kube'
import { silentLog } from '@kubewise/service'
import { testKit, VirtualClock } from '@kubewise/testkit'
import { CriticalMarks } from './critical-marks.ts'
import { createEventFilter, EVERYTHING, type EventFilterSettings } from './event-filter.ts'
import { startEventWatch, type Skipped } from './event-watch.ts'
import { createFigures } from './figures.ts'
import type { Priority } from './waiting-signals.ts'
import { OwnerIndex } from './owner-index.ts'

const NOW = Date.parse('2026-01-05T12:00:00Z')
const DAY_MS = 86_400_000
const eventAt = (ms: number, more: object = {}): EventObject => ({
  metadata: { name: 'e', namespace: 'shop', uid: 'u1', creationTimestamp: new Date(ms).toISOString() },
  type: 'Normal',
  reason: 'Pulled',
  regarding: { kind: 'Pod', namespace: 'shop', name: 'web' },
  deprecatedLastTimestamp: new Date(ms).toISOString(),
  ...more,
})

/** A watch over Events that are handed to it. */
function watching(settings: Partial<EventFilterSettings> = {}) {
  const clock = new VirtualClock(NOW)
  const sent: { event: KubernetesEvent; id: string; priority: Priority }[] = []
  const skipped: Skipped[] = []
  const marks = new CriticalMarks()
  let observer: Observer<EventObject> | undefined
  let clocksOff = 0
  startEventWatch({
    cluster: 'test',
    kube: {
      reflect(_resource, _options, given) {
        observer = given as unknown as Observer<EventObject>
        return { synced: Promise.resolve(), confirmedMs: () => NOW, stop: async () => undefined }
      },
    },
    outbox: { add: (_subject, event, id, priority) => sent.push({ event: event as KubernetesEvent, id, priority }) },
    owners: new OwnerIndex('test'),
    marks,
    filter: createEventFilter({ ...EVERYTHING, ...settings }),
    clock,
    log: silentLog,
    maxAgeMs: 300_000,
    onEvent: () => undefined,
    onSkipped: (why) => skipped.push(why),
    onClockOff: () => (clocksOff += 1),
  })
  return { clock, sent, skipped, marks, see: (event: EventObject) => observer!.onUpsert(event), off: () => clocksOff }
}

describe('the watch of Events', () => {
  const cases: [Skipped, EventObject][] = [
    ['old', eventAt(NOW - 301_000)],
    ['own', eventAt(NOW, { reportingController: 'kubewise.io/executor' })],
    ['nameless', eventAt(NOW, { regarding: {} })],
    ['malformed', eventAt(NOW, { regarding: { kind: 'Pod', name: '\u001b[2J' } })],
    ['type', eventAt(NOW, { type: 'Normal' })],
    ['reason', eventAt(NOW, { type: 'Warning', reason: 'DNSConfigForming' })],
    ['kind', eventAt(NOW, { type: 'Warning', reason: 'X', regarding: { kind: 'Certificate', name: 'c' } })],
  ]
  const settings = { EVENT_TYPES: ['Warning'], EVENT_REASONS: ['!DNS*'], EVENT_KINDS: ['!Certificate'] }
  for (const [why, event] of cases)
    it(`passes by, counted, what is ${why}`, () => {
      const { sent, skipped, see } = watching(settings)
      void see(event)
      assert.deepEqual([skipped, sent], [[why], []])
    })

  it('sends what a rule needs, whatever is left out', () => {
    const { sent, see } = watching(settings)
    void see(eventAt(NOW, { reason: 'Killing' }))
    assert.equal(sent[0]?.event.reason, 'Killing')
  })

  const sets: [string, string, (marks: CriticalMarks) => void, Priority][] = [
    ['a Normal Event', 'Normal', () => undefined, 'normal-event'],
    ['a Warning', 'Warning', () => undefined, 'warning'],
    [
      'a Normal Event in a critical namespace',
      'Normal',
      (marks) =>
        marks.upsert('Namespace', { metadata: { name: 'shop', annotations: { 'kubewise.io/critical': 'true' } } }),
      'critical-event',
    ],
  ]
  for (const [name, type, mark, priority] of sets)
    it(`sends ${name} as ${priority}`, () => {
      const { sent, marks, see } = watching()
      mark(marks)
      void see(eventAt(NOW, { type }))
      assert.deepEqual(
        sent.map((message) => message.priority),
        [priority],
      )
    })

  it('takes an Event of a clock that is a day off, counted, and once', async () => {
    for (const offMs of [-DAY_MS, DAY_MS]) {
      const { clock, sent, off, see } = watching()
      const event = eventAt(NOW, { deprecatedLastTimestamp: new Date(NOW + offMs).toISOString() })
      void see(event)
      await clock.advance(1000)
      void see(event)
      assert.equal(off(), 2)
      assert.equal(sent[0]?.event.lastMs, NOW)
      assert.equal(sent[0]?.id, sent[1]?.id, 'a repeat has the id of the first')
    }
  })

  it('has a figure for each why', async () => {
    const { metrics } = testKit()
    const figures = createFigures(metrics)
    figures.skippedEvent('reason')
    figures.clockOff()
    const text = await metrics.registry.metrics()
    assert.match(text, /kubewise_events_skipped_total\{why="reason"\} 1/)
    assert.match(text, /kubewise_events_skipped_total\{why="malformed"\} 0/)
    assert.match(text, /kubewise_events_clock_off_total 1/)
  })
})
