import assert from 'node:assert/strict'
import { keyOf, titleOf, type KubernetesEvent, type ObjectState } from '@kubewise/contracts'
import { KubeError, type KubernetesObject, type Observer } from '@kubewise/kube'
import { testKit } from '@kubewise/testkit'
import { CriticalMarks } from './critical-marks.ts'
import { startObjectWatch, type ObjectWatch } from './object-watch.ts'
import { OwnerIndex } from './owner-index.ts'
import { Relations } from './relations.ts'

const NAMESPACE = 'shop'
const meta = (name: string, more: object = {}) => ({
  name,
  namespace: NAMESPACE,
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: '2026-01-05T00:00:00Z',
  ...more,
})
const deployment = (name: string, replicas: number, ready: number, conditions: object[] = []): KubernetesObject =>
  ({
    metadata: meta(name),
    spec: { replicas, template: { metadata: { labels: { app: name, tier: 'web' } } } },
    status: { readyReplicas: ready, conditions },
  }) as KubernetesObject
const slice = (service: string, suffix: string, ...ready: (boolean | undefined)[]): KubernetesObject =>
  ({
    metadata: meta(`${service}-${suffix}`, { labels: { 'kubernetes.io/service-name': service } }),
    addressType: 'IPv4',
    endpoints: ready.map((is, i) => ({
      addresses: [`10.1.0.${i}`],
      conditions: is === undefined ? {} : { ready: is },
    })),
  }) as KubernetesObject
const service = (name: string, selector?: Record<string, string>): KubernetesObject =>
  ({ metadata: meta(name), spec: { clusterIP: '10.0.0.7', ...(selector && { selector }) } }) as KubernetesObject
const budget = (name: string, matchLabels: Record<string, string>): KubernetesObject =>
  ({
    metadata: meta(name),
    spec: { minAvailable: 2, selector: { matchLabels } },
    status: { disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2, expectedPods: 2 },
  }) as KubernetesObject
const node = (name: string, unschedulable?: boolean): KubernetesObject =>
  ({
    metadata: { name, uid: `uid-${name}` },
    spec: unschedulable === undefined ? {} : { unschedulable },
    status: { addresses: [{ type: 'InternalIP', address: '10.244.1.1' }] },
  }) as KubernetesObject
const pod = (name: string, app: string, nodeName: string): KubernetesObject =>
  ({
    metadata: meta(name, { labels: { app, tier: 'web' } }),
    spec: { nodeName, containers: [] },
    status: { phase: 'Running' },
  }) as KubernetesObject
const quota: KubernetesObject = {
  metadata: meta('compute'),
  spec: { hard: { 'requests.cpu': '2', 'requests.memory': '1Gi', pods: '3' } },
  status: {
    hard: { 'requests.cpu': '2', 'requests.memory': '1Gi', pods: '3' },
    used: { 'requests.cpu': '750m', 'requests.memory': '96Mi', pods: '3' },
  },
} as KubernetesObject
const claim = (name: string, storageClassName?: string): KubernetesObject =>
  ({
    metadata: meta(name),
    spec: {
      ...(storageClassName !== undefined && { storageClassName }),
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '5Gi' } },
    },
    status: { phase: 'Pending' },
  }) as KubernetesObject
const storageClass = (name: string, volumeBindingMode: string, isDefault = false): KubernetesObject =>
  ({
    metadata: {
      name,
      uid: `uid-${name}`,
      annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) },
    },
    volumeBindingMode,
  }) as KubernetesObject
const webhook = (failurePolicy: string): KubernetesObject =>
  ({
    metadata: { name: 'guard', uid: 'uid-guard' },
    webhooks: [
      {
        name: 'guard.policy.io',
        failurePolicy,
        clientConfig: { service: { namespace: NAMESPACE, name: 'guard', path: '/validate', port: 443 } },
      },
      { name: 'outside.policy.io', failurePolicy: 'Fail', clientConfig: { url: 'https://policy.example.com' } },
    ],
  }) as KubernetesObject
const refused = (quotaName: string) => [
  {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: `pods "web-6d4b-x" is forbidden: exceeded quota: ${quotaName}, requested: pods=1, used: pods=3, limited: pods=3`,
  },
]

type Objects = Partial<Record<string, KubernetesObject[]>>

/** A cluster of these objects, watched; `said` has the last word on each object, and where it was said. */
async function watch(objects: Objects, missing: Record<string, 'forbidden' | 'not-found'> = {}) {
  const kit = testKit()
  const observers = new Map<string, Observer<KubernetesObject>>()
  const said = new Map<string, ObjectState>()
  const log: ObjectState[] = []
  const ids: string[] = []
  const owners = new OwnerIndex('test')
  const relations = new Relations()
  const objectWatch: ObjectWatch = await startObjectWatch(
    {
      ...kit,
      cluster: 'test',
      owners,
      relations,
      marks: new CriticalMarks(),
      onPodGone: () => undefined,
      outbox: {
        add(_subject, body, id) {
          const state = body as ObjectState
          if (state.entity.kind === 'Service') ids.push(id)
          log.push(state)
          said.set(titleOf(state.entity), state)
        },
      },
      kube: {
        reflect(resource, _options, observer) {
          const kind = missing[resource.kind]
          if (kind) observer.onError?.(new KubeError({ kind, reason: 'x', message: 'x' }))
          else void observer.onReplace((objects[resource.kind] ?? []) as never[], '1')
          observers.set(resource.kind, observer)
          const synced = kind ? new Promise<void>(() => undefined) : Promise.resolve()
          return { synced, confirmedMs: () => (kind ? undefined : 1), stop: async () => undefined }
        },
      },
    },
    kit.signal,
  )
  objectWatch.refresh()
  return {
    kit,
    log,
    ids,
    said: (title: string) => said.get(title),
    state: (title: string) => said.get(title)?.state as Record<string, unknown> | undefined,
    relations,
    owners,
    objectWatch,
    put(kind: string, object: KubernetesObject) {
      void observers.get(kind)?.onUpsert(object)
      objectWatch.refresh()
    },
    drop(kind: string, object: KubernetesObject) {
      void observers.get(kind)?.onDelete(object)
      objectWatch.refresh()
    },
  }
}

describe('startObjectWatch', () => {
  const web = { Deployment: [deployment('web', 2, 2)] }
  const cases: [string, Objects, string, Record<string, unknown>, string?][] = [
    [
      'an autoscaler is about what it scales',
      {
        ...web,
        HorizontalPodAutoscaler: [
          {
            metadata: meta('web-hpa'),
            spec: {
              scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
              minReplicas: 2,
              maxReplicas: 3,
            },
            status: {
              currentReplicas: 3,
              desiredReplicas: 3,
              conditions: [
                {
                  type: 'ScalingLimited',
                  status: 'True',
                  reason: 'TooManyReplicas',
                  lastTransitionTime: '2026-01-05T00:01:00Z',
                  message: 'the desired replica count is more than the maximum replica count',
                },
              ],
            },
          } as KubernetesObject,
        ],
      },
      'shop/HorizontalPodAutoscaler/web-hpa',
      {
        type: 'Autoscaler',
        minReplicas: 2,
        maxReplicas: 3,
        current: 3,
        desired: 3,
        conditions: [
          {
            type: 'ScalingLimited',
            status: 'True',
            reason: 'TooManyReplicas',
            sinceMs: Date.UTC(2026, 0, 5, 0, 1),
          },
        ],
      },
      'shop/Deployment/web',
    ],
    [
      'a claim knows whether its class waits for a pod',
      {
        StorageClass: [storageClass('local', 'WaitForFirstConsumer')],
        PersistentVolumeClaim: [claim('data', 'local')],
      },
      'shop/PersistentVolumeClaim/data',
      {
        type: 'Claim',
        phase: 'Pending',
        isTerminating: false,
        createdMs: Date.UTC(2026, 0, 5),
        storageClass: 'local',
        waitsForConsumer: true,
        requestedBytes: 5 * 1024 ** 3,
        capacityBytes: 0,
        conditions: [],
      },
    ],
    [
      'a budget is about the one workload that it covers',
      { ...web, PodDisruptionBudget: [budget('web-pdb', { app: 'web' })] },
      'shop/PodDisruptionBudget/web-pdb',
      {
        type: 'Budget',
        disruptionsAllowed: 0,
        currentHealthy: 2,
        desiredHealthy: 2,
        expectedPods: 2,
        cordonedNodes: [],
      },
      'shop/Deployment/web',
    ],
    [
      'a budget over several is about itself, and knows the cordoned nodes of its pods',
      {
        Deployment: [deployment('web', 2, 2), deployment('api', 1, 1)],
        Node: [node('node-1', true), node('node-2')],
        Pod: [pod('web-1', 'web', 'node-1'), pod('web-2', 'web', 'node-2')],
        PodDisruptionBudget: [budget('all', { tier: 'web' })],
      },
      'shop/PodDisruptionBudget/all',
      {
        type: 'Budget',
        disruptionsAllowed: 0,
        currentHealthy: 2,
        desiredHealthy: 2,
        expectedPods: 2,
        cordonedNodes: ['node-1'],
      },
      'shop/PodDisruptionBudget/all',
    ],
    [
      'a quota has amounts in their own units, and whom it refuses',
      {
        Deployment: [deployment('web', 3, 2, refused('compute')), deployment('api', 3, 2, refused('another'))],
        ResourceQuota: [quota],
      },
      'shop/ResourceQuota/compute',
      {
        type: 'Quota',
        resources: [
          { name: 'requests.cpu', hard: 2, used: 0.75 },
          { name: 'requests.memory', hard: 1024 ** 3, used: 96 * 1024 ** 2 },
          { name: 'pods', hard: 3, used: 3 },
        ],
        refused: ['Deployment/web'],
      },
    ],
    [
      'a Service has the endpoints of all its slices',
      {
        ...web,
        EndpointSlice: [slice('web', 'a', true, false), slice('web', 'b', undefined), slice('other', 'a', true)],
        Service: [service('web', { app: 'web' })],
      },
      'shop/Service/web',
      { type: 'Endpoints', hasSelector: true, ready: 2, notReady: 1, selects: 'ready' },
    ],
    [
      'a Service whose selector finds nothing',
      { ...web, Service: [service('web', { app: 'wbe' })] },
      'shop/Service/web',
      { type: 'Endpoints', hasSelector: true, ready: 0, notReady: 0, selects: 'nothing' },
    ],
    [
      'a Service whose workload sleeps',
      { Deployment: [deployment('web', 0, 0)], Service: [service('web', { app: 'web' })] },
      'shop/Service/web',
      { type: 'Endpoints', hasSelector: true, ready: 0, notReady: 0, selects: 'asleep' },
    ],
    [
      'a Service without a selector',
      { Service: [service('outside')] },
      'shop/Service/outside',
      { type: 'Endpoints', hasSelector: false, ready: 0, notReady: 0 },
    ],
    [
      'a webhook that fails closed, whose Service has nobody',
      {
        Deployment: [deployment('guard', 1, 0)],
        EndpointSlice: [slice('guard', 'a', false)],
        Service: [service('guard', { app: 'guard' })],
        ValidatingWebhookConfiguration: [webhook('Fail')],
      },
      'ValidatingWebhookConfiguration/guard',
      {
        type: 'Webhook',
        failsClosed: true,
        services: [{ namespace: NAMESPACE, name: 'guard' }],
        downServices: [{ namespace: NAMESPACE, name: 'guard' }],
      },
    ],
    [
      'a webhook that needs its Service and may do without',
      { MutatingWebhookConfiguration: [webhook('Ignore')] },
      'MutatingWebhookConfiguration/guard',
      {
        type: 'Webhook',
        failsClosed: true,
        services: [{ namespace: NAMESPACE, name: 'guard' }],
        downServices: [],
      },
    ],
  ]
  for (const [what, objects, title, state, target = title] of cases)
    it(what, async () => {
      const { said } = await watch(objects)
      assert.deepEqual(said(title)?.state, state)
      assert.equal(titleOf(said(title)!.target), target)
    })

  const classes: [string, Objects, Record<string, 'forbidden'>, boolean | undefined][] = [
    ['no class of that name', { PersistentVolumeClaim: [claim('data', 'gone')] }, {}, false],
    [
      'the default class',
      {
        StorageClass: [storageClass('slow', 'Immediate'), storageClass('local', 'WaitForFirstConsumer', true)],
        PersistentVolumeClaim: [claim('data')],
      },
      {},
      true,
    ],
    [
      'classes that may not be read',
      { PersistentVolumeClaim: [claim('data', 'a')] },
      { StorageClass: 'forbidden' },
      undefined,
    ],
  ]
  for (const [what, objects, missing, expected] of classes)
    it(`tells of a claim with ${what} that it waits: ${expected}`, async () => {
      const { state } = await watch(objects, missing)
      assert.equal(state('shop/PersistentVolumeClaim/data')?.['waitsForConsumer'], expected)
    })

  it('says anew what other objects change, once each', async () => {
    const { state, put, drop, log, ids } = await watch({ ...web, Service: [service('web', { app: 'web' })] })
    const told = () => log.filter(({ entity }) => entity.kind === 'Service').length
    assert.equal(state('shop/Service/web')?.['ready'], 0)
    put('EndpointSlice', slice('web', 'a', true, true))
    assert.equal(state('shop/Service/web')?.['ready'], 2)
    const before = told()
    put('EndpointSlice', slice('web', 'a', true, true))
    assert.equal(told(), before)
    put('Deployment', deployment('web', 0, 0))
    drop('EndpointSlice', slice('web', 'a', true, true))
    assert.deepEqual([state('shop/Service/web')?.['ready'], state('shop/Service/web')?.['selects']], [0, 'asleep'])
    put('Deployment', deployment('web', 2, 2))
    put('Deployment', deployment('web', 0, 0))
    assert.equal(
      new Set(ids).size,
      ids.length,
      'what was said before may be said again: the bus must not take it for a repeat',
    )
  })
  it('sees a webhook’s Service go and come back', async () => {
    const objects = { EndpointSlice: [slice('guard', 'a', true)], Service: [service('guard', { app: 'guard' })] }
    const { state, put } = await watch({ ...objects, ValidatingWebhookConfiguration: [webhook('Fail')] })
    const down = () =>
      (state('ValidatingWebhookConfiguration/guard')?.['downServices'] as unknown[] | undefined)?.length
    assert.equal(down(), 0)
    put('EndpointSlice', slice('guard', 'a', false))
    assert.equal(down(), 1)
    put('EndpointSlice', slice('guard', 'a', true))
    assert.equal(down(), 0)
  })
  it('takes back what it said where a budget’s target was, when the target changes', async () => {
    const { put, drop, log, said } = await watch({ PodDisruptionBudget: [budget('web-pdb', { app: 'web' })] })
    const title = 'shop/PodDisruptionBudget/web-pdb'
    assert.equal(titleOf(said(title)!.target), title)
    put('Deployment', deployment('web', 2, 2))
    assert.deepEqual(
      log.filter(({ entity }) => titleOf(entity) === title).map(({ target, isDeleted }) => [keyOf(target), isDeleted]),
      [
        [`test/${title}`, false],
        [`test/${title}`, true],
        ['test/shop/Deployment/web', false],
      ],
    )
    drop('Deployment', deployment('web', 2, 2))
    put('PodDisruptionBudget', budget('web-pdb', { app: 'web' }))
    assert.equal(titleOf(said(title)!.target), 'shop/Deployment/web')
  })
  it('believes an Event of a quota’s refusal until the workload has its pods', async () => {
    const stateful = (ready: number) =>
      ({ metadata: meta('db'), spec: { replicas: 2 }, status: { readyReplicas: ready } }) as KubernetesObject
    const { state, put, relations, objectWatch, kit } = await watch({
      StatefulSet: [stateful(1)],
      ResourceQuota: [quota],
    })
    const whom = () => state('shop/ResourceQuota/compute')?.['refused']
    const event = (message: string) => ({
      reason: 'FailedCreate',
      message,
      target: { cluster: 'test', kind: 'StatefulSet', namespace: NAMESPACE, name: 'db' },
    })
    relations.noteEvent(event('violates PodSecurity "restricted:latest"') as KubernetesEvent, kit.clock.now())
    objectWatch.refresh()
    assert.deepEqual(whom(), [])
    const says =
      'create Pod db-1 in StatefulSet db failed error: pods "db-1" is forbidden: failed quota: compute: must specify memory for: db'
    relations.noteEvent(event(says) as KubernetesEvent, kit.clock.now())
    objectWatch.refresh()
    assert.deepEqual(whom(), ['StatefulSet/db'])
    put('StatefulSet', stateful(2))
    assert.deepEqual(whom(), [])
  })
  it('tells in health what may not be seen, and goes on with all else', async () => {
    const { kit, said, objectWatch } = await watch(
      { ...web, Job: [{ metadata: meta('report') }] },
      { HorizontalPodAutoscaler: 'forbidden', EndpointSlice: 'not-found', StatefulSet: 'forbidden' },
    )
    const { checks, status } = kit.health.report()
    assert.equal(status, 'degraded')
    assert.match(checks['watch-horizontalpodautoscalers']!.say, /RBAC/)
    assert.match(checks['watch-endpointslices']!.say, /not served/)
    assert.ok(said('shop/Deployment/web') && said('shop/Job/report'))
    assert.equal(objectWatch.confirmed()['horizontalpodautoscalers'], undefined)
    assert.equal(objectWatch.confirmed()['pods'], 1)
  })
  for (const kind of ['EndpointSlice', 'Service', 'StatefulSet'])
    it(`calls no Service and no webhook down while it may not see ${kind}s`, async () => {
      const objects = {
        Service: [service('guard', { app: 'guard' })],
        ValidatingWebhookConfiguration: [webhook('Fail')],
      }
      const { said, state } = await watch(objects, { [kind]: 'forbidden' })
      assert.equal(said('shop/Service/guard'), undefined)
      assert.deepEqual(state('ValidatingWebhookConfiguration/guard')?.['downServices'], [])
    })
  it('sends everything anew when told to', async () => {
    const { log, objectWatch } = await watch({ ...web, Service: [service('web', { app: 'web' })] })
    const before = log.length
    objectWatch.resend()
    assert.equal(log.length, before + 2)
  })
})
