import assert from 'node:assert/strict'
import type { PodTemplate } from './pod-objects.ts'
import { deploymentRevisions, revisionsOf, rolloutStartedMs, templateHash } from './revisions.ts'
import { rolloutStatus, type RolloutStatus } from './rollout.ts'
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  RolloutWorkload,
  StatefulSet,
} from './workload-objects.ts'

function template(image: string, labels: Record<string, string> = {}): PodTemplate {
  return { metadata: { labels: { app: 'web', ...labels } }, spec: { containers: [{ name: 'main', image }] } }
}

const T0 = '2025-01-01T00:00:00Z'
const T1 = '2025-01-01T01:00:00Z'
const T2 = '2025-01-01T02:00:00Z'

function owned(uid: string, name: string, createdAt: string) {
  return {
    name,
    creationTimestamp: createdAt,
    uid: `uid-${name}`,
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'X', name: 'web', uid, controller: true }],
  }
}

function replicaSet(
  revision: number,
  image: string,
  createdAt: string,
  more: Record<string, string> = {},
  uid = 'web',
): ReplicaSet {
  const labels = { 'pod-template-hash': `h${image}` }
  return {
    kind: 'ReplicaSet',
    metadata: {
      ...owned(uid, `web-${image}`, createdAt),
      labels,
      annotations: { 'deployment.kubernetes.io/revision': String(revision), ...more },
    },
    spec: { replicas: 2, template: template(image, labels) },
    status: { readyReplicas: 1, availableReplicas: 1 },
  }
}

function deployment(image: string): Deployment {
  return { kind: 'Deployment', metadata: { name: 'web', uid: 'web' }, spec: { template: template(image) } }
}

describe('revisions', () => {
  it('of a Deployment: oldest first, its own only, with the plain template', () => {
    const foreign = replicaSet(9, 'z', T0, {}, 'other')
    const nameless: ReplicaSet = {
      kind: 'ReplicaSet',
      metadata: owned('web', 'web-q', T0),
      spec: { template: template('q') },
    }
    const revisions = deploymentRevisions(deployment('b'), [
      replicaSet(2, 'b', T1),
      foreign,
      nameless,
      replicaSet(1, 'a', T0),
    ])
    assert.deepEqual(
      revisions.map(({ number, name, label, isCurrent }) => [number, name, label, isCurrent]),
      [
        [1, 'web-a', 'ha', false],
        [2, 'web-b', 'hb', true],
      ],
    )
    assert.deepEqual(revisions[0]?.template, template('a'))
    assert.deepEqual(revisions[1]?.replicas, { wanted: 2, ready: 1, available: 1 })
  })

  it('of a Deployment whose change has no ReplicaSet yet: none is current', () => {
    const revisions = deploymentRevisions(deployment('c'), [replicaSet(1, 'a', T0), replicaSet(2, 'b', T1)])
    assert.deepEqual(
      revisions.map(({ isCurrent }) => isCurrent),
      [false, false],
    )
  })

  it("hash the same in whatever order the fields are, and with the controller's label", () => {
    const one: PodTemplate = {
      spec: { containers: [{ image: 'a', name: 'main' }] },
      metadata: { labels: { 'pod-template-hash': 'x', app: 'web' } },
    }
    assert.equal(templateHash(one), templateHash(template('a')))
    assert.notEqual(templateHash(one), templateHash(template('b')))
  })

  for (const kind of ['StatefulSet', 'DaemonSet'] as const) {
    it(`of a ${kind}: from its ControllerRevisions, without the patch directive`, () => {
      const history = (revision: number, image: string): ControllerRevision => ({
        kind: 'ControllerRevision',
        metadata: { ...owned('web', `web-${image}`, T0), labels: { 'controller-revision-hash': `h${image}` } },
        revision,
        data: { spec: { template: { $patch: 'replace', ...template(image) } } },
      })
      const workload: StatefulSet & DaemonSet = {
        kind,
        metadata: { name: 'web', uid: 'web' },
        spec: { template: template('a') },
      }
      const revisions = revisionsOf(workload, [
        history(2, 'b'),
        history(3, 'a'),
        { kind: 'ControllerRevision', revision: 1 },
      ])
      assert.deepEqual(
        revisions.map(({ number, isCurrent }) => [number, isCurrent]),
        [
          [2, false],
          [3, true],
        ],
      )
      assert.deepEqual(revisions[1]?.template, template('a'))
      assert.equal(revisions[1]?.label, kind === 'StatefulSet' ? 'web-a' : 'ha')
    })
  }

  it('began with the birth of their ReplicaSet, or with the write that rolled back to it', () => {
    const born = deploymentRevisions(deployment('b'), [replicaSet(1, 'a', T0), replicaSet(2, 'b', T1)])
    assert.equal(rolloutStartedMs(deployment('b'), born), Date.parse(T1))
    const reused = { 'deployment.kubernetes.io/revision-history': '1' }
    const back = deploymentRevisions(deployment('a'), [replicaSet(3, 'a', T0, reused), replicaSet(2, 'b', T1)])
    const managedFields = [
      { time: T2, fieldsV1: { 'f:spec': { 'f:template': {} } } },
      { time: '2025-01-01T09:00:00Z', subresource: 'status', fieldsV1: { 'f:status': {} } },
      { time: '2025-01-01T09:00:00Z', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    ]
    const workload = { ...deployment('a'), metadata: { ...deployment('a').metadata, managedFields } }
    assert.equal(rolloutStartedMs(workload, back), Date.parse(T2))
  })
})

describe('rollout status', () => {
  const D = (spec: Deployment['spec'], status: Deployment['status']): Deployment => ({
    kind: 'Deployment',
    metadata: { generation: 2 },
    spec: { replicas: 3, ...spec },
    status: { observedGeneration: 2, ...status },
  })
  const S = (spec: StatefulSet['spec'], status: StatefulSet['status']): StatefulSet => ({
    kind: 'StatefulSet',
    spec: { replicas: 3, ...spec },
    status: { currentRevision: 'a', updateRevision: 'b', ...status },
  })
  const A = (spec: DaemonSet['spec'], status: DaemonSet['status']): DaemonSet => ({
    kind: 'DaemonSet',
    spec: { ...spec },
    status: { desiredNumberScheduled: 2, ...status },
  })
  const done = { updatedReplicas: 3, replicas: 3, availableReplicas: 3 }
  const exceeded = [{ type: 'Progressing', status: 'False' as const, reason: 'ProgressDeadlineExceeded' }]

  const cases: [what: string, workload: RolloutWorkload, phase: RolloutStatus['phase']][] = [
    ['a Deployment that is done', D({}, done), 'complete'],
    ['a change that was not seen yet', D({}, { ...done, observedGeneration: 1 }), 'unobserved'],
    ['updated pods missing', D({}, { ...done, updatedReplicas: 1 }), 'progressing'],
    ['old pods left', D({}, { ...done, replicas: 4 }), 'progressing'],
    ['updated pods not available', D({}, { ...done, availableReplicas: 2 }), 'progressing'],
    ['the deadline exceeded', D({}, { ...done, availableReplicas: 2, conditions: exceeded }), 'deadline-exceeded'],
    ['a pause in the middle', D({ paused: true }, { ...done, updatedReplicas: 1 }), 'paused'],
    ['a pause when all is done', D({ paused: true }, done), 'complete'],
    ['a Deployment of nothing', D({ replicas: 0 }, {}), 'complete'],
    ['a StatefulSet that is done', S({}, { readyReplicas: 3, updatedReplicas: 3, currentRevision: 'b' }), 'complete'],
    ['a StatefulSet with pods not ready', S({}, { readyReplicas: 2 }), 'progressing'],
    ['a StatefulSet with pods to update', S({}, { readyReplicas: 3, updatedReplicas: 1 }), 'progressing'],
    [
      'a StatefulSet updated up to its partition',
      S({ updateStrategy: { rollingUpdate: { partition: 2 } } }, { readyReplicas: 3, updatedReplicas: 1 }),
      'complete',
    ],
    [
      'a StatefulSet that updates on delete',
      S({ updateStrategy: { type: 'OnDelete' } }, { readyReplicas: 3 }),
      'complete',
    ],
    ['a DaemonSet that is done', A({}, { updatedNumberScheduled: 2, numberAvailable: 2 }), 'complete'],
    ['a DaemonSet with pods to update', A({}, { updatedNumberScheduled: 1, numberAvailable: 2 }), 'progressing'],
    ['a DaemonSet with pods not available', A({}, { updatedNumberScheduled: 2, numberAvailable: 1 }), 'progressing'],
  ]
  for (const [what, workload, phase] of cases) {
    it(`${what}: ${phase}`, () => {
      assert.equal(rolloutStatus(workload).phase, phase)
    })
  }
})
