import assert from 'node:assert/strict'
import type { Execution } from '@kubewise/contracts'
import { signal, execution, type World } from '../fixture/context.ts'
import { NOW, SECOND, MINUTE } from '../fixture/objects.ts'
import { told, crashing, settled, outlier, rollout } from '../fixture/worlds.ts'

describe('the end of an incident', () => {
  const ended = [signal('crash-loop', 'web-0', { resolvedMs: NOW - 5 * SECOND })]
  const quiet = [signal('crash-loop', 'web-0', { resolvedMs: NOW - 11 * MINUTE })]
  const wellFor = (minutes: number, code = 'already-recovered') => ({
    decision: { atMs: NOW - minutes * MINUTE, outcome: 'no-action' as const, code, say: 'x', hash: 'x' },
  })
  const cases: [string, World, string][] = [
    ['all signals ended and the target is well', settled([{}, {}, {}], { signals: ended }), 'close recovered'],
    ['all signals ended, but a pod is missing', settled([{}, {}], { signals: ended }), 'wait watching'],
    [
      'all signals ended, but a container died half a minute ago',
      settled([{ restarts: 1, last: { agoSeconds: 30, ranSeconds: 90 } }, {}, {}], { signals: ended }),
      'wait watching',
    ],
    ['nothing was heard for ten minutes', settled([{}, {}], { signals: quiet }), 'close quiet'],
    ['the target is gone', { target: undefined, signals: [signal('crash-loop')] }, 'close target-gone'],
    [
      'well for ten minutes, whatever a signal on its state says',
      settled([{}, {}, {}], { incident: wellFor(11) }),
      'close recovered',
    ],
    ['well for nine minutes', settled([{}, {}, {}], { incident: wellFor(9) }), 'no-action already-recovered'],
    [
      'a metric is still off',
      settled([{}, {}, {}], { signals: [outlier], incident: wellFor(11) }),
      'no-action already-recovered',
    ],
    [
      'a node’s signals ended',
      { target: { kind: 'Node', metadata: { name: 'n', uid: 'u' } }, signals: ended },
      'close recovered',
    ],
  ]
  for (const [what, world, expected] of cases) it(`${what} → ${expected}`, () => assert.equal(told(world), expected))

  const unread = { target: undefined, isReadable: false, signals: [signal('pod-not-ready', 'pg-1')] }
  const whole = { cluster: 'prod', kind: 'Cluster', namespace: '', name: 'prod' }
  const longAgo = { openedMs: NOW - 5 * MINUTE }
  const clusters: [string, World, string][] = [
    [
      'a custom resource of the kind Cluster is ill, and there is no storm',
      { ...unread, incident: { ...longAgo, target: { ...whole, namespace: 'shop', name: 'pg' } } },
      'escalate owned-elsewhere',
    ],
    [
      'a metric of the whole cluster is off, and there is no storm',
      {
        ...unread,
        signals: [signal('level-shift', undefined, { entity: whole })],
        incident: { ...longAgo, target: whole },
      },
      'escalate no-remedy',
    ],
    [
      'pods of a custom resource, which cannot be read, are ill',
      { ...unread, incident: { ...longAgo, target: { ...whole, kind: 'Kafka', namespace: 'shop', name: 'logs' } } },
      'escalate owned-elsewhere',
    ],
    ['a storm is over', { ...unread, signals: [], incident: { ...longAgo, target: whole } }, 'close storm-over'],
  ]
  for (const [what, world, expected] of clusters) it(`${what} → ${expected}`, () => assert.equal(told(world), expected))
})

describe('an incident that is being acted upon', () => {
  const { finishedMs: _, ...running } = execution('verifying')
  const underWay: Execution[] = [running]
  it('waits for the execution’s end, whatever happens', () => {
    assert.equal(told({ ...rollout(crashing), executions: underWay }), 'wait execution-under-way')
    assert.equal(
      told(settled([{}, {}, {}], { signals: [signal('x', undefined, { resolvedMs: 1 })], executions: underWay })),
      'wait execution-under-way',
    )
  })
})

it('waits a minute before it calls a person to what no playbook knows', () => {
  const odd = settled([{ ready: false, ageSeconds: 600 }, {}, {}], { signals: [signal('pod-not-ready', 'web-0')] })
  assert.equal(told(odd), 'wait watching')
  assert.equal(told({ ...odd, incident: { openedMs: NOW - 2 * MINUTE } }), 'escalate no-remedy')
})
