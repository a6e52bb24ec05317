import assert from 'node:assert/strict'
import { circuitsBy } from '@kubewise/service'
import { eventually, testKit } from '@kubewise/testkit'
import { json, pod, scriptedServer, status, type Answer, type ScriptedServer } from './api-server.test-data.ts'
import { KubeError, type KubeErrorKind } from './errors.ts'
import { guardKube, isCircuitOpen } from './guard.ts'
import { createEventRecorder } from './recorder.ts'
import { RESOURCES } from './resources.ts'
import type { Kube, Patch } from './port.ts'

const REF = { namespace: 'shop', name: 'web' }
const MERGE: Patch = { type: 'merge', body: { spec: { replicas: 2 } } }
const THRESHOLD = 5

const refusing =
  (code: number, reason: string): Answer =>
  (response) =>
    json(response, code, status(code, reason))
const well: Answer = (response, { query, method }) =>
  json(
    response,
    200,
    method === 'GET' && !query['watch'] ? { ...pod('web', '1'), kind: 'Deployment' } : pod('web', '1'),
  )

const read = (kube: Kube) => kube.get(RESOURCES.Deployment, REF)
const write = (kube: Kube) => kube.patch(RESOURCES.Deployment, REF, MERGE)

/** The real client of a real server, behind its circuits. */
function behind(server: ScriptedServer, { openSeconds = 60, timeoutMs = 5000 } = {}) {
  const kit = testKit()
  const config = { CIRCUIT_OPEN_TIMEOUT: openSeconds, ERROR_THRESHOLD: THRESHOLD, HALF_OPEN_MAX_CALLS: 1 }
  const kube = guardKube(server.kube({ timeoutMs }), circuitsBy(config, kit))
  const state = async (target: string) =>
    new RegExp(`kubewise_breaker_state\\{target="${target}"\\} (\\d)`).exec(await kit.metrics.registry.metrics())?.[1]
  return { kit, kube, state }
}

async function failure(promise: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await promise.then(
    () => assert.fail('expected a KubeError'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof KubeError, String(error))
  return error
}

async function failures(times: number, call: () => Promise<unknown>): Promise<KubeError[]> {
  const errors: KubeError[] = []
  for (let time = 0; time < times; time++) errors.push(await failure(call()))
  return errors
}

describe('the circuits before the Kubernetes API', () => {
  const ways: [string, target: string, call: (kube: Kube) => Promise<unknown>][] = [
    ['reads', 'kubernetes', read],
    ['writes', 'kubernetes-writes', write],
  ]
  for (const [way, target, call] of ways)
    it(`for ${way} opens when they fail, asks no more, tries once, and closes`, async () => {
      await using server = await scriptedServer(refusing(503, 'ServiceUnavailable'))
      const { kube, kit, state } = behind(server, { openSeconds: 0.1 })
      assert.equal(await state(target), '0')
      await failures(THRESHOLD, () => call(kube))
      assert.equal(await state(target), '1')
      assert.match(kit.health.report().checks[`circuit to ${target}`]?.say ?? '', /^open: .*503/)
      const asked = server.received.length
      const refused = await failure(call(kube))
      assert.equal(server.received.length, asked, 'nothing was sent')
      assert.deepEqual([refused.kind, refused.isOutcomeUnknown, isCircuitOpen(refused)], ['unreachable', false, true])
      assert.ok((refused.retryAfterMs ?? 0) > 0)

      await eventually(async () => (await state(target)) === '2')
      await failure(call(kube))
      assert.equal(server.received.length, asked + 1, 'one was let through')
      server.answer(well)
      await eventually(async () => (await state(target)) === '2')
      await call(kube)
      assert.equal(await state(target), '0')
      assert.equal(kit.health.report().status, 'ok')
    })

  it('opens on a server that hangs; what was sent and not answered is unknown, what was refused is not', async () => {
    await using server = await scriptedServer(() => undefined)
    const { kube } = behind(server, { timeoutMs: 1000 })
    const hung = await Promise.all(Array.from({ length: THRESHOLD }, () => failure(write(kube))))
    for (const error of hung) assert.deepEqual([error.kind, error.isOutcomeUnknown], ['timeout', true])
    const refused = await failure(write(kube))
    assert.deepEqual([isCircuitOpen(refused), refused.isOutcomeUnknown], [true, false])
    assert.equal(server.received.length, THRESHOLD)
  })

  it('opens on a server that is gone', async () => {
    await using server = await scriptedServer()
    const { kube } = behind(server)
    await server.stop()
    await failures(THRESHOLD, () => read(kube))
    assert.ok(isCircuitOpen(await failure(read(kube))))
  })

  it('writes that fail leave reads alone, and reads that fail writes', async () => {
    await using server = await scriptedServer((response, request) =>
      (request.method === 'GET' ? well : refusing(500, 'InternalError'))(response, request),
    )
    const first = behind(server)
    await failures(THRESHOLD, () => write(first.kube))
    assert.ok(isCircuitOpen(await failure(write(first.kube))))
    assert.equal((await read(first.kube))?.metadata?.name, 'web')

    server.answer((response, request) =>
      (request.method === 'GET' ? refusing(500, 'InternalError') : well)(response, request),
    )
    const second = behind(server)
    await failures(THRESHOLD, () => read(second.kube))
    assert.ok(isCircuitOpen(await failure(read(second.kube))))
    assert.equal((await write(second.kube)).metadata?.name, 'web')
  })

  const byDesign: [code: number, reason: string, kind: KubeErrorKind][] = [
    [401, 'Unauthorized', 'unauthorized'],
    [403, 'Forbidden', 'forbidden'],
    [404, 'NotFound', 'not-found'],
    [409, 'Conflict', 'conflict'],
    [409, 'AlreadyExists', 'already-exists'],
    [410, 'Expired', 'gone'],
    [422, 'Invalid', 'invalid'],
    [429, 'TooManyRequests', 'too-many-requests'],
  ]
  for (const [code, reason, kind] of byDesign)
    it(`a storm of ${code} ${reason} opens none`, async () => {
      await using server = await scriptedServer(refusing(code, reason))
      const { kube, kit } = behind(server)
      const storm = 3 * THRESHOLD
      const errors = [
        ...(await failures(storm, () => write(kube))),
        ...(await failures(storm, () => kube.evict(REF, 'uid'))),
        ...(await failures(storm, () => kube.list(RESOURCES.Pod))),
      ]
      for (const error of errors) assert.equal(error.kind, kind)
      assert.ok(server.received.length >= errors.length)
      assert.equal(kit.health.report().status, 'ok')
    })

  it('a caller that gives up tells nothing: it opens none, and closes none', async () => {
    await using server = await scriptedServer(() => undefined)
    const { kube, state } = behind(server, { openSeconds: 0.05 })
    const givenUp = () => kube.get(RESOURCES.Deployment, REF, AbortSignal.timeout(1))
    for (const error of await failures(2 * THRESHOLD, givenUp)) assert.equal(error.reason, 'Aborted')
    assert.equal(await state('kubernetes'), '0')
    server.answer(refusing(503, 'ServiceUnavailable'))
    await failures(3 * THRESHOLD, () => read(kube))
    await eventually(async () => (await state('kubernetes')) === '2')
    server.answer(() => undefined)
    assert.equal((await failure(givenUp())).reason, 'Aborted')
    assert.notEqual(await state('kubernetes'), '0')
  })

  it('list-and-watch stands before them: a watch counts as no call, and an open circuit ends none', async () => {
    await using server = await scriptedServer((response, { query }) => {
      if (query['watch'] !== undefined) return response.writeHead(200).flushHeaders()
      json(response, 200, { kind: 'PodList', metadata: { resourceVersion: '1' }, items: [] })
    })
    const { kube } = behind(server, { timeoutMs: 200 })
    const replaced: string[] = []
    const reflector = kube.reflect(
      RESOURCES.Pod,
      {},
      {
        onReplace: (_items, resourceVersion) => void replaced.push(resourceVersion),
        onUpsert: () => undefined,
        onDelete: () => undefined,
      },
    )
    await reflector.synced
    server.answer((response, request) =>
      request.query['watch'] === undefined && request.query['limit'] !== undefined
        ? json(response, 200, { kind: 'PodList', metadata: { resourceVersion: '2' }, items: [] })
        : refusing(500, 'InternalError')(response, request),
    )
    await failures(THRESHOLD, () => read(kube))
    assert.ok(isCircuitOpen(await failure(read(kube))))
    const again = kube.reflect(
      RESOURCES.Pod,
      {},
      {
        onReplace: () => undefined,
        onUpsert: () => undefined,
        onDelete: () => undefined,
      },
    )
    await again.synced
    await Promise.all([reflector.stop(), again.stop()])
  })

  it('a note that cannot be written is told so, and throws nothing', async () => {
    await using server = await scriptedServer(refusing(500, 'InternalError'))
    const { kube, kit } = behind(server)
    await failures(THRESHOLD, () => write(kube))
    const recorder = createEventRecorder({ ...kit, kube, reportingInstance: 'test' })
    const regarding = { apiVersion: 'apps/v1', kind: 'Deployment', ...REF }
    const outcome = await recorder.record({
      type: 'Normal',
      reason: 'Remediated',
      action: 'Rollback',
      note: 'x',
      regarding,
    })
    assert.notEqual(outcome, 'written')
    assert.equal(server.received.length, THRESHOLD)
  })

  it('say nothing of the API server when what it passes on to fails: a kubelet, metrics-server', async () => {
    await using server = await scriptedServer((response, seen) =>
      /proxy|metrics/.test(seen.path) ? refusing(503, 'ServiceUnavailable')(response, seen) : well(response, seen),
    )
    const { kube, state } = behind(server)
    await failures(2 * THRESHOLD, () => kube.nodeSummary('node-1'))
    await failures(2 * THRESHOLD, () => kube.list(RESOURCES.NodeMetrics))
    await failures(2 * THRESHOLD, () => kube.list(RESOURCES.PodMetrics))
    await read(kube)
    assert.equal(await state('kubernetes'), '0')
  })
})
