import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { freePort } from '@kubewise/testkit'
import { fetchJson, fetchText, HttpError, type FetchOptions, type HttpErrorKind } from './fetch-json.ts'
import { listen } from './listen.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function serve(handler: Handler): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(handler)
  const port = await listen(server, { port: 0, host: '127.0.0.1', variable: 'PORT' })
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const answer = (status: number, body: string, headers: Record<string, string> = {}): Handler => {
  return (_, response) => void response.writeHead(status, headers).end(body)
}

async function failure(request: Promise<unknown>): Promise<HttpError> {
  try {
    await request
  } catch (error) {
    assert.ok(error instanceof HttpError, String(error))
    return error
  }
  return assert.fail('it succeeded')
}

describe('fetchJson', () => {
  it('gives what was answered', async () => {
    await using server = await serve(answer(200, '{"status": "success"}'))
    assert.deepEqual(await fetchJson(`${server.url}/api/v1/query?query=up`), { status: 'success' })
  })

  const failures: [string, Handler, FetchOptions, HttpErrorKind, RegExp][] = [
    [
      'a status with its body',
      answer(422, '{"error": "bad query"}'),
      {},
      'status',
      /answered 422 Unprocessable Entity$/,
    ],
    [
      'a redirect',
      answer(302, '', { location: 'http://elsewhere.example/?token=hunter2' }),
      {},
      'status',
      /answered 302 Found, it has moved/,
    ],
    ['what is no JSON', answer(200, '<html>'), {}, 'malformed', /not JSON$/],
    ['JSON cut short', answer(200, '{"status": '), {}, 'malformed', /not JSON$/],
    ['nothing', answer(200, ''), {}, 'malformed', /not JSON$/],
    [
      'what is not compressed as it says',
      answer(200, 'garbage', { 'content-encoding': 'gzip' }),
      {},
      'malformed',
      /not compressed as it says$/,
    ],
    [
      'more than is wanted',
      answer(200, JSON.stringify('x'.repeat(5000))),
      { maxBytes: 1000 },
      'too-large',
      /more than 1000 bytes$/,
    ],
    ['no answer in time', () => undefined, { timeoutMs: 50 }, 'timeout', /did not answer within 50 ms$/],
    [
      'a body that stalls',
      (_, response) => void response.writeHead(200).write('{'),
      { timeoutMs: 50 },
      'timeout',
      /within 50 ms$/,
    ],
    ['a connection that breaks', (request) => void request.socket.destroy(), {}, 'unreachable', /gave no answer: /],
    [
      'a body that breaks off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{')
        setImmediate(() => response.destroy())
      },
      {},
      'unreachable',
      /gave no answer: /,
    ],
  ]
  for (const [what, handler, options, kind, message] of failures)
    it(`${what} → ${kind}`, async () => {
      await using server = await serve(handler)
      const error = await failure(fetchJson(`${server.url}/secret/path?token=hunter2`, options))
      assert.equal(error.kind, kind)
      assert.match(error.message, message)
      assert.ok(error.message.startsWith(server.url))
      assert.doesNotMatch(error.message, /secret|hunter2/)
    })

  it('nobody there → unreachable, with the reason', async () => {
    const port = await freePort()
    const error = await failure(fetchJson(`http://127.0.0.1:${port}/`))
    assert.equal(error.kind, 'unreachable')
    assert.equal(error.message, `http://127.0.0.1:${port} gave no answer: connect ECONNREFUSED 127.0.0.1:${port}`)
  })

  it('keeps the status and the beginning of a refusal', async () => {
    await using server = await serve(answer(500, 'x'.repeat(1_000_000)))
    const error = await failure(fetchJson(server.url))
    assert.equal(error.status, 500)
    assert.equal(error.body?.length, 4096)
  })

  it('reads the body as it is told, and no bound of its own holds then', async () => {
    await using server = await serve(answer(200, `{"a": ${'1'.repeat(100)}`))
    const readBody = async (chunks: AsyncIterable<Uint8Array>) => {
      let bytes = 0
      for await (const chunk of chunks) bytes += chunk.length
      return String(bytes)
    }
    assert.equal(await fetchJson(server.url, { readBody, maxBytes: 1 }), 106)
  })

  it('asks once only', async () => {
    let requests = 0
    await using server = await serve((_, response) => {
      requests++
      response.writeHead(503).end()
    })
    await failure(fetchJson(server.url))
    assert.equal(requests, 1)
  })

  it("throws the caller's reason when the caller gives up", async () => {
    await using server = await serve(() => undefined)
    const controller = new AbortController()
    const asked = fetchJson(server.url, { signal: controller.signal })
    controller.abort(new Error('stopping'))
    await assert.rejects(asked, { message: 'stopping' })
  })
})

describe('fetchText', () => {
  interface Seen {
    method: string | undefined
    authorization: string | undefined
    type: string | undefined
    body: string
  }

  async function seen(address: (url: string) => string, options: FetchOptions): Promise<Seen> {
    const requests: Seen[] = []
    await using server = await serve((request, response) => {
      const { authorization, 'content-type': type } = request.headers
      void text(request).then((body) => {
        requests.push({ method: request.method, authorization, type, body })
        response.end('ok')
      })
    })
    assert.equal((await fetchText(address(server.url), options)).text, 'ok')
    return requests[0] ?? assert.fail('no request')
  }

  it('sends an object as JSON, by POST', async () => {
    const { method, type, body } = await seen((url) => url, { body: { text: 'hello' } })
    assert.deepEqual([method, type, body], ['POST', 'application/json', '{"text":"hello"}'])
  })

  it('sends a form', async () => {
    const { type, body } = await seen((url) => url, { body: new URLSearchParams({ query: 'up == 0' }) })
    assert.deepEqual([type, body], ['application/x-www-form-urlencoded;charset=UTF-8', 'query=up+%3D%3D+0'])
  })

  it('sends credentials of the address as a header', async () => {
    const { authorization } = await seen((url) => url.replace('://', '://user:p%40ss@'), {})
    assert.equal(authorization, `Basic ${Buffer.from('user:p@ss').toString('base64')}`)
  })
})
