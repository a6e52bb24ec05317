import assert from 'node:assert/strict'
import { signal, revisionRecord, execution, type World } from '../fixture/context.ts'
import {
  NOW,
  MINUTE,
  statefulSet,
  daemonSet,
  controllerRevision,
  pod,
  service,
  endpoints,
  templateHash,
} from '../fixture/objects.ts'
import { choiceIn, told, v1, v2, oldSet, newSet, rollout, death, crashing, backToOne } from '../fixture/worlds.ts'
import { contentOf } from './decide.ts'

describe('a rollout whose pods cannot run', () => {
  const cases: [string, World, string][] = [
    ['crash for the second time', rollout(crashing), backToOne],
    ['crash for the second time, seen while dead', rollout({ dead: death, restarts: 1 }), backToOne],
    [
      'cannot pull their image',
      rollout({ waiting: 'ImagePullBackOff' }, { rule: 'image-pull' }),
      'plan rollback-image rollback@1 {"toRevision":1}',
    ],
    [
      'lack their configuration',
      rollout({ waiting: 'CreateContainerConfigError' }, { rule: 'container-config' }),
      backToOne,
    ],
    [
      'have a command that is not there',
      rollout({ waiting: 'RunContainerError' }, { rule: 'container-config' }),
      'plan rollback-start-error rollback@1 {"toRevision":1}',
    ],
    [
      'crash, and the other revision was never seen healthy',
      { ...rollout(crashing), pods: [pod(newSet(), 'h2', { name: 'new', ageSeconds: 30, ...crashing })] },
      'escalate no-healthy-revision',
    ],
    [
      'crash, as do the old ones',
      {
        ...rollout(crashing),
        revisionRecord: revisionRecord([{ template: templateHash(v1), healthyMs: NOW - MINUTE }]),
        pods: [
          pod(oldSet, 'h1', { name: 'a', ...crashing }),
          pod(newSet(), 'h2', { name: 'new', ageSeconds: 30, ...crashing }),
        ],
      },
      'escalate crash-unexplained',
    ],
    [
      'cannot pull their image, nor can the old ones',
      {
        ...rollout({ waiting: 'ImagePullBackOff' }),
        revisionRecord: revisionRecord([{ template: templateHash(v1), healthyMs: NOW - MINUTE }]),
        pods: [
          pod(oldSet, 'h1', { name: 'a', waiting: 'ImagePullBackOff' }),
          pod(newSet(), 'h2', { name: 'new', ageSeconds: 30, waiting: 'ImagePullBackOff' }),
        ],
      },
      'escalate image-unavailable',
    ],
    ['began to crash long after it', rollout(crashing, { ageSeconds: 3000 }), 'escalate crash-unexplained'],
    [
      'crash, and a dependency is down',
      { ...rollout(crashing), services: [service('db')], endpointSlices: [endpoints('db', 0)] },
      'no-action dependency-down',
    ],
    [
      'cannot pull their image, and a dependency is down, which has nothing to do with it',
      { ...rollout({ waiting: 'ImagePullBackOff' }), services: [service('db')], endpointSlices: [endpoints('db', 0)] },
      'plan rollback-image rollback@1 {"toRevision":1}',
    ],
  ]
  for (const [what, world, expected] of cases) it(`${what} → ${expected}`, () => assert.equal(told(world), expected))

  it('is taken back for a StatefulSet, and for a DaemonSet', () => {
    const sts = statefulSet(v2, {
      status: { readyReplicas: 2, updatedReplicas: 1, currentRevision: 'web-h1', updateRevision: 'web-h2' },
    })
    const ds = daemonSet(v2, { status: { updatedNumberScheduled: 1, numberReady: 2, numberAvailable: 2 } })
    for (const [target, label] of [
      [sts, 'web-h'],
      [ds, 'h'],
    ] as const)
      assert.equal(
        told({
          target,
          children: [controllerRevision(target, 1, v1), controllerRevision(target, 2, v2, 30)],
          pods: [
            pod(target, `${label}1`, { name: 'a' }),
            pod(target, `${label}2`, { name: 'new', ageSeconds: 30, ...crashing }),
          ],
          signals: [signal('crash-loop', 'new')],
        }),
        backToOne,
      )
  })

  it('is taken back once only: when that did not help, a person is called', () => {
    const world = { ...rollout(crashing), executions: [execution('undone')] }
    const before = choiceIn(world)
    assert.ok('steps' in before)
    assert.equal(told(world, new Map([['plan-0', contentOf(before.steps)]])), 'escalate already-tried')
  })

  it('is left to a person after three attempts', () => {
    const executions = ['a', 'b', 'c'].map((_id) => execution('undone', { _id }))
    assert.equal(told({ ...rollout(crashing), executions }), 'escalate attempts-exhausted')
  })
})
