import assert from 'node:assert/strict'
import { RESOURCES, type Pod, type PodDisruptionBudget } from '@kubewise/kube'
import { apiUnderTest, type ApiUnderTest } from '../testing/api-under-test.ts'

const PODS = '/api/v1/namespaces/default/pods'
const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'

interface PodState {
  isReady?: boolean
  phase?: string
}

async function pod(
  { create, ask }: ApiUnderTest,
  name: string,
  { isReady = true, phase = 'Running' }: PodState = {},
): Promise<string> {
  const spec = { nodeName: 'node-1', containers: [{ name: 'app', image: 'i:1' }] }
  const created = await create(PODS, { metadata: { name, labels: { app: 'web' } }, spec })
  const status = { phase, conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] }
  await ask('PATCH', `${PODS}/${name}/status`, { contentType: 'application/merge-patch+json', body: { status } })
  return created.metadata?.uid ?? ''
}

async function budget({ create, ask }: ApiUnderTest, name: string, status: object, spec: object = {}): Promise<void> {
  await create(BUDGETS, {
    metadata: { name },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } }, ...spec },
  })
  await ask('PATCH', `${BUDGETS}/${name}/status`, { contentType: 'application/merge-patch+json', body: { status } })
}

function evict({ ask }: ApiUnderTest, name: string, deleteOptions: object = {}, query = '') {
  return ask('POST', `${PODS}/${name}/eviction${query}`, {
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, deleteOptions },
  })
}

function stored({ etcd }: ApiUnderTest, name: string): Pod | undefined {
  return etcd.get<Pod>(RESOURCES.Pod, 'default', name)
}

const NONE = { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 }
const ONE = { observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 }

describe('eviction', () => {
  it('gives a pod its time to end, and says why it goes', async () => {
    await using test = await apiUnderTest()
    await pod(test, 'a')
    assert.equal((await evict(test, 'a')).status, 201)
    const { metadata, status } = stored(test, 'a') ?? {}
    assert.equal(metadata?.deletionGracePeriodSeconds, 30)
    assert.ok(
      status?.conditions?.some(({ type, reason }) => type === 'DisruptionTarget' && reason === 'EvictionByEvictionAPI'),
    )
  })

  it('is refused by a budget that allows nothing, and then changes nothing', async () => {
    await using test = await apiUnderTest()
    await pod(test, 'a')
    await budget(test, 'b', NONE)
    const { status, body } = await evict(test, 'a')
    assert.deepEqual([status, body.reason], [429, 'TooManyRequests'])
    assert.deepEqual(body.details?.causes, [
      { reason: 'DisruptionBudget', message: 'The disruption budget b needs 1 healthy pods and has 1 currently' },
    ])
    assert.equal(stored(test, 'a')?.metadata?.deletionTimestamp, undefined)
  })

  it('says when to come again where the budget is not counted yet', async () => {
    await using test = await apiUnderTest()
    await pod(test, 'a')
    await budget(test, 'b', {})
    const { status, headers, body } = await evict(test, 'a')
    assert.deepEqual([status, headers.get('retry-after')], [429, '10'])
    assert.match(body.details?.causes?.[0]?.message ?? '', /still being processed/)
  })

  it('spends what the budget allows: the second of two waits for the count', async () => {
    await using test = await apiUnderTest()
    await pod(test, 'a')
    await pod(test, 'b')
    await budget(test, 'two', ONE)
    assert.equal((await evict(test, 'a', { dryRun: ['All'] }, '?dryRun=All')).status, 201)
    assert.deepEqual([(await evict(test, 'a')).status, (await evict(test, 'b')).status], [201, 429])
    const { status } = test.etcd.get<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, 'default', 'two') ?? {}
    assert.deepEqual(Object.keys(status?.disruptedPods ?? {}), ['a'])
  })

  it('cannot choose between two budgets', async () => {
    await using test = await apiUnderTest()
    await pod(test, 'a')
    await budget(test, 'b', ONE)
    await budget(test, 'c', ONE)
    const { status, body } = await evict(test, 'a')
    assert.equal(status, 500)
    assert.match(body.message ?? '', /more than one PodDisruptionBudget/)
  })

  for (const [say, state, isAllowed] of [
    ['a pod that has ended', { phase: 'Failed' }, true],
    ['a pod that has not begun', { phase: 'Pending' }, true],
    ['a pod that is not ready, while others are too few', { isReady: false }, false],
  ] as const) {
    it(`${isAllowed ? 'needs no budget for' : 'needs the budget for'} ${say}`, async () => {
      await using test = await apiUnderTest()
      await pod(test, 'a', state)
      await budget(test, 'b', { ...NONE, currentHealthy: 0 })
      assert.equal((await evict(test, 'a')).status, isAllowed ? 201 : 429)
    })
  }

  it('lets an unready pod go where enough others are healthy, or where the budget always does', async () => {
    await using test = await apiUnderTest()
    await pod(test, 'a', { isReady: false })
    await budget(test, 'b', NONE)
    assert.equal((await evict(test, 'a')).status, 201)
    await pod(test, 'c', { isReady: false })
    await test.ask('DELETE', `${BUDGETS}/b`)
    await budget(test, 'd', { ...NONE, currentHealthy: 0 }, { unhealthyPodEvictionPolicy: 'AlwaysAllow' })
    assert.equal((await evict(test, 'c')).status, 201)
  })

  it('is for the pod of that uid alone', async () => {
    await using test = await apiUnderTest()
    const uid = await pod(test, 'a')
    const other = await evict(test, 'a', { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } })
    assert.deepEqual([other.status, other.body.reason], [409, 'Conflict'])
    assert.equal((await evict(test, 'a', { preconditions: { uid } })).status, 201)
  })

  it('spends nothing on a pod of another uid', async () => {
    await using test = await apiUnderTest()
    await pod(test, 'a')
    await budget(test, 'b', ONE)
    await evict(test, 'a', { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } })
    const { status } = test.etcd.get<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, 'default', 'b') ?? {}
    assert.equal(status?.disruptionsAllowed, 0, 'the real server spends before it looks at the uid, too')
  })
})
