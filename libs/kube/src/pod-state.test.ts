import assert from 'node:assert/strict'
import type { ContainerStatus, Pod } from './pod-objects.ts'
import {
  containerStates,
  isPodFinished,
  isPodReady,
  lastTerminationOf,
  memoryKillsOf,
  restartsOf,
  revisionLabelOf,
  timeMs,
  waitingReasonOf,
} from './pod-state.ts'

function status(name: string, more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, ready: false, restartCount: 0, ...more }
}

const killed = {
  exitCode: 137,
  reason: 'OOMKilled',
  startedAt: '2025-01-01T00:00:00Z',
  finishedAt: '2025-01-01T00:00:10Z',
  message: 'secret text',
}
const failed = { exitCode: 1, reason: 'Error', finishedAt: '2025-01-01T00:01:00Z' }
const crashing: Pod = {
  metadata: { name: 'web-1-x', labels: { 'pod-template-hash': 'abc' } },
  spec: {
    initContainers: [{ name: 'init', image: 'init:1' }],
    containers: [
      { name: 'main', image: 'web:2', resources: { limits: { memory: '64Mi' } } },
      { name: 'side', resources: { limits: { memory: 'much' } } },
    ],
  },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'False' }],
    initContainerStatuses: [status('init', { state: { terminated: { exitCode: 0, reason: 'Completed' } } })],
    containerStatuses: [
      status('main', {
        restartCount: 3,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: killed },
      }),
      status('side', {
        restartCount: 1,
        state: { terminated: failed },
        lastState: { terminated: { ...killed, finishedAt: '2025-01-01T00:00:30Z' } },
      }),
    ],
  },
}

describe('pod state', () => {
  it('says of each container what decides, and not its messages', () => {
    assert.deepEqual(containerStates(crashing)[1], {
      name: 'main',
      isInit: false,
      isReady: false,
      restarts: 3,
      image: 'web:2',
      waiting: 'CrashLoopBackOff',
      lastTerminated: {
        reason: 'OOMKilled',
        exitCode: 137,
        startedMs: 1_735_689_600_000,
        finishedMs: 1_735_689_610_000,
      },
      memoryLimitBytes: 67_108_864,
    })
    assert.deepEqual(
      containerStates(crashing).map(({ name, isInit }) => [name, isInit]),
      [
        ['init', true],
        ['main', false],
        ['side', false],
      ],
    )
    assert.doesNotMatch(JSON.stringify(containerStates(crashing)), /secret/)
  })

  it('counts restarts, finds the reason to wait, the last end and the kills for memory', () => {
    assert.equal(restartsOf(crashing), 4)
    assert.equal(waitingReasonOf(crashing), 'CrashLoopBackOff')
    const last = lastTerminationOf(crashing)
    assert.deepEqual([last?.container, last?.reason], ['side', 'Error'])
    assert.deepEqual(
      memoryKillsOf(crashing).map(({ container }) => container),
      ['main', 'side'],
    )
    assert.equal(revisionLabelOf(crashing), 'abc')
  })

  it("does not count waiting for one's turn", () => {
    for (const reason of ['PodInitializing', 'ContainerCreating', undefined]) {
      const waiting = reason === undefined ? {} : { reason }
      assert.equal(
        waitingReasonOf({ status: { containerStatuses: [status('main', { state: { waiting } })] } }),
        undefined,
      )
    }
  })

  it('takes the limit that the kubelet gave over the one that was asked for', () => {
    const resized = status('main', { resources: { limits: { memory: '128Mi' } } })
    const [state] = containerStates({ ...crashing, status: { containerStatuses: [resized] } })
    assert.equal(state?.memoryLimitBytes, 134_217_728)
  })

  it('is ready by its condition, and never while it is being deleted', () => {
    const ready: Pod = { status: { conditions: [{ type: 'Ready', status: 'True' }] } }
    assert.equal(isPodReady(ready), true)
    assert.equal(isPodReady({ ...ready, metadata: { deletionTimestamp: '2025-01-01T00:00:00Z' } }), false)
    assert.equal(isPodReady({ status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }), false)
    assert.equal(isPodReady({}), false)
  })

  it('holds for a pod without any status', () => {
    assert.deepEqual(
      [containerStates({}), restartsOf({}), waitingReasonOf({}), lastTerminationOf({}), isPodFinished({})],
      [[], 0, undefined, undefined, false],
    )
    assert.equal(isPodFinished({ status: { phase: 'Succeeded' } }), true)
  })

  it('reads times, and undefined where there is none', () => {
    assert.equal(timeMs('1970-01-01T00:00:01Z'), 1000)
    assert.deepEqual(
      [timeMs(null), timeMs(undefined), timeMs(''), timeMs('never')],
      [undefined, undefined, undefined, undefined],
    )
  })
})
