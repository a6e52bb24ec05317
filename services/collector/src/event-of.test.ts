import assert from 'node:assert/strict'
import { decodeKubernetesEvent, type KubernetesEvent } from '@kubewise/contracts'
import * as fc from 'fast-check'
import { eventOf } from './event-of.ts'
import { OwnerIndex } from './owner-index.ts'

const NOW = Date.parse('2026-01-05T12:00:00Z')
const DAY_MS = 86_400_000
const iso = (ms: number) => new Date(ms).toISOString()
const read = (given: unknown) => eventOf('test', given, new OwnerIndex('test'), NOW)
const raw = (more: object = {}) => ({
  metadata: { name: 'web-0.1', namespace: 'shop', uid: 'u1', creationTimestamp: iso(NOW - 1000) },
  type: 'Warning',
  reason: 'BackOff',
  note: 'Back-off restarting failed container',
  regarding: { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: 'p1' },
  reportingController: 'kubelet',
  deprecatedCount: 3,
  deprecatedFirstTimestamp: iso(NOW - 9000),
  deprecatedLastTimestamp: iso(NOW - 1000),
  ...more,
})
const taken = (given: unknown) => {
  const event = read(given)
  assert.ok(typeof event === 'object', JSON.stringify(event))
  return event
}

describe('eventOf', () => {
  it('puts an Event into our form', () => {
    const pod = { cluster: 'test', kind: 'Pod', namespace: 'shop', name: 'web-0' }
    assert.deepEqual(taken(raw()), {
      event: {
        kind: 'kubernetes-event',
        cluster: 'test',
        uid: 'u1',
        type: 'Warning',
        reason: 'BackOff',
        message: 'Back-off restarting failed container',
        entity: { ...pod, uid: 'p1' },
        target: pod,
        count: 3,
        firstMs: NOW - 9000,
        lastMs: NOW - 1000,
        reporter: 'kubelet',
      } satisfies KubernetesEvent,
      saidMs: NOW - 1000,
      isClockOff: false,
    })
  })

  const fields: [string, object, Partial<KubernetesEvent>][] = [
    ['escapes of a terminal are taken out', { note: 'a\u001b[2Jb\u202e\u0000c' }, { message: 'a [2Jb c' }],
    ['breaks of lines stay', { note: 'a\n\tb' }, { message: 'a\n\tb' }],
    ['half a character is made whole', { note: '\ud83d' }, { message: ' ' }],
    ['a message is cut', { note: 'x '.repeat(1000) }, { message: 'x '.repeat(512) }],
    ['what is no text is none', { note: { a: 1 }, reason: 7 }, { message: '', reason: '' }],
    ['a name of JavaScript is a reason', { reason: '__proto__' }, { reason: '__proto__' }],
    ['a count that is none is 1', { deprecatedCount: -3 }, { count: 1 }],
    ['nor is a text', { deprecatedCount: '9' }, { count: 1 }],
    ['a count has a bound', { deprecatedCount: 1e300 }, { count: 2 ** 31 - 1 }],
    ['a broken count is whole', { deprecatedCount: 2.5 }, { count: 2 }],
    [
      'a series tells its own',
      { series: { count: 8, lastObservedTime: iso(NOW - 500) } },
      { count: 8, lastMs: NOW - 500 },
    ],
    ['a type that is none is Normal', { type: 'Fatal' }, { type: 'Normal' }],
    ['a date that is none is passed over', { deprecatedLastTimestamp: 'soon' }, { lastMs: NOW - 1000 }],
    ['a first after the last is the last', { deprecatedFirstTimestamp: iso(NOW + DAY_MS) }, { firstMs: NOW - 1000 }],
  ]
  for (const [name, given, expected] of fields)
    it(name, () => {
      const { event } = taken(raw(given))
      for (const [field, value] of Object.entries(expected))
        assert.deepEqual(event[field as keyof KubernetesEvent], value, field)
    })

  it('takes the secrets out of its text', () => {
    const { event } = taken(raw({ note: 'failed with password=hunter2-hunter2 on start' }))
    assert.doesNotMatch(event.message, /hunter2/)
  })

  const objects: [string, unknown, string][] = [
    ['nothing', undefined, 'nameless'],
    ['no name', { kind: 'Pod', name: '' }, 'nameless'],
    ['no kind', { name: 'web' }, 'nameless'],
    ['a name with an escape', { kind: 'Pod', name: 'web\u001b[2J' }, 'malformed'],
    ['a name with NUL, which parts ids', { kind: 'Pod', name: 'a\u0000b' }, 'malformed'],
    ['a name with a blank', { kind: 'Pod', name: 'a b' }, 'malformed'],
    ['a namespace with a break', { kind: 'Pod', name: 'a', namespace: 'b\n' }, 'malformed'],
    ['a name that is too long', { kind: 'Pod', name: 'a'.repeat(254) }, 'malformed'],
    ['a kind that can be none', { kind: '../../x', name: 'a' }, 'malformed'],
    ['a name that is no text', { kind: 'Pod', name: { length: 3 } }, 'malformed'],
  ]
  for (const [name, regarding, why] of objects)
    it(`does not take one about ${name}`, () => assert.equal(read(raw({ regarding })), why))

  it('takes one about an object that is called like a part of JavaScript', () => {
    const { event } = taken(raw({ regarding: { kind: 'Pod', name: '__proto__' } }))
    assert.equal(event.entity.name, '__proto__')
    assert.equal(Object.getPrototypeOf(event.entity), Object.prototype)
  })

  const clocks: [string, { said: number; stored: number }, { last: number; isOff: boolean }][] = [
    ['right', { said: -1000, stored: -2000 }, { last: -1000, isOff: false }],
    ['a little ahead', { said: 5000, stored: 0 }, { last: 5000, isOff: false }],
    ['a day ahead', { said: DAY_MS, stored: -2000 }, { last: 0, isOff: true }],
    ['a little behind', { said: -30_000, stored: 0 }, { last: -30_000, isOff: false }],
    ['a day behind', { said: -DAY_MS, stored: -2000 }, { last: -2000, isOff: true }],
    ['a day behind, where the API server is ahead', { said: -DAY_MS, stored: DAY_MS }, { last: 0, isOff: true }],
    ['right, of an Event that is long known', { said: -1000, stored: -DAY_MS }, { last: -1000, isOff: false }],
  ]
  for (const [name, { said, stored }, expected] of clocks)
    it(`dates an Event of a sender whose clock is ${name}`, () => {
      const given = raw({
        metadata: { uid: 'u1', creationTimestamp: iso(NOW + stored) },
        deprecatedFirstTimestamp: iso(NOW + said),
        deprecatedLastTimestamp: iso(NOW + said),
      })
      const { event, isClockOff, saidMs } = taken(given)
      assert.deepEqual({ last: event.lastMs - NOW, isOff: isClockOff }, expected)
      assert.equal(saidMs, NOW + said)
      assert.ok(event.firstMs <= event.lastMs)
    })

  it('makes of whatever comes an Event that the contract takes, or says why not', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '', '\u0000'))
    const time = fc.oneof(fc.date({ noInvalidDate: false }).map(String), fc.constantFrom(iso(NOW), '+275760-09-13'))
    const value = fc.oneof(text, time, fc.jsonValue(), fc.double(), fc.constant(undefined))
    const regarding = fc.record({
      kind: fc.oneof(fc.constant('Pod'), value),
      name: fc.oneof(fc.constant('web'), value),
      namespace: value,
      uid: value,
    })
    const fieldNames = [
      'metadata',
      'type',
      'reason',
      'note',
      'eventTime',
      'series',
      'reportingController',
      'deprecatedSource',
      'deprecatedCount',
      'deprecatedFirstTimestamp',
      'deprecatedLastTimestamp',
    ]
    const anything = fc.oneof(
      fc.tuple(regarding, fc.dictionary(fc.constantFrom(...fieldNames), value)).map(([about, more]) => ({
        regarding: about,
        ...more,
      })),
      value,
    )
    let seen = 0
    fc.assert(
      fc.property(anything, (given) => {
        const event = read(given)
        if (typeof event === 'string') return assert.ok(['nameless', 'malformed'].includes(event))
        seen += 1
        const decoded = decodeKubernetesEvent(JSON.parse(JSON.stringify(event.event)))
        assert.ok(decoded.ok, JSON.stringify(decoded))
      }),
      { numRuns: 500 },
    )
    assert.ok(seen > 20, `only ${seen} Events were taken`)
  })
})
