import assert from 'node:assert/strict'
import { connectKube, KubeError, RESOURCES, type Deployment, type Kube, type Pod } from '@kubewise/kube'
import { scaledClock, silentLog } from '@kubewise/service'
import { eventually } from '@kubewise/testkit'
import type { Simulator } from './port.ts'
import { createSimulator } from './simulator.ts'

const FACTOR = 20

const deployment = (image: string): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image }] } },
  },
})
const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }

interface Cluster extends AsyncDisposable {
  simulator: Simulator
  connect(kubeconfig?: string): Promise<Kube>
}

async function cluster(): Promise<Cluster> {
  const clock = scaledClock(FACTOR)
  const simulator = await createSimulator({ clock })
  return {
    simulator,
    connect: (kubeconfig = simulator.kubeconfig()) =>
      connectKube({ kubeconfig, fieldManager: 'kubewise', clock, log: silentLog }),
    [Symbol.asyncDispose]: () => simulator.stop(),
  }
}

const web = { namespace: 'shop', name: 'web' }

async function ready(kube: Kube, image: string): Promise<Pod[]> {
  return eventually(
    async () => {
      const found = await kube.get<Deployment>(RESOURCES.Deployment, web)
      const { items } = await kube.list<Pod>(RESOURCES.Pod, { namespace: 'shop', labelSelector: 'app=web' })
      const isDone = found?.status?.observedGeneration === found?.metadata?.generation
      const isReady = isDone && found?.status?.availableReplicas === 2 && found.status.updatedReplicas === 2
      return isReady && items.length === 2 && items.every(({ spec }) => spec?.containers[0]?.image === image) && items
    },
    { say: `two pods of ${image} are ready` },
  )
}

describe('simulator', () => {
  it('talks to the client that talks to a real cluster: all patches, scale, eviction, reviews', async () => {
    await using it = await cluster()
    it.simulator.apply([NAMESPACE, deployment('shop/web:1')])
    const kube = await it.connect()
    await ready(kube, 'shop/web:1')

    const image = (name: string) => ({ spec: { template: { spec: { containers: [{ name: 'app', image: name }] } } } })
    await kube.patch(RESOURCES.Deployment, web, { type: 'strategic', body: image('shop/web:2') })
    await ready(kube, 'shop/web:2')
    const path = '/spec/template/spec/containers/0/image'
    const operations = [
      { op: 'test' as const, path, value: 'shop/web:2' },
      { op: 'replace' as const, path, value: 'shop/web:3' },
    ]
    await kube.patch(RESOURCES.Deployment, web, { type: 'json', operations })
    await assert.rejects(
      kube.patch(RESOURCES.Deployment, web, { type: 'json', operations }),
      (error) => error instanceof KubeError && error.status === 422,
    )
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, ...image('shop/web:4') }
    await assert.rejects(
      kube.patch(RESOURCES.Deployment, web, { type: 'apply', body }),
      (error) => error instanceof KubeError && error.status === 409,
    )
    await kube.patch(RESOURCES.Deployment, web, { type: 'apply', body, force: true })
    await kube.patch(
      RESOURCES.Deployment,
      web,
      { type: 'merge', body: { spec: { replicas: 3 } } },
      { subresource: 'scale' },
    )
    await kube.patch(
      RESOURCES.Deployment,
      web,
      { type: 'merge', body: { spec: { replicas: 2 } } },
      { subresource: 'scale' },
    )
    const [pod] = await ready(kube, 'shop/web:4')
    const { name = '', uid = '' } = pod?.metadata ?? {}
    await kube.evict({ namespace: 'shop', name }, uid)
    await eventually(async () => (await kube.get<Pod>(RESOURCES.Pod, { namespace: 'shop', name })) === undefined)
    assert.ok((await kube.canI({ verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'shop' })).isAllowed)
    assert.match(await kube.serverVersion(), /1\.34/)
  })

  it('is watched through lost connections, and shows the same as the store in the end', async () => {
    await using it = await cluster()
    const kube = await it.connect()
    const seen = new Map<string, Pod>()
    const reflector = kube.reflect<Pod>(
      RESOURCES.Pod,
      { namespace: 'shop' },
      {
        onReplace: (items) => {
          seen.clear()
          for (const item of items) seen.set(item.metadata?.name ?? '', item)
        },
        onUpsert: (item) => void seen.set(item.metadata?.name ?? '', item),
        onDelete: (item) => void seen.delete(item.metadata?.name ?? ''),
      },
    )
    await reflector.synced
    it.simulator.api.fail({ match: { verb: 'watch' }, with: 'truncate', times: 2 })
    it.simulator.apply([NAMESPACE, deployment('shop/web:1')])
    it.simulator.api.compact()
    await ready(kube, 'shop/web:1')
    await eventually(() => {
      const stored = it.simulator.objects.list<Pod>(RESOURCES.Pod, 'shop')
      const versions = (pods: Iterable<Pod>) => [...pods].map(({ metadata }) => metadata?.resourceVersion).sort()
      assert.deepEqual(versions(seen.values()), versions(stored))
      return stored.length > 0
    })
    await reflector.stop()
  })

  it('lets a service account do what its roles say, and notes in managedFields and the audit who did what', async () => {
    await using it = await cluster()
    const rbac = 'rbac.authorization.k8s.io'
    it.simulator.apply([
      NAMESPACE,
      deployment('shop/web:1'),
      {
        apiVersion: `${rbac}/v1`,
        kind: 'Role',
        metadata: { name: 'r', namespace: 'shop' },
        rules: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch'] }],
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata: { name: 'r', namespace: 'shop' },
        roleRef: { kind: 'Role', name: 'r' },
        subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'shop' }],
      },
    ])
    const kube = await it.connect(it.simulator.api.kubeconfigFor('shop', 'robot'))
    await assert.rejects(
      kube.list(RESOURCES.Pod, { namespace: 'shop' }),
      (error) => error instanceof KubeError && error.status === 403,
    )
    const changed = await kube.patch<Deployment>(RESOURCES.Deployment, web, {
      type: 'merge',
      body: { spec: { paused: true } },
    })
    const mine = changed.metadata?.managedFields?.find(({ manager }) => manager === 'kubewise')
    assert.deepEqual(mine?.fieldsV1, { 'f:spec': { 'f:paused': {} } })
    const writes = it.simulator.audit().map(({ user, verb, resource, status }) => ({ user, verb, resource, status }))
    assert.deepEqual(writes, [
      { user: 'system:serviceaccount:shop:robot', verb: 'patch', resource: 'deployments', status: 200 },
    ])
  })

  it('refuses a manifest of a kind that it does not serve, or that is wrong', async () => {
    await using it = await cluster()
    const { apply } = it.simulator
    assert.throws(() => apply([{ apiVersion: 'v1', kind: 'Nothing' }]), /expected a kind that the simulator serves/)
    assert.throws(() => apply([{ ...NAMESPACE, nonsense: 1 }]), /unknown field "nonsense"/)
    assert.throws(() => apply([deployment('shop/web:1')]), /namespaces "shop" not found/)
  })

  it('leaves no port taken where it cannot start', async () => {
    await using it = await cluster()
    const taken = Number(new URL(it.simulator.prometheusUrl).port)
    await assert.rejects(createSimulator({ clock: scaledClock(FACTOR), prometheusPort: taken }))
  })
})
