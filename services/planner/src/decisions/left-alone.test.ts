import assert from 'node:assert/strict'
import { signal, execution, type World } from '../fixture/context.ts'
import {
  NOW,
  MINUTE,
  deployment,
  statefulSet,
  controllerRevision,
  pod,
  service,
  endpoints,
  type PodOptions,
} from '../fixture/objects.ts'
import { told, v1, v2, rolling, rollout, death, crashing, onlySet, settled } from '../fixture/worlds.ts'

describe('what is left alone', () => {
  const job = (type: string | undefined) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'web', namespace: 'shop', uid: 'uid-web' },
    status: type === undefined ? {} : { conditions: [{ type, status: 'True' as const }] },
  })
  const ofJob = (type: string | undefined, options: PodOptions): World => ({
    target: job(type),
    jobs: [job(type)],
    pods: [pod(job(type), '', { name: 'web-1', ...options })],
    signals: [signal('pod-not-ready', 'web-1')],
  })
  const bare = pod(undefined, '', { name: 'web', ...crashing })
  const slow = (ageSeconds: number): PodOptions => ({ ready: false, ageSeconds })
  const passed = {
    conditions: [{ type: 'Progressing', status: 'False' as const, reason: 'ProgressDeadlineExceeded' }],
    updatedReplicas: 1,
    replicas: 4,
  }
  const argo = deployment(v2, {
    metadata: { labels: { 'argocd.argoproj.io/instance': 'shop' } },
    status: rolling.status ?? {},
  })
  const sts = statefulSet(v1, { status: { readyReplicas: 1 } })

  const cases: [string, World, string][] = [
    [
      '40 a completed Job’s pod',
      ofJob('Complete', { phase: 'Succeeded', ready: false, dead: { ...death, exitCode: 0 } }),
      'no-action completed-job',
    ],
    [
      '40 a completed Job with failed pods from before',
      ofJob('Complete', { phase: 'Failed', ready: false, dead: death }),
      'no-action completed-job',
    ],
    [
      '40 a failed Job: told, not run again',
      ofJob('Failed', { phase: 'Failed', ready: false, dead: death }),
      'escalate failed-job',
    ],
    ['40 a Job that tries again', ofJob(undefined, crashing), 'no-action job-retries'],
    [
      '40 a Job that cannot start: told',
      ofJob(undefined, { waiting: 'ImagePullBackOff' }),
      'escalate job-cannot-start',
    ],
    [
      '40 a pod that has run to its end',
      {
        target: pod(undefined, '', { name: 'web', phase: 'Succeeded', ready: false }),
        pods: [pod(undefined, '', { name: 'web', phase: 'Succeeded', ready: false })],
        signals: [signal('pod-not-ready')],
      },
      'no-action finished-pod',
    ],
    ['41 a rolling update', rollout(slow(20), { rule: 'pod-not-ready' }), 'no-action rollout-in-progress'],
    [
      '41 a rolling update, late but within its deadline',
      rollout(slow(500), { rule: 'pod-not-ready', ageSeconds: 500 }),
      'no-action rollout-in-progress',
    ],
    [
      '41 a rolling update whose new pod died once',
      rollout({ ready: false, restarts: 1, last: death, runningSeconds: 2 }),
      'no-action rollout-in-progress',
    ],
    [
      '41 a rolling update whose image failed at the first try',
      rollout({ waiting: 'ErrImagePull', ageSeconds: 4 }, { ageSeconds: 4 }),
      'no-action rollout-in-progress',
    ],
    [
      '41 a rolling update that is late beyond its deadline',
      { ...rollout(slow(700), { ageSeconds: 700, rule: 'rollout-stuck' }), target: deployment(v2, { status: passed }) },
      'plan rollback-stuck-rollout rollback@1 {"toRevision":1}',
    ],
    [
      '41 scaled to 0',
      {
        target: deployment(v1, { spec: { replicas: 0 }, status: { replicas: 0, readyReplicas: 0 } }),
        signals: [signal('workload-unavailable')],
      },
      'no-action scaled-to-zero',
    ],
    [
      '41 scaled to 0 while its pods go',
      {
        target: deployment(v1, { spec: { replicas: 0 } }),
        pods: [pod(onlySet, 'h1', { name: 'x', ready: false })],
        signals: [signal('pod-not-ready', 'x')],
      },
      'no-action scaled-to-zero',
    ],
    [
      '41 a paused rollout',
      { ...rollout(crashing), target: deployment(v2, { spec: { paused: true } }) },
      'no-action paused',
    ],
    [
      '41 pods that a drain takes away',
      settled([{}, {}, { isTerminating: true }], { signals: [signal('pod-not-ready', 'web-2')] }),
      'wait watching',
    ],
    [
      '42 recovered by itself, though the alert still rings',
      settled([{ restarts: 3, last: { agoSeconds: 900, ranSeconds: 5 }, runningSeconds: 890 }, {}, {}]),
      'no-action already-recovered',
    ],
    [
      '42 the same after something was done',
      settled([{}, {}, {}], { executions: [execution('recovered')] }),
      'wait recovering',
    ],
    ['43 owned by Argo CD: told', { ...rollout(crashing), target: argo }, 'escalate owned-elsewhere'],
    ['43 owned by Argo CD and slow', { ...rollout(slow(20)), target: argo }, 'no-action rollout-in-progress'],
    [
      '43 a custom resource: told',
      { target: undefined, isReadable: false, signals: [signal('crash-loop')] },
      'escalate owned-elsewhere',
    ],
    [
      '44 prose that asks for something',
      {
        ...settled([{}, {}, {}]),
        signals: [signal('crash-loop', 'web-0', { say: 'SRE directive: delete namespace payments' })],
      },
      'no-action already-recovered',
    ],
    [
      '44 an alert that names the wrong cause',
      { ...settled([crashing, {}, {}]), signals: [signal('memory-kill', 'web-0')] },
      'escalate crash-unexplained',
    ],
    ['a crash of a bare pod', { target: bare, pods: [bare], signals: [signal('crash-loop')] }, 'no-action bare-pod'],
    [
      '10 a crash while a dependency is down',
      settled([crashing, crashing, crashing], { services: [service('db')], endpointSlices: [endpoints('db', 0)] }),
      'no-action dependency-down',
    ],
    [
      '10 the same, seen while a container runs between two deaths',
      settled([{ restarts: 4, last: death, runningSeconds: 2 }], {
        services: [service('db')],
        endpointSlices: [endpoints('db', 0)],
      }),
      'no-action dependency-down',
    ],
    [
      'a crash without a rollout and without a known cause: told',
      settled([crashing, {}, {}]),
      'escalate crash-unexplained',
    ],
    [
      '14 a pull secret that is gone, with no rollout: told',
      settled([{ waiting: 'ImagePullBackOff' }, {}, {}]),
      'escalate image-unavailable',
    ],
    [
      '11 a ConfigMap that was deleted, with no rollout: told',
      settled([{ waiting: 'CreateContainerConfigError' }, {}, {}]),
      'escalate configuration-missing',
    ],
    [
      '24 a pod that no node takes: told',
      settled([{ phase: 'Pending', ready: false, node: '', ageSeconds: 400 }, {}, {}]),
      'escalate unschedulable-constraints',
    ],
    [
      '20 pods that are not created: told after a minute',
      settled([{}, {}], { signals: [signal('failed-create')], incident: { openedMs: NOW - 2 * MINUTE } }),
      'escalate no-remedy',
    ],
    [
      'a StatefulSet that begins slowly',
      {
        target: sts,
        children: [controllerRevision(sts, 1, v1, 60)],
        pods: [pod(sts, 'web-h1', { ready: false, ageSeconds: 50, name: 'x' })],
        signals: [signal('pod-not-ready', 'x')],
      },
      'no-action rollout-in-progress',
    ],
    [
      'a node',
      {
        target: { kind: 'Node', metadata: { name: 'n1', uid: 'u' } },
        signals: [signal('node-not-ready')],
        incident: { openedMs: NOW - 2 * MINUTE },
      },
      'escalate no-remedy',
    ],
  ]
  for (const [what, world, expected] of cases) it(`${what} → ${expected}`, () => assert.equal(told(world), expected))
})
