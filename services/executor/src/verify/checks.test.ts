import assert from 'node:assert/strict'
import type { Anomaly } from '@kubewise/contracts'
import type { ContainerStatus, Deployment, Job, PersistentVolumeClaim, Pod, Revision } from '@kubewise/kube'
import { known, unknown } from '@kubewise/policy'
import { CHECKS, type Changed, type Finding, type Look } from './checks.ts'

const ACTED = Date.UTC(2026, 0, 5, 12)
const at = (seconds: number) => new Date(ACTED + seconds * 1000).toISOString()

const deployment = (status: Deployment['status'], generation = 2): Deployment => ({
  kind: 'Deployment',
  metadata: { generation },
  spec: { replicas: 2 },
  status: { observedGeneration: generation, ...status },
})

const ALL = { replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 }
const SOME = { replicas: 3, updatedReplicas: 1, availableReplicas: 2, readyReplicas: 2 }

const current = { label: 'new', isCurrent: true } as Revision

interface PodFacts {
  revision?: string
  bornAt?: number
  isReady?: boolean
  waiting?: string
  ended?: { at: number; reason?: string; exitCode?: number }
  isInit?: boolean
}

function pod({ revision = 'new', bornAt = 1, isReady = true, waiting, ended, isInit = false }: PodFacts = {}): Pod {
  const status: ContainerStatus = {
    name: 'app',
    ready: isReady,
    restartCount: ended ? 1 : 0,
    state: waiting === undefined ? { running: {} } : { waiting: { reason: waiting } },
    ...(ended && {
      lastState: {
        terminated: { exitCode: ended.exitCode ?? 1, reason: ended.reason ?? 'Error', finishedAt: at(ended.at) },
      },
    }),
  }
  return {
    kind: 'Pod',
    metadata: { name: 'web-1', uid: 'uid-1', creationTimestamp: at(bornAt), labels: { 'pod-template-hash': revision } },
    status: {
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
      [isInit ? 'initContainerStatuses' : 'containerStatuses']: [status],
    },
  }
}

const job = (type: string): Job => ({ kind: 'Job', status: { conditions: [{ type, status: 'True' }] } })

const look = (workload: Deployment | undefined, pods: Pod[] = [], more: Partial<Look> = {}): Look => ({
  view: known(workload && { workload, pods, revisions: [current] }),
  anomalies: known([]),
  sinceMs: ACTED,
  evicted: [],
  changed: known([]),
  jobs: known([]),
  ...more,
})

const DOWN = unknown('the API server is down')
const signals = (...statuses: (Anomaly['status'] | undefined)[]) =>
  look(deployment(ALL), [], { anomalies: known(statuses.map((status) => status && ({ status } as Anomaly))) })

type Row = [given: string, look: Look, value: Finding['value']]

/** A claim that asks for 2Gi and bears a marker, beside the step that left `p/1/1`. */
const changed = (marker: string, storage = '1Gi', changes: Changed['step']['changes'] = []): Changed => ({
  step: {
    marker: 'p/1/1',
    changes,
    object: { cluster: 'test', kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data', uid: 'u' },
  },
  object: {
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', annotations: { 'kubewise.io/step': marker } },
    spec: { resources: { requests: { storage: '2Gi' } } },
    status: { capacity: { storage } },
  } as PersistentVolumeClaim,
})

const left = (path: string, after: unknown) =>
  look(undefined, [], { changed: known([changed('p/1/1', '1Gi', [{ path, before: null, after }])]) })

const TABLE: Record<keyof typeof CHECKS, Row[]> = {
  'workload-available': [
    ['all pods updated and available', look(deployment(ALL)), 'holds'],
    ['some are', look(deployment(SOME)), 'not-yet'],
    ['the controller has not seen the change', look(deployment({ ...ALL, observedGeneration: 1 })), 'not-yet'],
    ['a new pod crashes', look(deployment(SOME), [pod({ isReady: false, waiting: 'CrashLoopBackOff' })]), 'fails'],
    [
      'a new pod’s first pull failed',
      look(deployment(SOME), [pod({ isReady: false, waiting: 'ErrImagePull' })]),
      'not-yet',
    ],
    [
      'an old pod crashes on its way out',
      look(deployment(SOME), [pod({ revision: 'old', waiting: 'CrashLoopBackOff' })]),
      'not-yet',
    ],
    [
      'a pod from before the action crashes',
      look(deployment(SOME), [pod({ bornAt: -60, waiting: 'CrashLoopBackOff' })]),
      'not-yet',
    ],
    ['gone', look(undefined), 'fails'],
    ['unreadable', look(undefined, [], { view: DOWN }), 'unknown'],
  ],
  'no-restarts-since-action': [
    ['none', look(deployment(ALL), [pod()]), 'holds'],
    ['one after', look(deployment(ALL), [pod({ ended: { at: 5 } })]), 'fails'],
    ['one before', look(deployment(ALL), [pod({ ended: { at: -5 } })]), 'holds'],
    ['one of an old pod', look(deployment(ALL), [pod({ revision: 'old', ended: { at: 5 } })]), 'holds'],
    [
      'an init container that did its work',
      look(deployment(ALL), [pod({ isInit: true, ended: { at: 5, exitCode: 0 } })]),
      'holds',
    ],
    ['an init container that failed', look(deployment(ALL), [pod({ isInit: true, ended: { at: 5 } })]), 'fails'],
    ['unreadable', look(undefined, [], { view: DOWN }), 'unknown'],
  ],
  'no-oom-since-action': [
    ['none', look(deployment(ALL), [pod()]), 'holds'],
    ['one after', look(deployment(ALL), [pod({ ended: { at: 5, reason: 'OOMKilled' } })]), 'fails'],
    ['another end', look(deployment(ALL), [pod({ ended: { at: 5 } })]), 'holds'],
    [
      'one of an old pod',
      look(deployment(ALL), [pod({ revision: 'old', ended: { at: 5, reason: 'OOMKilled' } })]),
      'holds',
    ],
  ],
  'signal-cleared': [
    ['none was there', signals(), 'holds'],
    ['all cleared', signals('resolved', 'resolved'), 'holds'],
    ['one is left', signals('resolved', 'open'), 'not-yet'],
    ['one is not recorded', signals('resolved', undefined), 'unknown'],
    ['unreadable', look(deployment(ALL), [], { anomalies: DOWN }), 'unknown'],
  ],
  'pod-replaced': [
    ['another took its place', look(deployment(ALL), [pod(), pod()], { evicted: ['uid-0'] }), 'holds'],
    ['still there', look(deployment(ALL), [pod(), pod()], { evicted: ['uid-1'] }), 'not-yet'],
    [
      'its replacement is not ready',
      look(deployment(ALL), [pod(), pod({ isReady: false })], { evicted: ['uid-0'] }),
      'not-yet',
    ],
  ],
  'change-stands': [
    ['as it was left', look(undefined, [], { changed: known([changed('p/1/1')]) }), 'holds'],
    ['written again by another', look(undefined, [], { changed: known([changed('q/1/1')]) }), 'fails'],
    ['a field as it was written', left('/spec/resources/requests/storage', '2Gi'), 'holds'],
    ['a field set back, our notes left', left('/spec/resources/requests/storage', '3Gi'), 'fails'],
    ['a field taken away', left('/spec/replicas', 3), 'fails'],
    ['what the server leaves out, as it does with false', left('/spec/unschedulable', false), 'holds'],
    ['a list, in which others write too', left('/spec/taints', [{ key: 'ours' }]), 'holds'],
    ['a list of which our part is told in words', left('/spec/resources', 'storage'), 'holds'],
    ['a template with another’s changes', left('/spec/template', 'hash of ours'), 'fails'],
    ['gone', look(undefined, [], { changed: known([{ ...changed('p/1/1'), object: undefined }]) }), 'fails'],
    ['unreadable', look(undefined, [], { changed: DOWN }), 'unknown'],
  ],
  'volume-expanded': [
    ['grown', look(undefined, [], { changed: known([changed('p/1/1', '2Gi')]) }), 'holds'],
    ['not grown yet', look(undefined, [], { changed: known([changed('p/1/1', '1Gi')]) }), 'not-yet'],
    ['unreadable', look(undefined, [], { changed: DOWN }), 'unknown'],
  ],
  'job-completed': [
    ['completed', look(undefined, [], { jobs: known([job('Complete')]) }), 'holds'],
    ['still running', look(undefined, [], { jobs: known([job('SuccessCriteriaMet')]) }), 'not-yet'],
    ['failed again', look(undefined, [], { jobs: known([job('Failed')]) }), 'fails'],
    ['gone', look(undefined, [], { jobs: known([undefined]) }), 'fails'],
    ['none was made', look(undefined), 'not-yet'],
    ['unreadable', look(undefined, [], { jobs: DOWN }), 'unknown'],
  ],
}

for (const [name, rows] of Object.entries(TABLE))
  describe(`verification ${name}`, () => {
    for (const [given, looked, value] of rows)
      it(`${given} → ${value}`, () =>
        assert.equal(Object.entries(CHECKS).find(([each]) => each === name)?.[1](looked).value, value))
  })
