import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { HttpError, type HttpErrorKind } from '@kubewise/service'
import type { AnswerBounds } from './bounded-answer.ts'
import { prometheusAt, PrometheusError, type PrometheusErrorKind } from './prometheus.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function ask(handler: Handler, bounds: Partial<AnswerBounds> = {}) {
  const server = createServer((request, response) => {
    request.resume()
    handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return await prometheusAt(url, 20_000, bounds).query('up', new AbortController().signal)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const HEAD = '{"status":"success","data":{"resultType":"vector","result":['
const vector = (...rows: string[]) => `${HEAD}${rows.join()}]}}`
const good = '{"metric":{"pod":"a"},"value":[1700000000,"1"]}'
const body =
  (content: string | Uint8Array, headers: Record<string, string> = {}, status = 200): Handler =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(content)

/** So many megabytes of spaces, in a thousandth of them. */
const bomb = (megabytes: number) => gzipSync(Buffer.alloc(megabytes * 1024 ** 2, ' '))

describe('an answer of Prometheus that is', () => {
  const zipped = gzipSync(vector(good))
  const gzip = { 'content-encoding': 'gzip' }
  const refused: [string, Handler, HttpErrorKind | PrometheusErrorKind][] = [
    ['cut short', body(vector(good).slice(0, -20)), 'malformed'],
    [
      'cut short with the connection',
      (_, response) => void response.writeHead(200, { 'content-length': '9' }).write('{', () => response.destroy()),
      'unreachable',
    ],
    ['nothing', body(''), 'malformed'],
    ['garbage that is called gzip', body('\u0000\u0001garbage', gzip), 'malformed'],
    ['gzip cut short', body(zipped.subarray(0, zipped.length - 12), gzip), 'malformed'],
    [
      'gzip with a wrong byte',
      body(Buffer.concat([zipped.subarray(0, 20), Buffer.from('!!'), zipped.subarray(22)]), gzip),
      'malformed',
    ],
    ['gzip that is not called so', body(zipped), 'malformed'],
    ['a page that says 200', body('<html><body>Sign in</body></html>', { 'content-type': 'text/html' }), 'malformed'],
    ['JSON of another kind', body('[1,2,3]'), 'malformed'],
    ['nested without end', body('['.repeat(200_000)), 'malformed'],
    [
      'a million mistakes',
      body(vector(...Array.from({ length: 100_000 }, () => '{"metric":{"a":1},"value":[1,2]}'))),
      'malformed',
    ],
    ['an error', body('{"status":"error","error":"x"}', {}, 500), 'status'],
    ['a query that is refused', body('{"status":"error","error":"no such function"}', {}, 422), 'refused'],
  ]
  for (const [what, handler, kind] of refused)
    it(`${what} → ${kind}`, () =>
      assert.rejects(ask(handler), (error) => {
        assert.ok(error instanceof HttpError || error instanceof PrometheusError, String(error))
        assert.equal(error.kind, kind)
        assert.ok(error.message.length < 2000, 'it is told in a sentence')
        return true
      }))

  it('gzip is read', async () => {
    const { series } = await ask(body(zipped, gzip))
    assert.deepEqual(series, [{ labels: { pod: 'a' }, timeMs: [1_700_000_000_000], value: [1] }])
  })

  it('a gzip bomb → too-large, by what it unpacks to', async () => {
    const packed = bomb(64)
    assert.ok(packed.length < 100_000)
    await assert.rejects(
      ask(body(packed, gzip), { maxBytes: 8 * 1024 ** 2 }),
      (error) => error instanceof HttpError && error.kind === 'too-large',
    )
  })

  it('a million series: the first are kept, the others counted', async () => {
    const millions: Handler = (_, response) => {
      let i = 0
      response.write(HEAD)
      const go = () => {
        while (i < 1_000_000) {
          const some = Array.from({ length: 1000 }, (_value, n) => `{"metric":{"pod":"app-${i + n}"},"value":[1,"1"]}`)
          const isFirst = i === 0
          i += 1000
          if (!response.write(`${isFirst ? '' : ','}${some.join()}`)) return void response.once('drain', go)
        }
        response.end(']}}')
      }
      go()
    }
    const { series, leftOutSeries } = await ask(millions, { series: 10_000 })
    assert.deepEqual([series.length, leftOutSeries], [10_000, 990_000])
    assert.deepEqual(series.at(-1)?.labels, { pod: 'app-9999' })
  }).timeout(30_000)

  it('of numbers that are none, and of histograms: counted, the others are kept', async () => {
    const texts = ['NaN', '+Inf', '-Inf', 'Inf', 'Infinity', '', ' ', 'null', '1e309', 'five', '1e308', '-1e308', '7']
    const rows = texts.map((text, i) => `{"metric":{"i":"${i}"},"value":[1700000000,"${text}"]}`)
    const histogram = '{"metric":{"i":"h"},"histogram":[1700000000,{"count":"1","sum":"1","buckets":[]}]}'
    const { series, droppedPoints } = await ask(body(vector(...rows, histogram)))
    assert.equal(droppedPoints, 11)
    assert.deepEqual(
      series.flatMap(({ value }) => value),
      [1e308, -1e308, 7],
    )
  })

  it('of labels that look like a trap: they are data', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'a\u0000b', '\u001b[2J', '']
    const labels = `{${names.map((name) => `${JSON.stringify(name)}:"x"`).join()},"long":"${'x'.repeat(100_000)}"}`
    const { series } = await ask(body(vector(`{"metric":${labels},"value":[1,"1"]}`)))
    assert.deepEqual(Object.keys(series[0]!.labels), [...names, 'long'])
    assert.equal(({} as Record<string, unknown>)['x'], undefined)
    assert.equal(Object.getPrototypeOf(series[0]!.labels), Object.prototype)
  })
})
