import assert from 'node:assert/strict'
import { titleOf, type ObjectState } from '@kubewise/contracts'
import { connectKube, RESOURCES, type Kube, type Resource } from '@kubewise/kube'
import { silentLog, systemClock } from '@kubewise/service'
import { eventually, skipWithout, testKit } from '@kubewise/testkit'
import { CriticalMarks } from './critical-marks.ts'
import { createEventFilter, EVERYTHING } from './event-filter.ts'
import { startEventWatch } from './event-watch.ts'
import { startObjectWatch, type ObjectWatch } from './object-watch.ts'
import { OwnerIndex } from './owner-index.ts'
import { Relations } from './relations.ts'

const NAMESPACE = 'kubewise-test-signals'
const WEBHOOK = 'kubewise-test-signals'
const TIMEOUT_MS = 90_000

const labels = { app: 'web' }
const template = {
  metadata: { labels },
  spec: {
    containers: [{ name: 'main', image: 'busybox:1', imagePullPolicy: 'IfNotPresent', command: ['sleep', '3600'] }],
  },
}
const named = (name: string) => ({ metadata: { name, namespace: NAMESPACE } })

/** Objects that fail in ways of which no Event, or none that lasts, tells. */
const OBJECTS: readonly [Resource, object][] = [
  [RESOURCES.ResourceQuota, { ...named('compute'), spec: { hard: { pods: '1' } } }],
  [RESOURCES.Deployment, { ...named('web'), spec: { replicas: 2, selector: { matchLabels: labels }, template } }],
  [
    RESOURCES.StatefulSet,
    {
      ...named('db'),
      spec: {
        replicas: 1,
        serviceName: 'db',
        selector: { matchLabels: { app: 'db' } },
        template: { ...template, metadata: { labels: { app: 'db' } } },
      },
    },
  ],
  [
    RESOURCES.HorizontalPodAutoscaler,
    {
      ...named('web-hpa'),
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas: 3,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
        ],
      },
    },
  ],
  [
    RESOURCES.PodDisruptionBudget,
    { ...named('web-pdb'), spec: { minAvailable: 2, selector: { matchLabels: labels } } },
  ],
  [
    RESOURCES.PersistentVolumeClaim,
    {
      ...named('data'),
      spec: {
        storageClassName: 'there-is-no-such-class',
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
      },
    },
  ],
  [RESOURCES.Service, { ...named('web'), spec: { selector: { app: 'wbe' }, ports: [{ port: 80 }] } }],
  [RESOURCES.Service, { ...named('policy'), spec: { selector: { app: 'policy' }, ports: [{ port: 443 }] } }],
  [
    RESOURCES.ValidatingWebhookConfiguration,
    {
      metadata: { name: WEBHOOK },
      webhooks: [
        {
          name: 'policy.kubewise.io',
          failurePolicy: 'Fail',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          clientConfig: { service: { namespace: NAMESPACE, name: 'policy' } },
          // It stops nothing but what nobody makes here.
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
          objectSelector: { matchLabels: { nobody: 'has-this' } },
        },
      ],
    },
  ],
]

describe('the state of what stands around workloads, on a real cluster', function cluster() {
  this.timeout(TIMEOUT_MS)
  // oxlint-disable-next-line node/no-process-env
  const kubeconfig = skipWithout(process.env['KUBECONFIG'], 'KUBECONFIG is not set: no cluster to try this on')
  const kit = testKit()
  const said = new Map<string, ObjectState>()
  let kube: Kube
  let objects: ObjectWatch | undefined
  let events: { stop(): Promise<void> } | undefined

  before(async () => {
    kube = await connectKube({ kubeconfig, fieldManager: 'test', clock: systemClock, log: silentLog })
    await clear()
    await kube.create(RESOURCES.Namespace, { metadata: { name: NAMESPACE } })
    const relations = new Relations()
    const shared = {
      ...kit,
      cluster: 'test',
      kube,
      owners: new OwnerIndex('test'),
      marks: new CriticalMarks(),
      outbox: {
        add: (_subject: unknown, body: object) =>
          void ('state' in body && said.set(titleOf((body as ObjectState).entity), body as ObjectState)),
      },
    }
    objects = await startObjectWatch({ ...shared, relations, onPodGone: () => undefined }, kit.signal)
    events = startEventWatch({
      ...shared,
      filter: createEventFilter(EVERYTHING),
      maxAgeMs: TIMEOUT_MS,
      onEvent: (event) => relations.noteEvent(event, systemClock.now()),
      onSkipped: () => undefined,
      onClockOff: () => undefined,
    })
    for (const [resource, object] of OBJECTS) await kube.create(resource, object)
  })
  after(async () => {
    kit.abort()
    await objects?.stop()
    await events?.stop()
    await clear()
  })

  async function clear(): Promise<void> {
    if (!kubeconfig) return
    for (const [resource, name] of [
      [RESOURCES.ValidatingWebhookConfiguration, WEBHOOK],
      [RESOURCES.Namespace, NAMESPACE],
    ] as const) {
      const uid = (await kube.get(resource, { name }))?.metadata?.uid
      if (uid) await kube.delete(resource, { name }, uid)
      await eventually(async () => (await kube.get(resource, { name })) === undefined, { timeoutMs: TIMEOUT_MS })
    }
  }

  /** Waits until an object's state holds these members, and about what it is said. */
  async function seen(title: string, wanted: object, target = title): Promise<ObjectState['state']> {
    const isSeen = (): ObjectState['state'] | undefined => {
      objects?.refresh()
      const { state, target: about } = said.get(title) ?? {}
      const holds = Object.entries(wanted).every(
        ([name, value]) =>
          JSON.stringify((state as Record<string, unknown> | undefined)?.[name]) === JSON.stringify(value),
      )
      return about && titleOf(about) === target && holds ? state : undefined
    }
    return eventually(isSeen, {
      timeoutMs: TIMEOUT_MS,
      say: `${title} is ${JSON.stringify(wanted)} of ${target}; last: ${JSON.stringify(said.get(title))}`,
    })
  }
  const inNamespace = (kindAndName: string) => `${NAMESPACE}/${kindAndName}`

  it('the quota that refuses pods of a Deployment and of a StatefulSet', async () => {
    const state = await seen(inNamespace('ResourceQuota/compute'), { refused: ['Deployment/web', 'StatefulSet/db'] })
    assert.deepEqual(state.type === 'Quota' && state.resources, [{ name: 'pods', hard: 1, used: 1 }])
  })
  it('the Deployment whose pods may not be created', async () => {
    const state = await eventually(() => {
      const { state: now } = said.get(inNamespace('Deployment/web')) ?? {}
      return now?.type === 'Workload' ? now.conditions.find(({ type }) => type === 'ReplicaFailure') : undefined
    })
    assert.deepEqual([state.status, state.reason], ['True', 'FailedCreate'])
  })
  it('the autoscaler that cannot read its metrics', async () => {
    const workload = inNamespace('Deployment/web')
    const found = await eventually(
      async () => {
        const state = await seen(inNamespace('HorizontalPodAutoscaler/web-hpa'), { maxReplicas: 3 }, workload)
        return state.type === 'Autoscaler' && state.conditions.find(({ type }) => type === 'ScalingActive')
      },
      { timeoutMs: TIMEOUT_MS, say: 'the autoscaler has tried' },
    )
    assert.ok(found)
    assert.equal(found.status, 'False')
    assert.match(found.reason ?? '', /^FailedGet/)
  })
  it('the budget, about the workload that it covers', () =>
    seen(
      inNamespace('PodDisruptionBudget/web-pdb'),
      { disruptionsAllowed: 0, desiredHealthy: 2, cordonedNodes: [] },
      inNamespace('Deployment/web'),
    ))
  it('the claim of a class that does not exist', () =>
    seen(inNamespace('PersistentVolumeClaim/data'), {
      phase: 'Pending',
      waitsForConsumer: false,
      requestedBytes: 1024 ** 3,
    }))
  it('the Service whose selector is misspelt', () =>
    seen(inNamespace('Service/web'), { hasSelector: true, ready: 0, selects: 'nothing' }))
  it('the webhook whose Service has nobody', () =>
    seen(`ValidatingWebhookConfiguration/${WEBHOOK}`, {
      failsClosed: true,
      downServices: [{ namespace: NAMESPACE, name: 'policy' }],
    }))
})
