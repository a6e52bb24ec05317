import assert from 'node:assert/strict'
import type { DaemonSet, Deployment, Pod, StatefulSet } from '@kubewise/kube'
import { ACTIONS } from '@kubewise/policy'
import type { WorkloadView } from '../context/workload.ts'
import { WORKS, workOf } from './index.ts'
import { guardedPatch, guardedUndo, revertOf } from './patch.ts'
import { recordedPatch } from './recorded-patch.ts'
import { readyPodsTakenByReplacing } from './replacing.ts'
import { stuckPods } from './stuck-pods.ts'
import { PASSIVE_ACTIONS } from '../stages/carry-out-passive.ts'
import { isRefusal } from './work.ts'

describe('the two halves of an action', () => {
  it('are both there: what it is in the catalogue, how it is done here', () =>
    assert.deepEqual(
      WORKS.map(({ name }) => name).sort(),
      ACTIONS.filter(({ isPassive }) => !isPassive)
        .map(({ name }) => name)
        .sort(),
    ))

  it('are both there for those that only tell or wait', () =>
    assert.deepEqual(
      [...PASSIVE_ACTIONS].sort(),
      ACTIONS.filter(({ isPassive }) => isPassive)
        .map(({ name }) => name)
        .sort(),
    ))

  for (const spec of ACTIONS.filter(({ isPassive }) => !isPassive))
    it(`agree on whether ${spec.name} can be taken back`, () => {
      const work = workOf(spec.name)
      const isMade = work?.on === 'object' && work.effect === 'create'
      assert.equal(work?.undo !== undefined, spec.undo.how === 'restore')
      assert.equal(isMade, spec.undo.how === 'compensate')
    })
})

const pod = (name: string, isReady: boolean, revision = 'old'): Pod => ({
  kind: 'Pod',
  metadata: { name, labels: { 'pod-template-hash': revision } },
  status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
})

const pods = (ready: number, broken = 0) => [
  ...Array.from({ length: ready }, (_, i) => pod(`ready-${i}`, true)),
  ...Array.from({ length: broken }, (_, i) => pod(`broken-${i}`, false)),
]

describe('ready pods that replacing takes away', () => {
  const deployment = (replicas: number, strategy?: NonNullable<Deployment['spec']>['strategy']): Deployment => ({
    kind: 'Deployment',
    spec: { replicas, ...(strategy && { strategy }) },
  })
  const statefulSet = (replicas: number, type = 'RollingUpdate'): StatefulSet => ({
    kind: 'StatefulSet',
    spec: { replicas, updateStrategy: { type } },
  })
  const daemonSet = (wanted: number, rollingUpdate = {}): DaemonSet => ({
    kind: 'DaemonSet',
    spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate } },
    status: { desiredNumberScheduled: wanted },
  })
  const cases: [string, WorkloadView['workload'], Pod[], number][] = [
    ['a Deployment of one: the new one first', deployment(1), pods(1), 0],
    ['a Deployment of four: a quarter', deployment(4), pods(4), 1],
    ['a Deployment of seven: rounded down', deployment(7), pods(7), 1],
    ['a Deployment of four, one of them broken: that one counts', deployment(4), pods(3, 1), 0],
    [
      'a Deployment that may lose none',
      deployment(4, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }),
      pods(4),
      0,
    ],
    [
      'a Deployment that may lose half',
      deployment(4, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%' } }),
      pods(4),
      2,
    ],
    ['a Deployment that is recreated', deployment(4, { type: 'Recreate' }), pods(4), 4],
    ['a StatefulSet: one after the other', statefulSet(3), pods(3), 1],
    ['a StatefulSet whose one is broken', statefulSet(3), pods(2, 1), 0],
    ['a StatefulSet that waits for deletes', statefulSet(3, 'OnDelete'), pods(3), 0],
    ['a DaemonSet: one', daemonSet(5), pods(5), 1],
    ['a DaemonSet: a share, rounded up', daemonSet(5, { maxUnavailable: '30%' }), pods(5), 2],
    ['a DaemonSet that surges', daemonSet(5, { maxSurge: 1, maxUnavailable: 0 }), pods(5), 0],
  ]
  for (const [given, workload, all, taken] of cases)
    it(`${given} → ${taken}`, () =>
      assert.equal(
        readyPodsTakenByReplacing({ workload, pods: all, revisions: [] }, () => true),
        taken,
      ))

  it('counts none that are not replaced', () => {
    const view = { workload: deployment(4), pods: pods(4), revisions: [] }
    assert.equal(
      readyPodsTakenByReplacing(view, () => false),
      0,
    )
  })
})

describe('pods in a StatefulSet’s way', () => {
  const set = (observedGeneration: number): StatefulSet => ({
    kind: 'StatefulSet',
    metadata: { generation: 2 },
    status: { observedGeneration, updateRevision: 'new' },
  })
  const names = (view: WorkloadView) => stuckPods(view).map(({ metadata }) => metadata?.name)
  const all = [pod('old-broken', false), pod('old-ready', true), pod('new-broken', false, 'new')]

  it('are the broken ones of an old revision', () =>
    assert.deepEqual(names({ workload: set(2), pods: all, revisions: [] }), ['old-broken']))
  it('are none before the controller has seen the new template', () =>
    assert.deepEqual(names({ workload: set(1), pods: all, revisions: [] }), []))
  it('are none of a Deployment, which replaces them itself', () =>
    assert.deepEqual(names({ workload: { kind: 'Deployment' }, pods: all, revisions: [] }), []))
})

describe('a guarded patch', () => {
  const footprint = { marker: 'plan/step/1', plan: 'plan', reason: 'bad-rollout', atMs: 0, revert: '' }
  const object = { metadata: { uid: 'u', generation: 3, resourceVersion: '9', annotations: { team: 'shop' } } }
  const change = [{ op: 'replace' as const, path: '/spec/replicas', value: 2 }]

  it('tests what it was made for, and leaves its marker in the same write', () => {
    const operations = guardedPatch(object, change, footprint)
    assert.deepEqual(operations.slice(0, 3), [
      { op: 'test', path: '/metadata/uid', value: 'u' },
      { op: 'test', path: '/metadata/generation', value: 3 },
      ...change,
    ])
    assert.ok(
      operations.some(
        ({ path, value }) => path === '/metadata/annotations/kubewise.io~1step' && value === 'plan/step/1',
      ),
    )
  })

  it('adds the first annotations only while nothing at all has changed', () => {
    const { annotations: _annotations, ...metadata } = object.metadata
    const operations = guardedPatch({ metadata }, change, footprint)
    assert.ok(
      operations.some(({ op, path, value }) => op === 'test' && path === '/metadata/resourceVersion' && value === '9'),
    )
  })

  it('leaves what takes it back for people to read, but never a template, which can hold what is secret', () => {
    const back = [
      { op: 'test', path: '/spec/replicas', value: 2 },
      { op: 'replace', path: '/spec/replicas', value: 3 },
    ]
    const undo = { how: 'restore' as const, say: '', status: 'available' as const }
    assert.equal(revertOf({ ...undo, patch: back }), JSON.stringify(back))
    const template = { spec: { containers: [{ env: [{ name: 'TOKEN', value: 'secret' }] }] } }
    assert.equal(revertOf({ ...undo, patch: [{ op: 'replace', path: '/spec/template', value: template }] }), '')
    assert.equal(revertOf({ ...undo, patch: [{ op: 'add', path: '/a', value: 'x'.repeat(3000) }] }), '')
    assert.equal(revertOf({ how: 'none', say: '', status: 'not-possible' }), '')
  })

  it('takes back only what we wrote last', () => {
    const ours = { metadata: { ...object.metadata, annotations: { 'kubewise.io/step': 'plan/step/1' } } }
    const markers = ['plan/step/1']
    assert.equal(isRefusal(guardedUndo(ours, change, { markers, footprint })), false)
    const theirs = guardedUndo(object, change, { markers, footprint })
    assert.equal(isRefusal(theirs) && theirs.code, 'changed-since')
  })
})

describe('a recorded reversal', () => {
  const cases: [string, Record<string, unknown>[] | undefined, boolean][] = [
    [
      'tests and replacements',
      [
        { op: 'test', path: '/a', value: 1 },
        { op: 'replace', path: '/a', value: 2 },
      ],
      true,
    ],
    ['nothing', undefined, false],
    ['an empty list', [], false],
    ['an operation that we never record', [{ op: 'remove', path: '/a' }], false],
    ['an operation without a value', [{ op: 'replace', path: '/a' }], false],
  ]
  for (const [given, patch, isRead] of cases)
    it(`of ${given} is ${isRead ? 'read' : 'refused'}`, () => assert.equal(isRefusal(recordedPatch(patch)), !isRead))
})
