import assert from 'node:assert/strict'
import { RESOURCES, type CoreEventObject, type Pod } from '@kubewise/kube'
import { VirtualClock } from '@kubewise/testkit'
import { createObjectStore } from '../../objects/index.ts'
import type { ObjectStore } from '../../port.ts'
import { createEventRecorder, type EventSink, type Occurrence } from './recorder.ts'

const MINUTE_MS = 60_000
const START_MS = Date.UTC(2025, 0, 6)
const pod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '7' },
})

describe('event recorder', () => {
  let objects: ObjectStore
  let events: EventSink
  beforeEach(() => {
    objects = createObjectStore({ clock: new VirtualClock(START_MS) })
    events = createEventRecorder(objects)
  })

  const said = () => objects.list<CoreEventObject>(RESOURCES.CoreEvent)
  const record = (atMs: number, more: Partial<Occurrence> = {}) =>
    events.record(START_MS + atMs, {
      about: pod('web'),
      type: 'Warning',
      reason: 'BackOff',
      message: 'again',
      component: 'kubelet',
      host: 'node-1',
      ...more,
    })

  it('counts repeats in one Event', () => {
    for (let index = 0; index < 4; index++) record(index * 10_000)
    assert.equal(said().length, 1)
    const [event] = said()
    assert.equal(event?.count, 4)
    assert.equal(event?.firstTimestamp, '2025-01-06T00:00:00Z')
    assert.equal(event?.lastTimestamp, '2025-01-06T00:00:30Z')
    assert.deepEqual(event?.source, { component: 'kubelet', host: 'node-1' })
    assert.deepEqual(event?.involvedObject, {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'shop',
      name: 'web',
      uid: 'uid-web',
      resourceVersion: '7',
    })
    assert.match(event?.metadata?.name ?? '', /^web\.[0-9a-f]{16}$/)
  })

  it('tells objects, reasons and messages apart', () => {
    record(0)
    record(0, { about: pod('api') })
    record(0, { reason: 'Unhealthy' })
    record(0, { message: 'other' })
    assert.equal(said().length, 4)
  })

  it('combines what is similar after ten messages', () => {
    for (let index = 0; index < 14; index++) record(index * 1000, { message: `number ${index}` })
    assert.equal(said().length, 11)
    assert.equal(said().at(-1)?.message, '(combined from similar events): number 13')
    assert.equal(said().at(-1)?.count, 4)
  })

  it('lets 25 through at once, then one in five minutes', () => {
    const total = () => said().reduce((sum, { count }) => sum + (count ?? 0), 0)
    for (let index = 0; index < 60; index++) record(index * 100)
    assert.equal(total(), 25)
    record(6 * MINUTE_MS)
    record(6 * MINUTE_MS + 1000)
    assert.equal(total(), 26)
    record(0, { about: pod('api') })
    assert.equal(total(), 27, 'another object has its own allowance')
  })

  it('counts repeats of newer components in a series', () => {
    for (let index = 0; index < 3; index++)
      record(index * MINUTE_MS, { action: 'Scheduling', component: 'default-scheduler' })
    const [event] = said()
    assert.equal(said().length, 1)
    assert.deepEqual(event?.series, { count: 3, lastObservedTime: '2025-01-06T00:02:00.000000Z' })
    assert.equal(event?.eventTime, '2025-01-06T00:00:00.000000Z')
    assert.equal(event?.count, undefined)
    record(20 * MINUTE_MS, { action: 'Scheduling', component: 'default-scheduler' })
    assert.equal(said().length, 2, 'a series ends after six minutes')
  })

  it('forgets Events an hour after they were last seen', () => {
    record(0)
    record(30 * MINUTE_MS)
    record(0, { about: pod('api') })
    events.prune(START_MS + 61 * MINUTE_MS)
    assert.deepEqual(
      said().map(({ involvedObject }) => involvedObject?.name),
      ['web'],
    )
    events.prune(START_MS + 91 * MINUTE_MS)
    assert.deepEqual(said(), [])
    record(92 * MINUTE_MS)
    assert.equal(said()[0]?.count, 1)
  })
})
