import assert from 'node:assert/strict'
import { PLAIN_POD } from '@kubewise/contracts'
import { before, deployment, NOW, pod, replicaSet, template, type PodOptions } from '../fixture/objects.ts'
import { podFacts } from './pod-facts.ts'

const owner = replicaSet(deployment(), 7, template())

describe('a pod that cannot run', () => {
  const quick = { agoSeconds: 5, ranSeconds: 2 }
  const cases: [string, PodOptions, boolean][] = [
    ['runs', {}, false],
    ['is being created', { waiting: 'ContainerCreating' }, false],
    ['died once and is dead', { dead: quick, restarts: 0 }, false],
    ['died once and runs again', { last: quick, restarts: 1, runningSeconds: 3 }, false],
    [
      'died for the second time and is dead',
      { dead: quick, last: { agoSeconds: 8, ranSeconds: 2 }, restarts: 1 },
      true,
    ],
    ['died for the second time and waits', { waiting: 'CrashLoopBackOff', last: quick, restarts: 1 }, true],
    ['waits in a crash loop that it never restarted from', { waiting: 'CrashLoopBackOff', restarts: 0 }, false],
    [
      'is up after many deaths, but not longer than the last time',
      { last: quick, restarts: 5, runningSeconds: 5 },
      true,
    ],
    [
      'is up after many deaths for longer than the last time',
      { last: { ...quick, agoSeconds: 20 }, restarts: 5, runningSeconds: 15 },
      false,
    ],
    [
      'is up for a minute after long runs',
      { last: { agoSeconds: 65, ranSeconds: 300 }, restarts: 5, runningSeconds: 61 },
      false,
    ],
    ['died after a long life, which is forgiven', { dead: { agoSeconds: 1, ranSeconds: 3600 }, restarts: 4 }, false],
    ['ended well again and again', { dead: { ...quick, exitCode: 0 }, restarts: 3, ready: false }, false],
    ['failed to pull its image for the first time', { waiting: 'ErrImagePull', ageSeconds: 2 }, false],
    ['waits for the second try at its image', { waiting: 'ImagePullBackOff', ageSeconds: 3 }, true],
    ['failed to pull its image again', { waiting: 'ErrImagePull', ageSeconds: 14 }, true],
    ['lacks its ConfigMap', { waiting: 'CreateContainerConfigError', ageSeconds: 1 }, true],
    ['has a command that is not there', { waiting: 'RunContainerError', ageSeconds: 1 }, true],
    ['is being deleted', { waiting: 'CrashLoopBackOff', restarts: 9, isTerminating: true }, false],
    ['has done its work', { phase: 'Succeeded', dead: { ...quick, exitCode: 1 }, restarts: 3 }, false],
  ]
  for (const [what, options, expected] of cases)
    it(`${expected ? 'is' : 'is not'} one that ${what}`, () =>
      assert.equal(podFacts(pod(owner, 'h7', options), NOW).cannotRun, expected))

  it('is one whose init container crashes', () => {
    const broken = pod(owner, 'h7', { phase: 'Pending', ready: false })
    const initContainerStatuses = [
      { name: 'init', ready: false, restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } } },
    ]
    const facts = podFacts({ ...broken, status: { ...broken.status, initContainerStatuses } }, NOW)
    assert.equal(facts.cannotRun, true)
    assert.equal(facts.waiting, 'CrashLoopBackOff')
  })
})

describe('the facts of a pod', () => {
  it('tell of its last death, its revision and its age', () => {
    const facts = podFacts(
      pod(owner, 'h7', {
        ageSeconds: 90,
        restarts: 2,
        last: { agoSeconds: 30, ranSeconds: 20, exitCode: 137, reason: 'OOMKilled' },
      }),
      NOW,
    )
    const { revision, ageSeconds, exitReason, exitCode, secondsSinceExit, oomKilled, restarts, ready, bare } = facts
    assert.deepEqual(
      { revision, ageSeconds, exitReason, exitCode, secondsSinceExit, oomKilled, restarts, ready, bare },
      {
        revision: 'h7',
        ageSeconds: 90,
        exitReason: 'OOMKilled',
        exitCode: 137,
        secondsSinceExit: 30,
        oomKilled: true,
        restarts: 2,
        ready: true,
        bare: false,
      },
    )
  })

  it('count no pod as ready that is being deleted', () =>
    assert.equal(podFacts(pod(owner, 'h7', { isTerminating: true }), NOW).ready, false))

  it('know a pod without a controller', () => assert.equal(podFacts(pod(undefined, ''), NOW).bare, true))

  it('hold what is absent as empty text and zero', () => {
    const facts = podFacts({ metadata: { name: 'x', creationTimestamp: before(-5) } }, NOW)
    assert.deepEqual(facts, {
      ...PLAIN_POD,
      name: 'x',
      uid: '',
      node: '',
      phase: '',
      revision: '',
      ready: false,
      terminating: false,
      bare: true,
      ageSeconds: 0,
      waiting: '',
      restarts: 0,
      exitReason: '',
      exitCode: 0,
      secondsSinceExit: 0,
      oomKilled: false,
      cannotRun: false,
    })
  })
})
