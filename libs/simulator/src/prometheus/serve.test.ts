import assert from 'node:assert/strict'
import { VirtualClock } from '@kubewise/testkit'
import { metric } from './series/labels.ts'
import type { Sample } from './series/series-store.ts'
import { servePrometheus, type PrometheusServer } from './serve.ts'

interface Answer {
  status: string
  errorType?: string
  error?: string
  data: unknown
}

const START_MS = Date.UTC(2025, 0, 1)

describe('Prometheus over HTTP', () => {
  let clock: VirtualClock
  let server: PrometheusServer
  let shown: Sample[]

  beforeEach(async () => {
    clock = new VirtualClock(START_MS)
    shown = [
      { labels: metric('up', { job: 'node', instance: 'a' }), value: 1 },
      { labels: metric('temperature', { room: 'kitchen' }), value: 1e-7 },
    ]
    server = await servePrometheus({ source: () => shown, clock })
    await clock.advance(60_000)
  })

  afterEach(() => server.stop())

  async function get(path: string, parameters: [string, string][] = []): Promise<Answer & { code: number }> {
    const response = await fetch(`${server.url}${path}?${new URLSearchParams(parameters).toString()}`)
    return { code: response.status, ...((await response.json()) as Answer) }
  }

  it('answers an instant query at the time of the clock', async () => {
    const { code, data } = await get('/api/v1/query', [['query', 'up']])
    assert.equal(code, 200)
    assert.deepEqual(data, {
      resultType: 'vector',
      result: [{ metric: { __name__: 'up', job: 'node', instance: 'a' }, value: [clock.now() / 1000, '1'] }],
    })
  })

  it('prints numbers without an exponent', async () => {
    const { data } = await get('/api/v1/query', [['query', 'temperature']])
    assert.equal((data as { result: { value: [number, string] }[] }).result[0]?.value[1], '0.0000001')
  })

  it('answers a range query by POST form', async () => {
    const body = new URLSearchParams({
      query: 'count(up)',
      start: String(START_MS / 1000 - 10),
      end: new Date(START_MS + 30_000).toISOString(),
      step: '10s',
    })
    const response = await fetch(`${server.url}/api/v1/query_range`, { method: 'POST', body })
    const { data } = (await response.json()) as Answer
    const seconds = [0, 10, 20, 30].map((second) => [START_MS / 1000 + second, '1'])
    assert.deepEqual(data, { resultType: 'matrix', result: [{ metric: {}, values: seconds }] })
  })

  it('shows what the exporters show to another Prometheus', async () => {
    const response = await fetch(`${server.url}/metrics`)
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.equal(await response.text(), 'up{job="node",instance="a"} 1\ntemperature{room="kitchen"} 0.0000001\n')
  })

  it('scrapes every five seconds and marks a series that is gone as stale', async () => {
    shown = []
    await clock.advance(5000)
    assert.deepEqual((await get('/api/v1/query', [['query', 'up']])).data, { resultType: 'vector', result: [] })
    const { data } = await get('/api/v1/query', [['query', 'count_over_time(up[30s] offset 5s)']])
    assert.equal((data as { result: { value: [number, string] }[] }).result[0]?.value[1], '7')
  })

  it('keeps scraping after a source that failed', async () => {
    const broken = await servePrometheus({
      source: (nowMs) => {
        if (nowMs < clock.now() || nowMs % 10_000 === 0) throw new Error('no')
        return shown
      },
      clock,
    })
    await clock.advance(10_000)
    assert.equal(broken.store.counts().scrapes, 1)
    await broken.stop()
  })

  it('lists series, labels and values', async () => {
    assert.deepEqual((await get('/api/v1/series', [['match[]', '{room=~".+"}']])).data, [
      { __name__: 'temperature', room: 'kitchen' },
    ])
    assert.deepEqual((await get('/api/v1/labels')).data, ['__name__', 'instance', 'job', 'room'])
    assert.deepEqual((await get('/api/v1/label/__name__/values')).data, ['temperature', 'up'])
    const past: [string, string][] = [
      ['match[]', 'up'],
      ['match[]', 'temperature'],
      ['end', '1'],
    ]
    assert.deepEqual((await get('/api/v1/series', past)).data, [])
  })

  const refused: [string, [string, string][], number, string, RegExp][] = [
    [
      '/api/v1/query',
      [['query', 'sum(']],
      400,
      'bad_data',
      /^invalid parameter "query": 1:5: parse error: unexpected end/,
    ],
    [
      '/api/v1/query',
      [['query', 'rate(up)']],
      400,
      'bad_data',
      /expected type range vector in call to function "rate"/,
    ],
    ['/api/v1/query', [], 400, 'bad_data', /no expression found in input/],
    [
      '/api/v1/query',
      [
        ['query', 'up'],
        ['time', 'yesterday'],
      ],
      400,
      'bad_data',
      /^invalid parameter "time"/,
    ],
    [
      '/api/v1/query',
      [['query', '{job="node"} + on () up or up * on () {room="kitchen"} + on() {__name__=~".+"}']],
      422,
      'execution',
      /duplicate series/,
    ],
    [
      '/api/v1/query_range',
      [
        ['query', 'up'],
        ['start', '2'],
        ['end', '1'],
        ['step', '1'],
      ],
      400,
      'bad_data',
      /"end"/,
    ],
    [
      '/api/v1/query_range',
      [
        ['query', 'up'],
        ['start', '1'],
        ['end', '2'],
        ['step', '0'],
      ],
      400,
      'bad_data',
      /"step"/,
    ],
    [
      '/api/v1/query_range',
      [
        ['query', 'up'],
        ['start', '1'],
        ['end', '20000'],
        ['step', '1'],
      ],
      400,
      'bad_data',
      /11,000 points/,
    ],
    [
      '/api/v1/query_range',
      [
        ['query', 'up[1m]'],
        ['start', '1'],
        ['end', '2'],
        ['step', '1'],
      ],
      400,
      'bad_data',
      /invalid expression type/,
    ],
    ['/api/v1/series', [], 400, 'bad_data', /^no match\[\] parameter provided$/],
    ['/api/v1/series', [['match[]', '1 + 1']], 400, 'bad_data', /^invalid parameter "match\[\]"/],
    ['/api/v1/label/1bad/values', [], 400, 'bad_data', /^invalid label name: "1bad"$/],
  ]
  for (const [path, parameters, code, kind, say] of refused)
    it(`refuses ${path}?${new URLSearchParams(parameters).toString()} with ${code}`, async () => {
      const answer = await get(path, parameters)
      assert.equal(answer.code, code)
      assert.equal(answer.status, 'error')
      assert.equal(answer.errorType, kind)
      assert.match(answer.error ?? '', say)
    })

  it('says that it is ready, which release it imitates, and 404 to the rest', async () => {
    assert.equal((await fetch(`${server.url}/-/ready`)).status, 200)
    assert.equal(((await get('/api/v1/status/buildinfo')).data as { version: string }).version, '2.42.0')
    assert.equal((await fetch(`${server.url}/api/v1/nothing`)).status, 404)
  })
})
