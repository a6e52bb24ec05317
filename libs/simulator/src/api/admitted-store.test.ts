import assert from 'node:assert/strict'
import { RESOURCES, type Pod } from '@kubewise/kube'
import { ApiStatus } from '../objects/api-status.ts'
import { apiUnderTest } from './testing/api-under-test.ts'

function pod(name: string, rest: Partial<Pod['spec']> = {}): Pod {
  return { metadata: { name, namespace: 'default' }, spec: { containers: [{ name: 'app', image: 'i:1' }], ...rest } }
}

function isStatus(code: number) {
  return (error: unknown) => error instanceof ApiStatus && error.code === code
}

describe('store as controllers see it', () => {
  it('gives what they create the defaults of the server', async () => {
    await using test = await apiUnderTest()
    const { spec, status } = test.api.objects.create<Pod>(RESOURCES.Pod, pod('a'), 'replicaset-controller')
    assert.equal(spec?.restartPolicy, 'Always')
    assert.equal(spec?.containers[0]?.imagePullPolicy, 'IfNotPresent')
    assert.equal(spec?.serviceAccountName, 'default')
    assert.equal(status?.phase, 'Pending')
  })

  it('stops them where a quota does', async () => {
    await using test = await apiUnderTest()
    await test.create('/api/v1/namespaces/default/resourcequotas', {
      metadata: { name: 'q' },
      spec: { hard: { pods: '1' } },
    })
    test.api.objects.create(RESOURCES.Pod, pod('a'), 'replicaset-controller')
    assert.throws(() => test.api.objects.create(RESOURCES.Pod, pod('b'), 'replicaset-controller'), isStatus(403))
  })

  it('refuses what the server would refuse', async () => {
    await using test = await apiUnderTest()
    assert.throws(() => test.api.objects.create(RESOURCES.Pod, pod('a', { containers: [] }), 'x'), isStatus(422))
    test.api.objects.create(RESOURCES.Pod, pod('a'), 'x')
    assert.throws(() => test.api.objects.create(RESOURCES.Pod, pod('a'), 'x'), isStatus(409))
  })
})
