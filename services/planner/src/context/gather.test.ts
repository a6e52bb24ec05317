import assert from 'node:assert/strict'
import {
  KubeError,
  RESOURCES,
  type KubeErrorKind,
  type KubernetesObject,
  type ListOptions,
  type Resource,
} from '@kubewise/kube'
import { VirtualClock } from '@kubewise/testkit'
import { node, event, waitingPod } from '../fixture/around.ts'
import { incidentOf, signal, WEB } from '../fixture/context.ts'
import { NOW, pod, service } from '../fixture/objects.ts'
import { testRecord } from '../fixture/record.ts'
import { onlySet, steadySet } from '../fixture/worlds.ts'
import { createOutcomes } from '../learning/outcomes.ts'
import type { Context } from './context.ts'
import { createEvidenceBook } from './evidence.ts'
import { createGather } from './gather.ts'

type Objects = Partial<Record<string, readonly KubernetesObject[]>>

/** An API server of these objects, which answers some kinds with an error. */
function serverOf(objects: Objects, errors: Partial<Record<string, KubeErrorKind>> = {}) {
  const asked: string[] = []
  const answer = (kind: string) => {
    const error = errors[kind]
    if (error) throw new KubeError({ kind: error, message: `${kind}: ${error}` })
    return objects[kind] ?? []
  }
  return {
    asked,
    kube: {
      async list<T extends KubernetesObject>({ kind }: Resource, options: ListOptions = {}) {
        asked.push([kind, options.fieldSelector].filter(Boolean).join(' '))
        return { items: [...answer(kind)] as T[], resourceVersion: '1' }
      },
      async get<T extends KubernetesObject>({ kind }: Resource, { name }: { name: string }) {
        return answer(kind).find(({ metadata }) => metadata?.name === name) as T | undefined
      },
    },
  }
}

async function gathered(server: ReturnType<typeof serverOf>, target = WEB): Promise<Context> {
  await using record = await testRecord()
  const clock = new VirtualClock(NOW)
  const outcomes = createOutcomes({ store: record.store, clock }, 'prod')
  const gather = createGather({
    ...server,
    store: record.store,
    clock,
    evidence: createEvidenceBook(record.store),
    outcomes,
  })
  return await gather(incidentOf(target, [signal('crash-loop', 'web-0')]), new AbortController().signal)
}

const web = {
  Namespace: [{ metadata: { name: 'shop' } }],
  Deployment: [steadySet],
  ReplicaSet: [onlySet],
  Pod: ['web-0', 'web-1', 'web-2'].map((name) => pod(onlySet, 'h1', { name })),
  Node: [node('node-1')],
}

describe('gathering a context', () => {
  it('names the kinds that are forbidden or absent, and goes on without', async () => {
    const errors = { Node: 'forbidden', NetworkPolicy: 'not-found', Event: 'forbidden' } as const
    const { unread, nodes, pods } = await gathered(serverOf(web, errors))
    assert.deepEqual([unread, nodes.length, pods.length], [['Event', 'NetworkPolicy', 'Node'], 0, 3])
  })

  for (const error of ['unavailable', 'timeout', 'unauthorized'] as const)
    it(`decides nothing on a part: ${error}`, () =>
      assert.rejects(gathered(serverOf(web, { Node: error })), { message: `Node: ${error}` }))

  it('does without a kind only where it is not the target’s own', () =>
    assert.rejects(gathered(serverOf(web, { PodDisruptionBudget: 'forbidden' })), /forbidden/))

  it('reads of others only what the incident calls for', async () => {
    const server = serverOf(web)
    assert.deepEqual((await gathered(server)).unread, [])
    const kinds = new Set(['PersistentVolumeClaim', 'StorageClass', 'ValidatingWebhookConfiguration', 'PodMetrics'])
    assert.deepEqual(
      server.asked.filter((each) => kinds.has(each) || each.startsWith('Pod spec.nodeName')),
      [],
    )
  })

  it('looks at the pods of a node that is short of something', async () => {
    const server = serverOf({ ...web, Node: [node('node-1', { pressures: ['MemoryPressure'] })] })
    const { neighbourhood } = await gathered(server)
    assert.equal(neighbourhood, 'nodes')
    assert.ok(server.asked.includes('Pod spec.nodeName=node-1') && server.asked.includes('PodMetrics'))
  })

  it('looks for others that wait for an image where one of its own does, and at webhooks where pods are missing', async () => {
    const ill = waitingPod(pod(onlySet, 'h1', { name: 'web-0', ready: false }), 'ErrImagePull')
    const server = serverOf({ ...web, Pod: [ill] })
    await gathered(server)
    assert.ok(server.asked.includes('Pod status.phase=Pending'))
    assert.ok(server.asked.includes('MutatingWebhookConfiguration'))
  })

  it('keeps the Events of the target and what belongs to it, newest first', async () => {
    const own = web.Pod[0] ?? assert.fail()
    const Event = [
      event(own, 'Unhealthy', 'old', { seconds: 300 }),
      event({ metadata: { uid: 'another' } }, 'Unhealthy', 'not ours'),
      event(own, 'Unhealthy', 'new', { seconds: 5 }),
    ]
    const { events } = await gathered(serverOf({ ...web, Event }))
    assert.deepEqual([...new Set(events.map(({ note }) => note))], ['new', 'old'])
  })

  for (const kind of [
    'Node',
    'Service',
    'PersistentVolumeClaim',
    'ResourceQuota',
    'HorizontalPodAutoscaler',
    'ValidatingWebhookConfiguration',
    'CronJob',
  ] as const)
    it(`reads a target of kind ${kind}`, async () => {
      const namespace = RESOURCES[kind].isNamespaced ? 'shop' : ''
      const object = { ...service('it'), kind, metadata: { name: 'it', namespace, uid: 'uid-it' } }
      const context = await gathered(serverOf({ ...web, [kind]: [object] }), {
        cluster: 'prod',
        kind,
        namespace,
        name: 'it',
      })
      assert.deepEqual([context.target?.metadata?.name, context.isReadable], ['it', true])
    })
})
