import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectBus, type Bus } from '@kubewise/bus'
import {
  BUCKETS,
  COLLECTIONS,
  decodeOutsideAlert,
  decodePlanHint,
  decodeQuestion,
  idOf,
  planHash,
  STREAMS,
  subjects,
  type Execution,
  type Plan,
} from '@kubewise/contracts'
import { systemClock } from '@kubewise/service'
import { createSimulator } from '@kubewise/simulator'
import { openStore, StoreError, type Store } from '@kubewise/store'
import { eventually, findNats, skipWithout, startNats, temporaryFolder, testKit } from '@kubewise/testkit'
import { createApi, ROUTES } from './app.ts'
import { readConfig, type Config } from './config.ts'

const web = { cluster: 'test', kind: 'Deployment', namespace: 'shop', name: 'web' }
const TOKENS = { viewer: 'v'.repeat(20), operator: 'o'.repeat(20), approver: 'a'.repeat(20), admin: 'x'.repeat(20) }

function planOf(changes: Partial<Plan> = {}): Omit<Plan, 'version'> {
  const body = {
    cluster: 'test',
    incident: 'i1',
    attempt: 1,
    target: web,
    origin: { kind: 'playbook' as const, name: 'p', hash: 'h' },
    cause: 'bad-rollout',
    reasoning: 'because',
    cites: [],
    confidence: { value: 1, parts: {} },
    risk: 'medium' as const,
    impact: { pods: 1, readyPodsTaken: 0, readyShare: 0, restarts: true },
    steps: [
      {
        id: 's',
        action: 'rollback@1',
        object: web,
        with: { toRevision: 1 },
        needs: [],
        timeoutSeconds: 60,
        preconditions: [],
        changes: [],
      },
    ],
    fallback: [],
    refusals: [],
    mode: 'approve' as const,
    evidence: 'state' as const,
    metrics: [],
    anomalies: [],
    createdMs: Date.now(),
    notAfterMs: Date.now() + 600_000,
    ...changes,
  }
  return { _id: changes.incident ?? 'p1', ...body, hash: planHash(body) }
}

describe('the API', function () {
  skipWithout(findNats(), 'no nats-server found')
  const held = new AsyncDisposableStack()
  let bus: Bus
  let store: Store
  let url: string
  let config: Config

  before(async () => {
    const kit = testKit()
    const nats = held.use(await startNats())
    const simulator = await createSimulator({ clock: systemClock })
    held.defer(() => simulator.stop())
    const folder = held.use(await temporaryFolder())
    const tokenFile = join(folder.path, 'tokens')
    await writeFile(
      tokenFile,
      `# roles\n${Object.entries(TOKENS)
        .map(([role, token]) => `${role} ${role}-user ${token}`)
        .join('\n')}\n`,
    )
    bus = await connectBus({ url: nats.url, name: 'test', ...kit })
    store = await openStore({ kind: 'sqlite', file: join(folder.path, 'db') }, kit)
    const planners = await openStore({ kind: 'sqlite', file: join(folder.path, 'db') }, kit)
    for (const [id, expiresMs] of Object.entries({ past: 1, present: Date.now() + 600_000 }))
      await planners
        .collection(COLLECTIONS.prompts)
        .insert({ _id: id, promptVersion: '1', text: 'a prompt', keptMs: 1, expiresMs })
    await planners.close()
    config = readConfig({
      NATS_URL: nats.url,
      PORT: '0',
      PROM_URL: simulator.prometheusUrl,
      KUBEWISE_CLUSTER: 'test',
      KUBEWISE_HOME: folder.path,
      KUBEWISE_API_TOKEN_FILE: tokenFile,
      MONGO_DB_NAME: 'x',
    })
    const api = createApi({ ...kit, bus, store, host: '127.0.0.1' }, config)
    await api.start()
    held.defer(async () => {
      kit.abort()
      await api.stop()
      await bus.close()
      await store.close()
    })
    url = `http://127.0.0.1:${api.port()}`
  })
  after(() => held.disposeAsync())

  async function call(
    method: string,
    path: string,
    body?: unknown,
    role?: keyof typeof TOKENS,
    headers: Record<string, string> = {},
  ) {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(role && { authorization: `Bearer ${TOKENS[role]}` }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined,
    }
  }

  it('answers the original’s paths', async () => {
    for (const path of [
      '/health',
      '/livez',
      '/health/extended',
      '/metrics',
      '/anomalies',
      '/config',
      '/remediation/plans',
    ])
      assert.equal((await call('GET', path)).status, 200, path)
    assert.match((await call('GET', '/metrics')).text, /kubewise_api_request_duration_seconds/)
  })

  it('removes what is past its time, also from collections that only others write', () =>
    eventually(async () => {
      const { items } = await store.collection(COLLECTIONS.prompts).find()
      return items.length === 1 && items[0]?._id === 'present'
    }))

  it('lists copies of Events, newest first, by what they are about', async () => {
    const events = store.collection(COLLECTIONS.events)
    for (const [nth, reason, kind, type] of [
      [1, 'BackOff', 'Pod', 'Warning'],
      [2, 'Pulled', 'Pod', 'Normal'],
      [3, 'ScalingReplicaSet', 'Deployment', 'Normal'],
      [4, 'BackOff', 'Pod', 'Warning'],
    ] as const) {
      const entity = { ...web, kind, name: `web-${nth}` }
      const times = { firstMs: nth, lastMs: nth, seenMs: nth, expiresMs: Date.now() + 600_000 }
      const said = { cluster: 'test', uid: `u${nth}`, type, reason, message: '', count: 1 }
      await events.insert({ _id: `e${nth}`, entity, target: web, ...said, ...times })
    }
    const ids = async (query: string) =>
      ((await call('GET', `/api/v1/events${query}`)).json.items as { id: string }[]).map(({ id }) => id)
    assert.deepEqual(await ids(''), ['e4', 'e3', 'e2', 'e1'])
    assert.deepEqual(await ids('?reason=BackOff'), ['e4', 'e1'])
    assert.deepEqual(await ids('?type=Normal&kind=Pod'), ['e2'])
    assert.deepEqual(await ids('?name=web-3&namespace=shop'), ['e3'])
    assert.deepEqual(await ids('?namespace=elsewhere'), [])
    const { json } = await call('GET', '/api/v1/events?limit=3')
    assert.deepEqual(await ids(`?limit=3&cursor=${encodeURIComponent(json.cursor)}`), ['e1'])
    for (const query of ['?type=Error', '?reason=', '?reason=a&reason=b', '?colour=red', '?reason[$ne]=x'])
      assert.equal((await call('GET', `/api/v1/events${query}`)).status, 400, query)
  })

  it('tries a query on the configured Prometheus, and on no other', async () => {
    const validate = (body: object) => call('POST', '/validation/query', body, 'viewer')
    const good = await validate({ query: 'kube_node_info', prometheus_url: `${config.PROM_URL}/` })
    assert.equal(good.status, 200)
    assert.deepEqual([good.json.valid, good.json.result_type, good.json.error], [true, 'vector', null])
    assert.ok(good.json.results_count > 0 && good.json.sample_results[0].metric.node)
    const bad = await validate({ query: 'sum(' })
    assert.equal(bad.json.valid, false)
    assert.match(bad.json.error, /ends too early/)
    const elsewhere = await validate({ query: 'up', prometheus_url: 'http://169.254.169.254' })
    assert.equal(elsewhere.status, 400)
    assert.match(elsewhere.text, /expected the Prometheus that is configured/)
  })

  it('tries no query where there is no Prometheus', async () => {
    const kit = testKit()
    const api = createApi({ ...kit, bus, store, host: '127.0.0.1' }, { ...config, PROM_URL: 'none' })
    await api.start()
    try {
      const answer = await fetch(`http://127.0.0.1:${api.port()}/validation/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKENS.viewer}` },
        body: JSON.stringify({ query: 'up' }),
      })
      assert.equal(answer.status, 409)
      assert.match(await answer.text(), /no-prometheus/)
    } finally {
      kit.abort()
      await api.stop()
    }
  })

  it('lets nobody change anything without a token of the right role', async () => {
    const changes = ROUTES.filter(({ method }) => method !== 'get')
    assert.ok(changes.length >= 7)
    for (const { method, paths, role } of changes) {
      const path = paths[0].replace(':id', 'x')
      assert.equal((await call(method.toUpperCase(), path, {})).status, 401, `${method} ${path}`)
      // Asking what would be done changes nothing, so whoever may look may ask; the empty body is what is wrong then.
      const asViewer = role === 'viewer' ? 400 : 403
      assert.equal((await call(method.toUpperCase(), path, {}, 'viewer')).status, asViewer, `${method} ${path}`)
      assert.equal(
        (await call(method.toUpperCase(), path, {}, undefined, { authorization: 'Bearer wrong-wrong-wrong' })).status,
        401,
        `${method} ${path}`,
      )
    }
  })

  it('approves a plan once, bound to its hash, and hints at it', async () => {
    const plan = planOf({ incident: 'approve-me' })
    await store.collection(COLLECTIONS.plans).insert(plan)
    const hints: string[] = []
    const replay = bus.replay({
      stream: STREAMS.plans.name,
      filter: subjects.plan(web),
      from: 'new',
      decode: decodePlanHint,
      handle: ({ body }) => void hints.push(body.plan),
    })
    assert.equal((await call('GET', `/api/v1/plans/${plan._id}`)).json.status, 'waiting-for-approval')
    assert.equal(
      (await call('POST', `/api/v1/plans/${plan._id}/approve`, { hash: 'other' }, 'approver')).json.code,
      'hash-mismatch',
    )
    assert.equal((await call('POST', `/api/v1/plans/${plan._id}/approve`, { hash: plan.hash }, 'approver')).status, 200)
    assert.equal(
      (await call('POST', `/api/v1/plans/${plan._id}/approve`, { hash: plan.hash }, 'approver')).status,
      200,
      'a repeat changes nothing',
    )
    assert.equal(
      (await call('POST', `/api/v1/plans/${plan._id}/reject`, { hash: plan.hash }, 'admin')).json.code,
      'decided',
    )
    assert.equal((await call('GET', `/api/v1/plans/${plan._id}`)).json.status, 'pending')
    await eventually(() => hints.includes(plan._id))
    await replay.stop()
    const { items } = await store.collection(COLLECTIONS.audit).find({ where: { plan: plan._id } })
    assert.ok(items.some(({ event, actor }) => event === 'approved' && actor === 'approver-user'))
  })

  const undecidable: [string, Partial<Plan>, string][] = [
    ['has expired', { incident: 'expired', notAfterMs: 1 }, 'expired'],
    ['is only observed', { incident: 'observed', mode: 'observe' }, 'mode-observe'],
    ['does nothing', { incident: 'nothing', steps: [] }, 'no-action'],
  ]
  for (const [what, changes, code] of undecidable)
    it(`does not approve a plan that ${what}`, async () => {
      const plan = planOf(changes)
      await store.collection(COLLECTIONS.plans).insert(plan)
      assert.equal(
        (await call('POST', `/api/v1/plans/${plan._id}/approve`, { hash: plan.hash }, 'approver')).json.code,
        code,
      )
    })

  const begun = (plan: Pick<Plan, '_id' | 'hash'>, changes: Partial<Execution>) =>
    store.collection(COLLECTIONS.executions).insert({
      _id: plan._id,
      cluster: 'test',
      incident: 'i1',
      target: web,
      planHash: plan.hash,
      status: 'claimed',
      holder: 'executor-1',
      holderUntilMs: 0,
      epoch: 1,
      claimedMs: 1,
      steps: [],
      ...changes,
    })

  for (const verb of ['approve', 'reject'])
    it(`takes a person's word (${verb}) on a plan that an executor has claimed, and lets wait for it`, async () => {
      const plan = planOf({ incident: `claimed-${verb}`, mode: 'auto' })
      await store.collection(COLLECTIONS.plans).insert(plan)
      await begun(plan, { refusal: { code: 'approval-missing', say: 'The only ready pod would be taken away.' } })
      assert.equal((await call('GET', `/api/v1/plans/${plan._id}`)).json.status, 'waiting-for-approval')
      const { status } = await call('POST', `/api/v1/plans/${plan._id}/${verb}`, { hash: plan.hash }, 'approver')
      assert.equal(status, 200)
      const told = (await call('GET', `/api/v1/plans/${plan._id}`)).json.status
      assert.equal(told, verb === 'approve' ? 'pending' : 'rejected')
    })

  it('takes no word on a plan that is carried out', async () => {
    const plan = planOf({ incident: 'carried-out' })
    await store.collection(COLLECTIONS.plans).insert(plan)
    await begun(plan, { status: 'running' })
    const { json } = await call('POST', `/api/v1/plans/${plan._id}/approve`, { hash: plan.hash }, 'approver')
    assert.equal(json.code, 'executed')
  })

  it('says what is wrong with a body in a charset that nobody reads', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-99' }
    assert.equal((await call('PUT', '/config', '{}', 'admin', headers)).status, 415)
  })

  it('changes settings under an ETag, and says every mistake', async () => {
    const tag = (await call('GET', '/config')).headers.get('etag') ?? ''
    const changed = await call('PUT', '/config', { mode: 'observe', maxParallel: 2 }, 'admin', { 'if-match': tag })
    assert.equal(changed.status, 200)
    assert.equal((await call('PUT', '/config', { mode: 'auto' }, 'admin', { 'if-match': tag })).status, 412)
    assert.equal((await call('GET', '/config')).json.maxParallel, 2)
    const wrong = await call('PUT', '/config', { mode: 'wild', maxParallel: -1, nonsense: 1 }, 'admin')
    assert.equal(wrong.status, 400)
    assert.equal(wrong.json.errors.length, 3)
  })

  it('takes windows and inhibitions that can be read as meant, else tells every mistake of them', async () => {
    const night = { name: 'night', time_intervals: [{ times: [{ start_time: '22:00', end_time: '24:00' }] }] }
    const matcher = { field: 'namespace', operator: '=~', value: 'shop|bank' }
    const window = { name: 'release', matchers: [matcher], intervals: ['night'], effect: 'freeze' }
    const good = { timeIntervals: [night], windows: [window] }
    assert.equal((await call('PUT', '/config', good, 'admin')).status, 200)
    assert.deepEqual((await call('GET', '/config')).json.set.windows, [window])
    const bad = { windows: [{ ...window, matchers: [{ ...matcher, value: '(' }], intervals: ['day', 'noon'] }] }
    const wrong = await call('PUT', '/config', bad, 'admin')
    assert.equal(wrong.status, 400)
    assert.equal(wrong.json.errors.length, 3)
    assert.equal((await call('PUT', '/config', { windows: [] }, 'admin')).status, 200)
    const silence = { matchers: [{ ...matcher, value: '(' }], endsMs: 1, reason: 'x' }
    assert.equal((await call('POST', '/api/v1/silences', silence, 'operator')).json.errors.length, 2)
  })

  it('tells what is in force, not what somebody wished for', async () => {
    const loose = { mode: 'auto', cooldownSeconds: 1, maxParallel: 1000, protectedNamespaces: ['a'] }
    const { json } = await call('PUT', '/config', loose, 'admin')
    assert.equal(json.mode, 'observe')
    assert.equal(json.cooldownSeconds, 300)
    assert.equal(json.maxParallel, 5)
    assert.ok(json.protectedNamespaces.includes('a') && json.protectedNamespaces.includes('kube-system'))
    assert.equal(json.set.maxParallel, 1000)
  })

  it('sets the kill switch on both channels, and lifts it', async () => {
    const control = await bus.kv(BUCKETS.control)
    assert.equal((await call('PUT', '/api/v1/kill', { isSet: true, reason: 'fire' }, 'operator')).status, 200)
    assert.ok(await control.get('kill'))
    assert.equal((await store.collection(COLLECTIONS.kill).get('kill'))?.isSet, true)
    assert.equal((await call('PUT', '/api/v1/kill', { isSet: false, reason: 'out' }, 'operator')).status, 200)
    assert.equal(await control.get('kill'), undefined)
    assert.equal((await store.collection(COLLECTIONS.kill).get('kill'))?.isSet, false)
  })

  it('stops by the one channel that can be reached, with the audit or without, and resumes only by both', async () => {
    const cases: [string, Partial<Record<'audit' | 'kill' | 'bus', true>>, object | undefined][] = [
      ['no audit', { audit: true }, { record: 'done', bus: 'done' }],
      ['no bus', { bus: true }, { record: 'done', bus: 'not reached' }],
      ['no record', { audit: true, kill: true }, { record: 'not reached', bus: 'done' }],
      ['nothing', { audit: true, kill: true, bus: true }, undefined],
    ]
    const down = async () => {
      throw new StoreError('unreachable', 'the record is down')
    }
    for (const [name, gone, channels] of cases) {
      const kit = testKit()
      const ill: Store = {
        ...store,
        collection: (spec) =>
          gone[spec.name as 'audit']
            ? { ...store.collection(spec), get: down, find: down, insert: down }
            : store.collection(spec),
      }
      const illBus: Bus = gone.bus ? { ...bus, kv: down } : bus
      const api = createApi({ ...kit, bus: illBus, store: ill, host: '127.0.0.1' }, config)
      await api.start()
      const put = (isSet: boolean) =>
        fetch(`http://127.0.0.1:${api.port()}/api/v1/kill`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKENS.operator}` },
          body: JSON.stringify({ isSet, reason: name }),
        })
      const stopped = await put(true)
      assert.equal(stopped.ok, channels !== undefined, name)
      if (channels) assert.deepEqual(((await stopped.json()) as { channels: object }).channels, channels, name)
      assert.equal((await put(false)).ok, false, name)
      kit.abort()
      await api.stop()
    }
    assert.equal((await call('PUT', '/api/v1/kill', { isSet: false, reason: 'over' }, 'operator')).status, 200)
  })

  it('passes a question on to a planner, and says when none is there', async () => {
    const question = { kind: 'Deployment', namespace: 'shop', name: 'web' }
    const { status, json } = await call('POST', '/api/v1/ask', question, 'viewer')
    assert.deepEqual([status, json.code], [503, 'no-answer'])
    const answering = bus.answer(subjects.question('test'), decodeQuestion, async ({ object, by }) => ({
      kind: 'answer',
      outcome: 'no-action',
      code: 'well',
      say: `${by} asked about ${object.kind} ${object.name}.`,
      target: web,
    }))
    const answered = await call('POST', '/api/v1/ask', question, 'viewer')
    assert.deepEqual([answered.status, answered.json.say], [200, 'viewer-user asked about Deployment web.'])
    assert.equal((await call('POST', '/api/v1/ask', { kind: 'Deployment' }, 'viewer')).status, 400)
    await answering.stop()
  })

  it('takes no silence to an end that no calendar has', async () => {
    const matcher = { field: 'namespace', operator: '=', value: 'shop' }
    const silence = { matchers: [matcher], endsMs: 8.64e15 + 1, reason: 'for ever' }
    assert.equal((await call('POST', '/api/v1/silences', silence, 'operator')).status, 400)
  })

  it('takes a silence and ends it', async () => {
    const silence = {
      matchers: [{ field: 'namespace', operator: '=', value: 'shop' }],
      endsMs: Date.now() + 60_000,
      reason: 'maintenance',
    }
    const { json } = await call('POST', '/api/v1/silences', silence, 'operator')
    assert.ok((await call('GET', '/api/v1/silences')).json.items.some(({ id }: { id: string }) => id === json.id))
    assert.equal((await call('DELETE', `/api/v1/silences/${json.id}`, undefined, 'operator')).status, 200)
    assert.equal((await call('DELETE', `/api/v1/silences/${json.id}`, undefined, 'operator')).status, 404)
  })

  it('passes alerts of Alertmanager on, each once', async () => {
    const got: string[] = []
    const replay = bus.replay({
      stream: STREAMS.alerts.name,
      filter: subjects.alert('test'),
      from: 'new',
      decode: decodeOutsideAlert,
      handle: ({ body }) => void got.push(`${body.name} ${body.status}`),
    })
    const alert = (name: string, status = 'firing') => ({
      status,
      labels: { alertname: name, namespace: 'shop' },
      annotations: { summary: 'text' },
      startsAt: '2026-01-04T23:50:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: '',
      fingerprint: idOf(name),
    })
    const send = (...alerts: object[]) =>
      call('POST', '/api/v1/alertmanager', { version: '4', groupKey: '{}', receiver: 'kubewise', alerts }, 'operator')
    const { json } = await send(alert('A'), alert('B'), alert('KubewiseDown'))
    assert.deepEqual(json, { taken: 2, left: { own: 1, 'other-cluster': 0 } })
    await send(alert('A'))
    await send(alert('A', 'resolved'))
    await eventually(() => got.includes('A resolved'))
    await replay.stop()
    assert.deepEqual(got.sort(), ['A firing', 'A resolved', 'B firing'])
    const wrong = await send({ ...alert('A'), status: 'maybe' }, { ...alert('B'), fingerprint: '' })
    assert.equal(wrong.status, 400)
    assert.equal(wrong.json.errors.length, 2)
  })

  it('streams what happens, and repeats what a reader missed', async () => {
    const listen = async (headers: Record<string, string>) => {
      const response = await fetch(`${url}/api/v1/stream?kinds=anomaly`, { headers })
      return response.body!.pipeThrough(new TextDecoderStream()).getReader()
    }
    const read = async (reader: ReadableStreamDefaultReader<string>, pattern: RegExp) => {
      let text = ''
      while (!pattern.test(text)) text += (await reader.read()).value ?? ''
      await reader.cancel()
      return text
    }
    const publish = (id: string) =>
      bus.publish(
        subjects.anomaly(web),
        { kind: 'anomaly-resolved', id, epoch: 1, entity: web, target: web, resolvedMs: 1, say: 'x' },
        { id },
      )
    const first = await listen({})
    await publish('r1')
    const text = await read(first, /r1/)
    assert.match(text, /event: anomaly/)
    await publish('r2')
    const missed = await read(await listen({ 'last-event-id': /id: (anomaly-\d+)/.exec(text)![1]! }), /r2/)
    assert.doesNotMatch(missed, /"id":"r1"/)
  })

  const garbage: [string, string, string, unknown, number][] = [
    ['a body that is no JSON', 'PUT', '/config', '{', 400],
    ['a body of the wrong type', 'PUT', '/config', [], 400],
    ['a prototype in a body', 'PUT', '/config', '{"__proto__":{"mode":"auto"}}', 400],
    ['a huge body', 'PUT', '/config', `{"mode":"${'x'.repeat(300_000)}"}`, 413],
    ['alerts of another version', 'POST', '/api/v1/alertmanager', { version: '3', alerts: [] }, 400],
    ['too many alerts', 'POST', '/api/v1/alertmanager', { version: '4', alerts: 'x'.repeat(300_000) }, 413],
    ['an unknown route', 'GET', '/nowhere', undefined, 404],
    ['a path that is no path', 'GET', '/anomalies/%E0%A4%A', undefined, 400],
    ['a limit too high', 'GET', '/anomalies?limit=501', undefined, 400],
    ['a limit twice', 'GET', '/anomalies?limit=1&limit=2', undefined, 400],
    ['an operator in a filter', 'GET', '/anomalies?status[$ne]=open', undefined, 400],
    ['a forged cursor', 'GET', '/anomalies?cursor=nonsense', undefined, 400],
    ['an unknown anomaly', 'GET', '/anomalies/none', undefined, 404],
    ['an unknown kind of live event', 'GET', '/api/v1/stream?kinds=secrets', undefined, 400],
  ]
  for (const [what, method, path, body, status] of garbage)
    it(`answers ${what} with ${status} and a problem`, async () => {
      const answer = await call(method, path, body, 'admin')
      assert.equal(answer.status, status, answer.text)
      assert.equal(answer.headers.get('content-type')?.startsWith('application/problem+json'), true)
      assert.ok(answer.json.code)
    })
})
