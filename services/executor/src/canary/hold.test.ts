import assert from 'node:assert/strict'
import type { DaemonSet, Deployment, JsonPatchOperation, Pod, StatefulSet } from '@kubewise/kube'
import { templateHash } from '@kubewise/kube'
import type { WorkloadView } from '../context/workload.ts'
import { applyJsonPatch } from '../fixture/json-patch.ts'
import { holding, holdOf, letGo, releasedFields } from './hold.ts'

const SETTINGS = { watchMs: 15_000, minReplicas: 4 }
const RESTART: JsonPatchOperation[] = [{ op: 'add', path: '/spec/template/metadata/annotations', value: { at: 'now' } }]
const OLD = { spec: { containers: [{ name: 'app', image: 'good:1' }] } }

const pod = (isReady: boolean, revision = 'old'): Pod => ({
  kind: 'Pod',
  metadata: { labels: { 'pod-template-hash': revision } },
  status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
})
const pods = (ready: number, broken = 0) => [
  ...Array.from({ length: ready }, () => pod(true)),
  ...Array.from({ length: broken }, () => pod(false)),
]

const view = (workload: WorkloadView['workload'], some = pods(4)): WorkloadView => ({
  workload,
  pods: some,
  revisions: [{ number: 1, hash: templateHash(OLD), label: 'old' } as WorkloadView['revisions'][number]],
})
const deployment = (spec: Deployment['spec'] = {}): Deployment => ({
  kind: 'Deployment',
  spec: { replicas: 4, template: { metadata: {} }, ...spec },
})
const statefulSet = (spec: StatefulSet['spec'] = {}): StatefulSet => ({
  kind: 'StatefulSet',
  spec: { replicas: 5, template: { metadata: {} }, ...spec },
})
const daemonSet = (spec: DaemonSet['spec'] = {}): DaemonSet => ({
  kind: 'DaemonSet',
  spec: { template: { metadata: {} }, ...spec },
  status: { desiredNumberScheduled: 4 },
})

const ONE_MORE = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
const ONE_LESS = { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }
const STATEFUL = { rollingUpdate: { partition: 4 } }

describe('a canary', () => {
  const held: [string, WorkloadView['workload'], object][] = [
    ['a Deployment', deployment(), { minReadySeconds: 15, strategy: ONE_MORE }],
    [
      'a Deployment that may have none more than it wants',
      deployment({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '50%' } } }),
      { minReadySeconds: 15, strategy: ONE_LESS },
    ],
    [
      'one that waits longer by itself',
      deployment({ minReadySeconds: 60 }),
      { minReadySeconds: 60, strategy: ONE_MORE },
    ],
    [
      'one whose progress deadline is near',
      deployment({ progressDeadlineSeconds: 10 }),
      { minReadySeconds: 9, strategy: ONE_MORE },
    ],
    ['a StatefulSet', statefulSet(), { updateStrategy: STATEFUL }],
    [
      'a StatefulSet with settings of its own',
      statefulSet({ updateStrategy: { rollingUpdate: { partition: 1, maxUnavailable: 2 } } }),
      { updateStrategy: { rollingUpdate: { partition: 4, maxUnavailable: 2 } } },
    ],
    ['a DaemonSet', daemonSet(), { minReadySeconds: 15, updateStrategy: ONE_LESS }],
    [
      'a DaemonSet that surges',
      daemonSet({ updateStrategy: { rollingUpdate: { maxSurge: '30%', maxUnavailable: 0 } } }),
      { minReadySeconds: 15, updateStrategy: ONE_MORE },
    ],
  ]
  for (const [given, workload, expected] of held)
    it(`holds ${given} in the same write, and lets go without a trace`, () => {
      const hold = holdOf(view(workload), RESTART, SETTINGS)
      assert.ok(hold?.isWatched, hold?.say)
      const changed = applyJsonPatch(workload, holding(hold))
      assert.deepEqual(changed.spec, { ...workload.spec, ...expected })
      assert.deepEqual(applyJsonPatch(changed, letGo({ changes: hold.fields }, changed)), workload)
    })

  it('leaves alone what somebody has set since', () => {
    const hold = holdOf(view(deployment()), RESTART, SETTINGS)
    const changes = hold?.fields ?? []
    const theirs = deployment({ minReadySeconds: 30, strategy: ONE_MORE })
    assert.deepEqual(letGo({ changes }, theirs), [{ op: 'remove', path: '/spec/strategy' }])
  })

  const held15 = { minReadySeconds: 15, strategy: ONE_MORE }
  const people: [string, WorkloadView['workload'], WorkloadView['workload'], string[]][] = [
    ['left as it is', deployment(), deployment(held15), []],
    [
      'with what the server fills in',
      deployment(),
      deployment({ ...held15, strategy: { type: 'RollingUpdate', ...ONE_MORE } }),
      [],
    ],
    ['that is to wait longer', deployment(), deployment({ ...held15, minReadySeconds: 60 }), []],
    ['without its wait', deployment(), deployment({ strategy: ONE_MORE }), ['/spec/minReadySeconds']],
    [
      'that may lose more',
      deployment(),
      deployment({ ...held15, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 2 } } }),
      ['/spec/strategy'],
    ],
    [
      'that replaces all at once',
      deployment(),
      deployment({ ...held15, strategy: { type: 'Recreate' } }),
      ['/spec/strategy'],
    ],
    ['with its partition', statefulSet(), statefulSet({ updateStrategy: STATEFUL }), []],
    ['with a higher one', statefulSet(), statefulSet({ updateStrategy: { rollingUpdate: { partition: 5 } } }), []],
    [
      'with a lower one',
      statefulSet(),
      statefulSet({ updateStrategy: { rollingUpdate: { partition: 2 } } }),
      ['/spec/updateStrategy'],
    ],
    ['without one', statefulSet(), statefulSet(), ['/spec/updateStrategy']],
  ]
  for (const [given, before, now, released] of people)
    it(`of a ${before.kind} ${given} is ${released.length > 0 ? 'let go by somebody' : 'still held'}`, () => {
      const changes = holdOf(view(before), RESTART, SETTINGS)?.fields ?? []
      assert.deepEqual(releasedFields({ changes }, now), released)
    })

  const back: JsonPatchOperation[] = [{ op: 'replace', path: '/spec/template', value: OLD }]
  const not: [string, WorkloadView, RegExp, JsonPatchOperation[]?, Partial<typeof SETTINGS>?][] = [
    ['few pods', view(deployment({ replicas: 3 })), /fewer than 4/],
    ['no pod that is ready', view(deployment(), pods(0, 4)), /nothing to protect/],
    ['all pods replaced at once', view(deployment({ strategy: { type: 'Recreate' } })), /at once/],
    ['pods that somebody deletes', view(statefulSet({ updateStrategy: { type: 'OnDelete' } })), /deletes them/],
    ['a DaemonSet’s, likewise', view(daemonSet({ updateStrategy: { type: 'OnDelete' } })), /deletes them/],
    ['a StatefulSet that waits for a broken pod', view(statefulSet(), pods(4, 1)), /not ready/],
    [
      'a partition that keeps all',
      view(statefulSet({ updateStrategy: { rollingUpdate: { partition: 5 } } })),
      /partition/,
    ],
    ['a template of which pods are ready', view(deployment()), /already/, back],
    ['a setting of no seconds', view(deployment()), /switched off/, RESTART, { watchMs: 0 }],
  ]
  for (const [given, workload, why, operations = RESTART, settings = {}] of not)
    it(`is none for ${given}, and says so`, () => {
      const hold = holdOf(workload, operations, { ...SETTINGS, ...settings })
      assert.equal(hold?.isWatched, false)
      assert.match(hold.say, why)
      assert.deepEqual(hold.fields, [])
    })

  it('is not spoken of where no pod is replaced', () =>
    assert.equal(
      holdOf(view(deployment()), [{ op: 'replace', path: '/spec/replicas', value: 5 }], SETTINGS),
      undefined,
    ))
})
