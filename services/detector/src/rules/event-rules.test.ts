import assert from 'node:assert/strict'
import type { Signal } from '@kubewise/contracts'
import { at, container, crashing, event, feed, pod, story, tick } from '../signals.test-data.ts'

describe('rules of Events: read with the container’s state', () => {
  const died = (seconds: number, exitCode: number, reason = 'Error') =>
    pod(at(seconds), {
      containers: [container({ restarts: 1, lastTerminated: { reason, exitCode, finishedMs: at(seconds) } })],
    })
  const probed = [event('Unhealthy', 1), event('Killing', 1)]
  const waiting = (seconds: number, reason: string) =>
    pod(at(seconds), { phase: 'Pending', isReady: false, containers: [container({ waiting: reason, isReady: false })] })
  const cases: [string, Signal[], string[]][] = [
    ['killed by its probe', [tick(at(0)), ...probed, died(2, 137)], ['+killed-by-probe']],
    [
      '… told in the other order',
      [tick(at(0)), event('Unhealthy', 1), died(2, 143), event('Killing', 1)],
      ['+killed-by-probe'],
    ],
    [
      '… and well again after quiet',
      [tick(at(0)), ...probed, died(2, 137), tick(at(310)), tick(at(320)), tick(at(381))],
      ['+killed-by-probe', '-killed-by-probe'],
    ],
    ['killed for memory', [tick(at(0)), ...probed, died(2, 137, 'OOMKilled')], []],
    ['died by itself', [tick(at(0)), ...probed, died(2, 1)], []],
    ['a signal without a probe', [tick(at(0)), event('Killing', 1), died(2, 137)], []],
    ['a probe that failed, and nobody died', [tick(at(0)), ...probed, pod(at(2))], []],
    ['BackOff of a pull', [waiting(0, 'ImagePullBackOff'), event('BackOff', 3)], ['+image-pull', '+pull-failing']],
    [
      'Failed of a creation',
      [waiting(0, 'CreateContainerConfigError'), event('Failed', 3)],
      ['+container-config', '+create-failing'],
    ],
    ['BackOff of a restart', [crashing(0), event('BackOff', 3)], ['+crash-loop', '+restart-failing']],
    ['BackOff before any state says which', [tick(at(0)), event('BackOff', 5)], []],
    [
      '… and then one does',
      [tick(at(0)), event('BackOff', 5), waiting(1, 'ImagePullBackOff')],
      ['+image-pull', '+pull-failing'],
    ],
    ['… and none does for long', [tick(at(0)), event('BackOff', 5), tick(at(601)), waiting(602, 'ErrImagePull')], []],
  ]
  for (const [given, signals, expected] of cases)
    it(`${given} → ${expected.join(' ') || 'nothing'}`, () => assert.deepEqual(story(feed(signals)), expected))
})

describe('rules of Events: counts', () => {
  it('opens at the rule’s count, ends after quiet', () => {
    const signals = [
      pod(at(0), { phase: 'Pending', isReady: false }),
      event('FailedScheduling', 1),
      event('FailedScheduling', 1),
      tick(at(100)),
      tick(at(301)),
    ]
    const scheduling = story(feed(signals)).filter((told) => told.endsWith('failed-scheduling'))
    assert.deepEqual(scheduling, ['+failed-scheduling', '-failed-scheduling'])
  })
  const starting = (seconds: number) => pod(at(seconds), { isReady: false })
  const failing = (from: number, to: number) =>
    Array.from({ length: (to - from) / 10 }, (_, i) => [starting(from + i * 10), event('Unhealthy', 1)]).flat()
  it('takes probes that fail until a pod has started for what they are', () => {
    assert.deepEqual(feed([...failing(0, 60), pod(at(60)), tick(at(200)), tick(at(400))]), [])
    assert.ok(story(feed([pod(at(0)), ...failing(10, 220)])).includes('+probe-failed'))
  })
  it('says nothing of a pod that was scheduled a moment later', () => {
    const scheduled = pod(at(2), {
      phase: 'Pending',
      isReady: false,
      conditions: [{ type: 'PodScheduled', status: 'True' }],
    })
    const twice = [
      pod(at(0), { phase: 'Pending', isReady: false }),
      event('FailedScheduling', 1),
      event('FailedScheduling', 1),
    ]
    assert.deepEqual(feed([...twice, scheduled, tick(at(20)), tick(at(60))]), [])
    assert.deepEqual(story(feed([...twice, tick(at(20)), scheduled, tick(at(60))])), [
      '+failed-scheduling',
      '-failed-scheduling',
    ])
  })
  it('knows nothing of reasons that are container states', () => {
    assert.deepEqual(feed([event('CrashLoopBackOff', 9), event('OOMKilled', 9)]), [])
  })
})
