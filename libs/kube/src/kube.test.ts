import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { VirtualClock } from '@kubewise/testkit'
import * as fc from 'fast-check'
import { json, kubeconfigFor, openTestKube, pod, portOf, scriptedServer, status } from './api-server.test-data.ts'
import { KubeError, type KubeErrorKind } from './errors.ts'
import type { Patch } from './port.ts'
import { RESOURCES } from './resources.ts'
import { connectKube } from './kube.ts'
import { systemClock } from '@kubewise/service'
import { silentLog } from '@kubewise/testkit'

const REF = { namespace: 'shop', name: 'web' }
const MERGE: Patch = { type: 'merge', body: { spec: { replicas: 2 } } }

async function failure(promise: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await promise.then(
    () => assert.fail('expected a KubeError'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof KubeError, String(error))
  return error
}

describe('Kube requests', () => {
  describe('answers that refuse', () => {
    const cases: [code: number, reason: string, kind: KubeErrorKind, isUnknownForWrites: boolean][] = [
      [400, 'BadRequest', 'invalid', false],
      [401, 'Unauthorized', 'unauthorized', false],
      [403, 'Forbidden', 'forbidden', false],
      [404, 'NotFound', 'not-found', false],
      [405, 'MethodNotAllowed', 'invalid', false],
      [409, 'Conflict', 'conflict', false],
      [409, 'AlreadyExists', 'already-exists', false],
      [410, 'Expired', 'gone', false],
      [415, 'UnsupportedMediaType', 'invalid', false],
      [422, 'Invalid', 'invalid', false],
      [429, 'TooManyRequests', 'too-many-requests', false],
      [500, 'InternalError', 'unavailable', true],
      [502, 'BadGateway', 'unavailable', true],
      [503, 'ServiceUnavailable', 'unavailable', true],
      [504, 'Timeout', 'timeout', true],
    ]
    for (const [code, reason, kind, isUnknown] of cases) {
      it(`${code} ${reason} is ${kind}${isUnknown ? ', with unknown outcome for a write' : ''}`, async () => {
        await using server = await scriptedServer((response) => json(response, code, status(code, reason)))
        const kube = server.kube()
        const written = await failure(kube.patch(RESOURCES.Deployment, REF, MERGE))
        assert.deepEqual(
          [written.kind, written.status, written.reason, written.isOutcomeUnknown],
          [kind, code, reason, isUnknown],
        )
        assert.match(written.message, /PATCH .*deployments\/web.*refused/)
        const read = await failure(kube.list(RESOURCES.Pod))
        assert.deepEqual([read.kind, read.isOutcomeUnknown], [kind, false])
        const dry = await failure(kube.patch(RESOURCES.Deployment, REF, MERGE, { isDryRun: true }))
        assert.equal(dry.isOutcomeUnknown, false, 'a dry run has no outcome')
      })
    }

    it('gives undefined for a get that is not found', async () => {
      await using server = await scriptedServer()
      assert.equal(await server.kube().get(RESOURCES.Pod, REF), undefined)
    })

    it("does not believe a 404 that is not the API server's own", async () => {
      await using server = await scriptedServer((response) => void response.writeHead(404).end('no such page'))
      assert.equal((await failure(server.kube().get(RESOURCES.Pod, REF))).kind, 'not-found')
    })

    it('sends nothing twice', async () => {
      await using server = await scriptedServer((response) => json(response, 503, status(503, 'ServiceUnavailable')))
      const kube = server.kube()
      await failure(kube.patch(RESOURCES.Deployment, REF, MERGE))
      await failure(kube.list(RESOURCES.Pod))
      assert.equal(server.received.length, 2)
    })

    it('reads Retry-After in seconds, as a date, and from the Status', async () => {
      const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000)
      await using server = await scriptedServer()
      const kube = server.kube()
      const retryAfterMs = async (headers: Record<string, string>, details?: object) => {
        server.answer((response) => json(response, 429, status(429, 'TooManyRequests', 'slow down', details), headers))
        return (await failure(kube.evict(REF, 'uid'))).retryAfterMs
      }
      assert.equal(await retryAfterMs({ 'Retry-After': '7' }), 7_000)
      assert.equal(await retryAfterMs({}, { retryAfterSeconds: 3 }), 3_000)
      const byDate = (await retryAfterMs({ 'Retry-After': date.toUTCString() })) ?? 0
      assert.ok(byDate > 50_000 && byDate <= 62_000, String(byDate))
      assert.equal(await retryAfterMs({ 'Retry-After': 'soon' }), undefined)
    })

    it('survives a Status that is none', async () => {
      const bodies = ['', '<html>bad gateway</html>', '[]', 'null', '{"reason":5,"message":{}}', '{"message":"x']
      for (const body of bodies) {
        await using server = await scriptedServer((response) => void response.writeHead(403).end(body))
        const error = await failure(server.kube().list(RESOURCES.Pod))
        assert.deepEqual([error.kind, error.reason], ['forbidden', 'Http403'], body)
      }
    })

    it('strips control characters from what the server says, and bounds it', async () => {
      const message = `\u001b[31mred\nline\u0000${'x'.repeat(100_000)}`
      await using server = await scriptedServer((response) => json(response, 422, status(422, 'Invalid', message)))
      const error = await failure(server.kube().list(RESOURCES.Pod))
      assert.match(error.message, / \[31mred line x/)
      assert.ok(error.message.length < 2_200)
    })

    it('does not follow a redirect', async () => {
      await using server = await scriptedServer(
        (response) => void response.writeHead(302, { Location: 'http://127.0.0.1:1/login' }).end(),
      )
      assert.equal((await failure(server.kube().list(RESOURCES.Pod))).kind, 'malformed')
    })
  })

  describe('answers that are broken', () => {
    const broken: [what: string, body: string | Buffer, headers?: Record<string, string>][] = [
      ['HTML', '<html>login</html>'],
      ['nothing', ''],
      ['truncated JSON', '{"metadata":{"name":"web"'],
      ['a JSON array', '[]'],
      ['an object without metadata', '{"kind":"Pod"}'],
      ['garbage', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
      ['gzip that is none', 'not gzip', { 'Content-Encoding': 'gzip' }],
      ['gzip cut short', gzipSync('{"metadata":{"name":"web"}}').subarray(0, 25), { 'Content-Encoding': 'gzip' }],
      ['an encoding nobody asked for', 'x', { 'Content-Encoding': 'br' }],
      [
        'a gzip bomb',
        gzipSync(`{"metadata":{"name":"web"}}${' '.repeat(64 * 2 ** 20)}`),
        { 'Content-Encoding': 'gzip' },
      ],
      ['a huge body', `{"metadata":{"name":"web"}}${' '.repeat(9 * 2 ** 20)}`],
    ]
    for (const [what, body, headers = {}] of broken) {
      it(`${what} is malformed, and unknown for a write`, async () => {
        await using server = await scriptedServer((response) => void response.writeHead(200, headers).end(body))
        const kube = server.kube()
        const read = await failure(kube.get(RESOURCES.Pod, REF))
        assert.deepEqual([read.kind, read.isOutcomeUnknown], ['malformed', false])
        const written = await failure(kube.patch(RESOURCES.Deployment, REF, MERGE))
        assert.equal(written.kind, 'malformed')
        assert.equal(written.isOutcomeUnknown, true)
        assert.doesNotMatch(written.message, /login|not gzip/, 'what came is not quoted')
      })
    }

    it('takes any bytes as an answer without crashing', async () => {
      await using server = await scriptedServer()
      const kube = server.kube()
      await fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ maxLength: 300, size: 'max' }),
          fc.constantFrom(200, 201, 400, 409, 410, 500),
          async (bytes, code) => {
            server.answer((response) => void response.writeHead(code).end(Buffer.from(bytes)))
            const outcome = await kube.get(RESOURCES.Pod, REF).catch((error: unknown) => error)
            assert.ok(outcome === undefined || outcome instanceof KubeError)
          },
        ),
        { numRuns: 150 },
      )
    })

    const badLists: [what: string, body: unknown][] = [
      ['items that are no list', { metadata: { resourceVersion: '1' }, items: {} }],
      ['no resourceVersion', { metadata: {}, items: [] }],
      ['an item without a name', { metadata: { resourceVersion: '1' }, items: [{ metadata: {} }] }],
      ['an item that is null', { metadata: { resourceVersion: '1' }, items: [null] }],
      ['pages without end', { metadata: { resourceVersion: '1', continue: 'same' }, items: [] }],
    ]
    for (const [what, body] of badLists) {
      it(`a list with ${what} is malformed`, async () => {
        await using server = await scriptedServer((response) => json(response, 200, body))
        assert.equal((await failure(server.kube().list(RESOURCES.Pod))).kind, 'malformed')
      })
    }
  })

  describe('connections that fail', () => {
    it('refused: unreachable, and certainly not written', async () => {
      await using server = await scriptedServer()
      const kube = server.kube()
      await server.stop()
      const error = await failure(kube.patch(RESOURCES.Deployment, REF, MERGE))
      assert.deepEqual([error.kind, error.reason, error.isOutcomeUnknown], ['unreachable', 'ECONNREFUSED', false])
      assert.match(error.message, /ECONNREFUSED/)
    })

    it('an address that does not resolve: unreachable, and certainly not written', async () => {
      const kube = openTestKube(kubeconfigFor('https://nowhere.invalid:6443'), systemClock)
      const error = await failure(kube.patch(RESOURCES.Deployment, REF, MERGE))
      assert.deepEqual([error.kind, error.isOutcomeUnknown], ['unreachable', false])
    })

    it('reset before an answer: unknown for a write', async () => {
      await using server = await scriptedServer((response) => response.socket?.resetAndDestroy())
      const error = await failure(server.kube().patch(RESOURCES.Deployment, REF, MERGE))
      assert.deepEqual([error.kind, error.isOutcomeUnknown], ['unreachable', true])
      assert.match(error.message, /may have taken effect/)
      assert.equal(server.received.length, 1, 'sent once')
    })

    it('reset in the middle of the body: unknown for a write', async () => {
      await using server = await scriptedServer((response) => {
        response.writeHead(200, { 'Content-Length': '1000' })
        response.write('{"metadata":', () => response.socket?.resetAndDestroy())
      })
      const kube = server.kube()
      assert.deepEqual((await failure(kube.list(RESOURCES.Pod))).kind, 'unreachable')
      const error = await failure(kube.patch(RESOURCES.Deployment, REF, MERGE))
      assert.deepEqual([error.kind, error.isOutcomeUnknown], ['unreachable', true])
    })

    it('no answer in time: timeout, unknown for a write and not for a dry run', async () => {
      await using server = await scriptedServer(() => undefined)
      const kube = server.kube({ timeoutMs: 50 })
      const error = await failure(kube.patch(RESOURCES.Deployment, REF, MERGE))
      assert.deepEqual([error.kind, error.reason, error.isOutcomeUnknown], ['timeout', 'Deadline', true])
      assert.match(error.message, /50 ms/)
      assert.equal(
        (await failure(kube.patch(RESOURCES.Deployment, REF, MERGE, { isDryRun: true }))).isOutcomeUnknown,
        false,
      )
    })

    it('a body that drips for ever: timeout', async () => {
      await using server = await scriptedServer((response) => {
        response.writeHead(200)
        const drip = setInterval(() => response.write(' '), 5)
        response.on('close', () => clearInterval(drip))
      })
      assert.equal((await failure(server.kube({ timeoutMs: 60 }).list(RESOURCES.Pod))).kind, 'timeout')
    })

    it('a server that accepts and says nothing (TLS never comes): timeout, certainly not written', async () => {
      const silent = createServer().listen(0, '127.0.0.1')
      await once(silent, 'listening')
      const kube = openTestKube(kubeconfigFor(`https://127.0.0.1:${portOf(silent)}`), systemClock, { timeoutMs: 50 })
      const error = await failure(kube.patch(RESOURCES.Deployment, REF, MERGE))
      silent.close()
      assert.deepEqual([error.kind, error.isOutcomeUnknown], ['timeout', false])
    })

    it('given up by the caller: unknown for a write that was sent', async () => {
      const controller = new AbortController()
      await using server = await scriptedServer(() => controller.abort(new Error('shutting down')))
      const error = await failure(server.kube().patch(RESOURCES.Deployment, REF, MERGE, { signal: controller.signal }))
      assert.deepEqual([error.kind, error.reason, error.isOutcomeUnknown], ['timeout', 'Aborted', true])
      const early = await failure(server.kube().evict(REF, 'uid', { signal: controller.signal }))
      assert.equal(early.isOutcomeUnknown, false)
      assert.equal(server.received.length, 1, 'nothing leaves after the abort')
    })

    it('a kept connection that the server closed meanwhile: a read is sent again, on a new one', async () => {
      await using server = await scriptedServer((response) => json(response, 200, { gitVersion: 'v1.34.0' }))
      const kube = server.kube()
      await kube.serverVersion()
      let cut = 1
      server.answer((response) => {
        if (cut-- > 0) response.socket?.resetAndDestroy()
        else json(response, 200, { gitVersion: 'v1.34.0' })
      })
      assert.equal(await kube.serverVersion(), 'v1.34.0')
      assert.equal(server.received.length, 3)
    })
  })

  describe('what is sent', () => {
    it('a patch in each of the four content types', async () => {
      await using server = await scriptedServer((response) => json(response, 200, pod('web', '2')))
      const kube = server.kube()
      const patches: [Patch, contentType: string, body: unknown][] = [
        [
          { type: 'json', operations: [{ op: 'test', path: '/a', value: 1 }] },
          'application/json-patch+json',
          [{ op: 'test', path: '/a', value: 1 }],
        ],
        [MERGE, 'application/merge-patch+json', MERGE.body],
        [{ type: 'strategic', body: { a: 1 } }, 'application/strategic-merge-patch+json', { a: 1 }],
        [{ type: 'apply', body: { a: 1 }, force: true }, 'application/apply-patch+yaml', { a: 1 }],
      ]
      for (const [patch, contentType, body] of patches) {
        await kube.patch(RESOURCES.Deployment, REF, patch, { isDryRun: true, subresource: 'scale' })
        const sent = server.received.at(-1)
        assert.equal(sent?.method, 'PATCH')
        assert.equal(sent.path, '/apis/apps/v1/namespaces/shop/deployments/web/scale')
        assert.equal(sent.headers['content-type'], contentType)
        assert.deepEqual(JSON.parse(sent.body), body)
        assert.equal(sent.query['fieldManager'], 'kubewise')
        assert.equal(sent.query['dryRun'], 'All')
        assert.equal(sent.query['force'], patch.type === 'apply' ? 'true' : undefined)
      }
      await kube.patch(RESOURCES.Deployment, REF, MERGE)
      assert.equal(server.received.at(-1)?.query['dryRun'], undefined)
    })

    it('an eviction and a delete, each guarded by the uid', async () => {
      await using server = await scriptedServer((response) =>
        json(response, 201, { kind: 'Status', status: 'Success' }),
      )
      const kube = server.kube()
      await kube.evict(REF, 'uid-1', { gracePeriodSeconds: 0 })
      const eviction = server.received.at(-1)
      assert.equal(eviction?.path, '/api/v1/namespaces/shop/pods/web/eviction')
      assert.deepEqual(JSON.parse(eviction.body), {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: REF,
        deleteOptions: { preconditions: { uid: 'uid-1' }, gracePeriodSeconds: 0 },
      })
      await kube.delete(RESOURCES.Pod, REF, 'uid-2', { isDryRun: true })
      const removal = server.received.at(-1)
      assert.equal(removal?.method, 'DELETE')
      assert.match(removal.body, /"dryRun":\["All"\]/, 'in the body: with one, the server does not read the query')
      assert.match(removal.body, /"preconditions":\{"uid":"uid-2"\}/)
    })

    it('a delete at once, and what it owns after it', async () => {
      await using server = await scriptedServer((response) =>
        json(response, 200, { kind: 'Status', status: 'Success' }),
      )
      await server.kube().delete(RESOURCES.Pod, REF, 'uid-2', { gracePeriodSeconds: 0 })
      assert.deepEqual(JSON.parse(server.received.at(-1)?.body ?? ''), {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: 'uid-2' },
        propagationPolicy: 'Background',
        gracePeriodSeconds: 0,
      })
    })

    it('asks discovery what the server knows', async () => {
      await using server = await scriptedServer((response, { path }) =>
        json(response, 200, path === '/api/v1' ? { resources: [{ name: 'pods' }, { name: 'pods/resize' }] } : {}),
      )
      const kube = server.kube()
      assert.equal(await kube.serves(RESOURCES.Pod, 'resize'), true)
      assert.equal(await kube.serves(RESOURCES.Pod, 'binding'), false)
      assert.equal((await failure(kube.serves(RESOURCES.Deployment, 'scale'))).kind, 'malformed')
    })

    it('reads what a kubelet measures, of a node of any name and of no other path', async () => {
      await using server = await scriptedServer((response, { path }) =>
        path === '/api/v1/nodes/node-1/proxy/stats/summary'
          ? json(response, 200, { node: {} })
          : json(response, 200, path.includes('list') ? [] : 'x'.repeat(9 * 2 ** 20)),
      )
      const kube = server.kube()
      assert.deepEqual(await kube.nodeSummary('node-1'), { node: {} })
      assert.equal((await failure(kube.nodeSummary('list'))).kind, 'malformed')
      assert.equal((await failure(kube.nodeSummary('long'))).reason, 'TooLarge')
      assert.equal((await failure(kube.nodeSummary('../../secrets'))).reason, 'BadName')
    })

    it('lists measurements, which have no version, as metrics-server answers', async () => {
      const items = [{ metadata: { name: 'node-1' }, usage: { cpu: '1' } }]
      await using server = await scriptedServer((response) => json(response, 200, { metadata: {}, items }))
      const listed = await server.kube().list(RESOURCES.NodeMetrics)
      assert.deepEqual([listed.items.length, listed.resourceVersion], [1, ''])
      assert.equal((await failure(server.kube().list(RESOURCES.Node))).reason, 'NotAList')
    })

    it('lists in pages, with selectors, and puts kind and apiVersion back', async () => {
      await using server = await scriptedServer((response, { query }) => {
        const next = { undefined: 'two', two: 'three', three: '' }[query['continue'] ?? 'undefined']
        json(response, 200, {
          metadata: { resourceVersion: '10', ...(next ? { continue: next } : {}) },
          items: [pod(`pod-${query['continue'] ?? 'one'}`, '5')],
        })
      })
      const { items, resourceVersion } = await server
        .kube()
        .list(RESOURCES.Pod, { namespace: 'shop', labelSelector: 'a=b' })
      assert.deepEqual(
        items.map(({ metadata }) => metadata?.name),
        ['pod-one', 'pod-two', 'pod-three'],
      )
      assert.deepEqual([resourceVersion, items[0]?.kind, items[0]?.apiVersion], ['10', 'Pod', 'v1'])
      for (const { query, path } of server.received) {
        assert.deepEqual([path, query['limit'], query['labelSelector']], ['/api/v1/namespaces/shop/pods', '500', 'a=b'])
      }
    })

    it('reads a list again in one piece when its version expires between two pages', async () => {
      await using server = await scriptedServer((response, { query }) => {
        if (query['continue']) return json(response, 410, status(410, 'Expired'))
        const isPaged = query['limit'] !== undefined
        return json(response, 200, {
          metadata: isPaged ? { resourceVersion: '10', continue: 'two' } : { resourceVersion: '20' },
          items: isPaged ? [pod('a', '1')] : [pod('a', '1'), pod('b', '2')],
        })
      })
      const { items, resourceVersion } = await server.kube().list(RESOURCES.Pod)
      assert.deepEqual([items.length, resourceVersion], [2, '20'])
    })

    it('a list unpacked from gzip, an empty one written as null', async () => {
      const body = gzipSync(JSON.stringify({ metadata: { resourceVersion: '3' }, items: null }))
      await using server = await scriptedServer((response, { headers }) => {
        assert.equal(headers['accept-encoding'], 'gzip')
        response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(body)
      })
      assert.deepEqual(await server.kube().list(RESOURCES.Pod), { items: [], resourceVersion: '3' })
    })

    it('a path below the server address, as proxies have it', async () => {
      await using server = await scriptedServer((response) => json(response, 200, { gitVersion: 'v1.34.0' }))
      await openTestKube(kubeconfigFor(`${server.url}/k8s/clusters/c-1/`), systemClock).serverVersion()
      assert.equal(server.received[0]?.path, '/k8s/clusters/c-1/version')
    })

    for (const name of ['', '.', '..', 'a/b', '../../secrets/x', 'a%2fb']) {
      it(`never a name that would walk to another resource: "${name}"`, async () => {
        await using server = await scriptedServer()
        const kube = server.kube()
        assert.equal((await failure(kube.get(RESOURCES.Pod, { namespace: 'shop', name }))).kind, 'invalid')
        assert.equal((await failure(kube.list(RESOURCES.Pod, { namespace: name }))).kind, 'invalid')
        assert.equal(server.received.length, 0)
      })
    }

    it('nothing about a namespaced object whose namespace is missing', async () => {
      await using server = await scriptedServer()
      assert.equal((await failure(server.kube().get(RESOURCES.Pod, { name: 'web' }))).kind, 'invalid')
      assert.equal((await failure(server.kube().create(RESOURCES.Pod, { metadata: { name: 'web' } }))).kind, 'invalid')
      assert.equal(server.received.length, 0)
    })

    it('an access question about another account, with the groups that its token would bring', async () => {
      await using server = await scriptedServer((response) => json(response, 201, { status: { allowed: true } }))
      const user = 'system:serviceaccount:kubewise:executor'
      const answer = await server.kube().canI({ verb: 'get', group: '', resource: 'nodes', user })
      assert.equal(answer.isAllowed, true)
      assert.match(server.received[0]?.path ?? '', /\/subjectaccessreviews$/)
      assert.deepEqual(JSON.parse(server.received[0]?.body ?? ''), {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          resourceAttributes: { verb: 'get', group: '', resource: 'nodes' },
          user,
          groups: ['system:serviceaccounts', 'system:serviceaccounts:kubewise', 'system:authenticated'],
        },
      })
    })

    it('an access question, and reads the verdict with its reason', async () => {
      await using server = await scriptedServer((response) =>
        json(response, 201, { status: { allowed: false, reason: 'no RBAC policy matched' } }),
      )
      const kube = server.kube()
      const answer = await kube.canI({ verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'shop' })
      assert.deepEqual(answer, { isAllowed: false, reason: 'no RBAC policy matched' })
      assert.deepEqual(JSON.parse(server.received[0]?.body ?? ''), {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'shop' } },
      })
      server.answer((response) => json(response, 201, { status: {} }))
      assert.equal((await failure(kube.canI({ verb: 'get', group: '', resource: 'pods' }))).kind, 'malformed')
    })
  })

  describe('the clocks', () => {
    it('tells how far ours is ahead of the server, by its Date', async () => {
      const clock = new VirtualClock(Date.parse('2025-06-01T12:00:30.500Z'))
      await using server = await scriptedServer()
      const kube = server.kube({ clock })
      assert.equal(kube.clockSkewMs(), undefined)
      const skewAt = async (date: string) => {
        server.answer((response) => json(response, 200, { gitVersion: 'v1' }, { Date: date }))
        await kube.serverVersion()
        return kube.clockSkewMs()
      }
      assert.equal(await skewAt('Sun, 01 Jun 2025 12:00:30 GMT'), 0)
      assert.equal(await skewAt('Sun, 01 Jun 2025 12:00:20 GMT'), 9_501)
      assert.equal(await skewAt('Sun, 01 Jun 2025 12:01:30 GMT'), -59_500)
      assert.equal(await skewAt('yesterday'), -59_500, 'a Date that is none changes nothing')
    })
  })

  describe('connect', () => {
    const connect = (kubeconfig: string) =>
      connectKube({ kubeconfig, fieldManager: 'kubewise', clock: systemClock, log: silentLog, timeoutMs: 1_000 })

    it('asks for the version', async () => {
      await using server = await scriptedServer((response) => json(response, 200, { gitVersion: 'v1.34.0' }))
      assert.equal(await (await connect(server.kubeconfig())).serverVersion(), 'v1.34.0')
    })

    it('accepts a server that keeps its version to itself', async () => {
      await using server = await scriptedServer((response) => json(response, 403, status(403, 'Forbidden')))
      await connect(server.kubeconfig())
    })

    it('fails when something else answers there, nobody does, or we are unknown', async () => {
      await using server = await scriptedServer((response) => void response.end('<html>hello</html>'))
      assert.equal((await failure(connect(server.kubeconfig()))).kind, 'malformed')
      server.answer((response) => json(response, 401, status(401, 'Unauthorized')))
      assert.equal((await failure(connect(server.kubeconfig()))).kind, 'unauthorized')
      await server.stop()
      assert.equal((await failure(connect(server.kubeconfig()))).kind, 'unreachable')
    })
  })
})
