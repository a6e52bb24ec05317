import assert from 'node:assert/strict'
import { apiUnderTest } from '../testing/api-under-test.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const merge = 'application/merge-patch+json'

describe('simulated API server', () => {
  it('dates its answers by its own clock, failures included', async () => {
    await using test = await apiUnderTest()
    await test.clock.advance(90_000)
    for (const path of ['/version', MAPS, `${MAPS}/absent`, '/nowhere']) {
      const { headers } = await test.ask('GET', path)
      assert.equal(headers.get('date'), 'Wed, 01 Jan 2025 00:01:30 GMT', path)
    }
  })

  it('knows who asks by token; without one it is the administrator, with an unknown one nobody', async () => {
    await using test = await apiUnderTest()
    const robot = test.api.tokenFor('default', 'robot')
    assert.equal((await test.ask('GET', MAPS)).status, 200)
    assert.equal((await test.ask('GET', MAPS, { token: robot })).status, 403)
    const unknown = await test.ask('GET', MAPS, { token: 'nonsense' })
    assert.deepEqual([unknown.status, unknown.body.reason], [401, 'Unauthorized'])
  })

  it('gives a token to a service account that asks as the API has it', async () => {
    await using test = await apiUnderTest()
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token'
    const { body } = await test.ask('POST', path, { body: { spec: { expirationSeconds: 600 } } })
    const token = String(body.status?.['token'])
    const refused = await test.ask('GET', MAPS, { token })
    assert.match(
      refused.body.message ?? '',
      /User "system:serviceaccount:default:default" cannot list resource "configmaps"/,
    )
  })

  it('lets only those act as others who may', async () => {
    await using test = await apiUnderTest()
    const token = test.api.tokenFor('default', 'robot')
    const headers = { 'Impersonate-User': 'kubernetes-admin' }
    const refused = await test.ask('GET', MAPS, { token, headers })
    assert.match(refused.body.message ?? '', /cannot impersonate resource "users"/)
    assert.equal((await test.ask('GET', MAPS, { headers })).status, 403, 'the name alone gives no group')
    const asMaster = { ...headers, 'Impersonate-Group': 'system:masters' }
    assert.equal((await test.ask('GET', MAPS, { headers: asMaster })).status, 200)
  })

  it('notes every write that was tried, and no read', async () => {
    await using test = await apiUnderTest()
    await test.ask('POST', MAPS, { body: { metadata: { name: 'a' } } })
    await test.ask('POST', `${MAPS}?dryRun=All`, { body: { metadata: { name: 'b' } } })
    await test.ask('PATCH', `${MAPS}/absent`, { contentType: merge, body: { data: {} } })
    await test.ask('DELETE', `${MAPS}/a`, { token: test.api.tokenFor('default', 'robot') })
    await test.ask('GET', MAPS)
    await test.ask('POST', MAPS, { body: '{"broken' })
    const seen = test.api.audit().map(({ user, verb, name, isDryRun, status }) => [user, verb, name, isDryRun, status])
    assert.deepEqual(seen, [
      ['kubernetes-admin', 'create', undefined, false, 201],
      ['kubernetes-admin', 'create', undefined, true, 201],
      ['kubernetes-admin', 'patch', 'absent', false, 404],
      ['system:serviceaccount:default:robot', 'delete', 'a', false, 403],
      ['kubernetes-admin', 'create', undefined, false, 400],
    ])
    assert.deepEqual(test.api.audit()[2]?.body, { data: {} })
  })

  it('refuses a body that is too large', async () => {
    await using test = await apiUnderTest()
    const body = { metadata: { name: 'a' }, data: { a: 'x'.repeat(4_000_000) } }
    assert.equal((await test.ask('POST', MAPS, { body })).status, 413)
  })

  it('changes nothing in a dry run, of whatever verb', async () => {
    await using test = await apiUnderTest()
    const deployments = '/apis/apps/v1/namespaces/default/deployments'
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } }
    const deployment = {
      metadata: { name: 'web' },
      spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, template },
    }
    await test.create(deployments, deployment)
    const before = test.etcd.resourceVersion()
    const ask = (method: string, path: string, body?: unknown, contentType?: string) =>
      test.ask(method, `${deployments}${path}?dryRun=All&fieldManager=t`, {
        body,
        ...(contentType === undefined ? {} : { contentType }),
      })
    const statuses = [
      await ask('POST', '', { ...deployment, metadata: { name: 'other' } }),
      await ask('PUT', '/web', deployment),
      await ask('PATCH', '/web', { spec: { replicas: 5 } }, merge),
      await ask('PATCH', '/web', [{ op: 'replace', path: '/spec/replicas', value: 5 }], 'application/json-patch+json'),
      await ask('PATCH', '/web', { spec: { replicas: 5 } }, 'application/strategic-merge-patch+json'),
      await ask(
        'PATCH',
        '/web',
        { apiVersion: 'apps/v1', kind: 'Deployment', spec: { paused: true } },
        'application/apply-patch+yaml',
      ),
      await ask('PATCH', '/web/scale', { spec: { replicas: 5 } }, merge),
      await ask('DELETE', '/web'),
      await ask('DELETE', ''),
    ].map(({ status }) => status)
    assert.deepEqual(statuses, [201, 200, 200, 200, 200, 200, 200, 200, 200])
    assert.equal(test.etcd.resourceVersion(), before)
  })

  it('lets one of two writers win who read the same version', async () => {
    await using test = await apiUnderTest()
    const created = await test.create(MAPS, { metadata: { name: 'a' } })
    const { resourceVersion } = created.metadata ?? {}
    const write = (a: string) =>
      test.ask('PUT', `${MAPS}/a`, { body: { metadata: { name: 'a', resourceVersion }, data: { a } } })
    const statuses = (await Promise.all([write('1'), write('2'), write('3')])).map(({ status }) => status)
    assert.deepEqual(statuses.sort(), [200, 409, 409])
  })

  it('reads YAML where it is said to be', async () => {
    await using test = await apiUnderTest()
    const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "1"}\n'
    const applied = await test.ask('PATCH', `${MAPS}/a?fieldManager=t`, {
      contentType: 'application/apply-patch+yaml',
      body,
    })
    assert.deepEqual([applied.status, applied.body.data], [201, { x: '1' }])
    const broken = await test.ask('PATCH', `${MAPS}/a?fieldManager=t`, {
      contentType: 'application/apply-patch+yaml',
      body: 'a: [',
    })
    assert.equal(broken.status, 400)
  })
})
