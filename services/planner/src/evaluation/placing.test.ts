import assert from 'node:assert/strict'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '@kubewise/kube'
import { known, unknown } from '@kubewise/policy'
import { contextOf } from '../fixture/context.ts'
import { arrival, shortly, templateWith } from '../fixture/evaluation.ts'
import { deployment } from '../fixture/objects.ts'
import { node, placeOf } from '../fixture/place.ts'
import { checkImages, fullImageName } from './image.ts'
import { checkScheduling } from './scheduling.ts'
import { checkVolumes } from './volumes.ts'

const asks = (requests: Record<string, string>, spec: object = {}) => templateWith(spec, { resources: { requests } })
const pod = (uid: string, nodeName: string, requests: Record<string, string>, spec: object = {}): Pod => ({
  ...asks(requests, { nodeName, ...spec }),
  metadata: { uid, name: uid, namespace: 'shop' },
})
const affinity = (key: string, operator: string, values: string[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
      },
    },
  },
})

describe('the scheduling check', () => {
  const gpu = [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }]
  const full = pod('a', 'node-1', { memory: '8Gi' })
  const rows: [string, Node[], Pod[], Parameters<typeof arrival>[0], string][] = [
    ['a node with room', [node()], [], {}, 'passed'],
    ['no node at all', [], [], {}, 'refused unschedulable-constraints'],
    ['a node that is not ready', [node('n', { ready: 'Unknown' })], [], {}, 'refused unschedulable-constraints'],
    ['a cordoned one', [node('n', { isCordoned: true })], [], {}, 'refused unschedulable-constraints'],
    ['a tainted one', [node('n', { taints: gpu })], [], {}, 'refused unschedulable-constraints'],
    [
      'a taint that is tolerated',
      [node('n', { taints: gpu })],
      [],
      { template: asks({}, { tolerations: [{ key: 'gpu', operator: 'Exists' }] }) },
      'passed',
    ],
    [
      'a taint of another value',
      [node('n', { taints: gpu })],
      [],
      { template: asks({}, { tolerations: [{ key: 'gpu', value: 'no', effect: 'NoSchedule' }] }) },
      'refused unschedulable-constraints',
    ],
    [
      'all taints tolerated',
      [node('n', { taints: gpu })],
      [],
      { template: asks({}, { tolerations: [{ operator: 'Exists' }] }) },
      'passed',
    ],
    [
      'a taint that only prefers',
      [node('n', { taints: [{ key: 'gpu', effect: 'PreferNoSchedule' }] })],
      [],
      {},
      'passed',
    ],
    [
      'a selector that no node has',
      [node()],
      [],
      { template: asks({}, { nodeSelector: { disk: 'ssd' } }) },
      'refused unschedulable-constraints',
    ],
    [
      'a selector that one has',
      [node('n', { labels: { disk: 'ssd' } })],
      [],
      { template: asks({}, { nodeSelector: { disk: 'ssd' } }) },
      'passed',
    ],
    [
      'an affinity that no node has',
      [node()],
      [],
      { template: asks({}, affinity('zone', 'In', ['a'])) },
      'refused unschedulable-constraints',
    ],
    ['an affinity to not', [node()], [], { template: asks({}, affinity('zone', 'NotIn', ['a'])) }, 'passed'],
    ['a node that is full', [node()], [full], { template: asks({ memory: '1Mi' }) }, 'refused unschedulable-resources'],
    [
      'a full one whose pod goes first',
      [node()],
      [full],
      { template: asks({ memory: '8Gi' }), leaving: [full] },
      'passed',
    ],
    ['more than any node has', [node()], [], { template: asks({ cpu: '100' }) }, 'refused unschedulable-resources'],
    [
      'a resource that no node has',
      [node()],
      [],
      { template: asks({ 'nvidia.com/gpu': '1' }) },
      'refused unschedulable-resources',
    ],
    [
      'room for two of three',
      [node()],
      [],
      { template: asks({ cpu: '2' }), count: 3 },
      'refused unschedulable-resources',
    ],
    ['room on two nodes', [node('a'), node('b')], [], { template: asks({ cpu: '2' }), count: 3 }, 'passed'],
    ['a node with no pod left', [node('n', { allocatable: { pods: '0' } })], [], {}, 'refused unschedulable-resources'],
    [
      'a full one, and a class that others go for',
      [node()],
      [full],
      { template: asks({ memory: '1Mi' }, { priorityClassName: 'high' }) },
      'unknown',
    ],
    [
      'a distance to others',
      [node()],
      [],
      {
        template: asks({}, { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] } } }),
      },
      'unknown',
    ],
    ['a scheduler of its own', [node()], [], { template: asks({}, { schedulerName: 'batch' }) }, 'unknown'],
  ]
  for (const [given, nodes, pods, change, expected] of rows)
    it(`${given}: ${expected}`, () => {
      const around = placeOf(pods, { nodes: known(nodes) })
      assert.equal(shortly(checkScheduling([arrival(change)], 'Deployment', around)), expected)
    })

  it('does not know without the nodes, and does not ask for a DaemonSet', () => {
    const around = placeOf([], { nodes: unknown('forbidden') })
    assert.equal(shortly(checkScheduling([arrival()], 'Deployment', around)), 'unknown not-readable')
    assert.equal(shortly(checkScheduling([arrival()], 'DaemonSet', around)), 'passed')
  })
})

describe('the image check', () => {
  const uses = (image: string, state: object, namespace = 'shop'): Pod => ({
    metadata: { name: `of-${namespace}`, uid: image, namespace },
    spec: { containers: [{ name: 'x', image }] },
    status: { containerStatuses: [{ name: 'x', ready: false, restartCount: 0, state }] },
  })
  const failing = { waiting: { reason: 'ImagePullBackOff' } }
  const running = { running: {} }
  const rows: [string, Pod[], Node[], object, string][] = [
    ['runs in the namespace', [uses('web:1', running)], [], {}, 'passed'],
    ['is waited for in the namespace', [uses('web:1', failing)], [], {}, 'refused image-unavailable'],
    [
      'runs here, and is waited for here',
      [uses('web:1', running), uses('web:1', failing)],
      [],
      {},
      'refused image-unavailable',
    ],
    ['is waited for elsewhere, with other secrets', [uses('web:1', failing, 'other')], [], {}, 'unknown'],
    ['runs elsewhere, with other secrets', [uses('web:1', running, 'other')], [], {}, 'unknown'],
    ['another tag is waited for', [uses('web:2', failing)], [], {}, 'unknown'],
    ['lies on a node', [], [node('n', { images: ['docker.io/library/web:1'] })], {}, 'passed'],
    [
      'lies on a node, and is always pulled',
      [],
      [node('n', { images: ['docker.io/library/web:1'] })],
      { imagePullPolicy: 'Always' },
      'unknown',
    ],
    ['is nowhere', [], [node()], {}, 'unknown'],
  ]
  for (const [given, pods, nodes, container, expected] of rows)
    it(`one that ${given}: ${expected}`, () => {
      const around = placeOf(pods, { nodes: known(nodes) })
      const template = templateWith({}, container)
      assert.equal(shortly(checkImages([arrival({ template })], 'shop', around)), expected)
    })

  it('knows one image by all its names', () => {
    const names = [
      'busybox',
      'docker.io/busybox',
      'library/busybox:latest',
      'localhost/a',
      'reg:5000/a:1',
      'a/b@sha256:1',
      'a/b:2@sha256:1',
    ]
    assert.deepEqual(names.map(fullImageName), [
      'docker.io/library/busybox:latest',
      'docker.io/busybox:latest',
      'docker.io/library/busybox:latest',
      'localhost/a:latest',
      'reg:5000/a:1',
      'docker.io/a/b@sha256:1',
      'docker.io/a/b@sha256:1',
    ])
  })
})

describe('the volumes check', () => {
  const template = templateWith({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] })
  const claim = (phase: string, spec: object = {}): PersistentVolumeClaim => ({
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', volumeName: 'pv', ...spec },
    status: { phase },
  })
  const user = (uid: string, nodeName: string) => pod(uid, nodeName, {}, { volumes: template.spec?.volumes })
  const late: StorageClass = { metadata: { name: 'fast' }, volumeBindingMode: 'WaitForFirstConsumer' }
  const inZone: PersistentVolume = {
    metadata: { name: 'pv' },
    spec: {
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }] },
      },
    },
  }
  interface Given {
    claims?: PersistentVolumeClaim[]
    classes?: StorageClass[]
    volumes?: PersistentVolume[]
    pods?: Pod[]
    nodes?: Node[]
    leaving?: Pod[]
  }
  const rows: [string, Given, string][] = [
    ['a claim that is bound', { claims: [claim('Bound')] }, 'passed'],
    ['a claim that is not there', {}, 'refused volume-unbound'],
    ['a claim that waits for its volume', { claims: [claim('Pending')] }, 'refused volume-unbound'],
    ['a claim that waits for its pod', { claims: [claim('Pending')], classes: [late] }, 'passed'],
    ['a claim whose volume is lost', { claims: [claim('Lost')], classes: [late] }, 'refused volume-unbound'],
    ['a volume that another pod keeps', { claims: [claim('Bound')], pods: [user('a', 'node-1')] }, 'unknown'],
    [
      'a volume whose pod goes first',
      { claims: [claim('Bound')], pods: [user('a', 'node-1')], leaving: [user('a', 'node-1')] },
      'passed',
    ],
    [
      'a volume for one pod that another keeps',
      { claims: [claim('Bound', { accessModes: ['ReadWriteOncePod'] })], pods: [user('a', 'node-1')] },
      'refused volume-stuck',
    ],
    [
      'a volume for many',
      { claims: [claim('Bound', { accessModes: ['ReadWriteMany'] })], pods: [user('a', 'node-1')] },
      'passed',
    ],
    [
      'a volume at a node that is away',
      {
        claims: [claim('Bound')],
        pods: [user('a', 'node-1')],
        leaving: [user('a', 'node-1')],
        nodes: [node('node-1', { ready: 'Unknown' }), node('node-2')],
      },
      'refused volume-stuck',
    ],
    ['a volume of another zone', { claims: [claim('Bound')], volumes: [inZone] }, 'refused unschedulable-constraints'],
    [
      'a volume of a node’s zone',
      { claims: [claim('Bound')], volumes: [inZone], nodes: [node('n', { labels: { zone: 'a' } })] },
      'passed',
    ],
  ]
  const context = contextOf({ target: deployment(template) })
  for (const [
    given,
    { claims = [], classes = [], volumes = [], pods = [], nodes = [node()], leaving = [] },
    expected,
  ] of rows)
    it(`${given}: ${expected}`, () => {
      const around = placeOf(pods, {
        claims: known(claims),
        classes: known(classes),
        volumes: known(volumes),
        nodes: known(nodes),
      })
      assert.equal(shortly(checkVolumes(context, [arrival({ template, leaving })], around)), expected)
    })
})
