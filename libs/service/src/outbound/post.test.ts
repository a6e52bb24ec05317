import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createRawServer, type AddressInfo, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { HttpError } from '../fetch-json.ts'
import { readAllowList } from './address.ts'
import { postSafely, UnsafeAddressError, type PostOptions } from './post.ts'

const { list: nothing } = readAllowList([])
const { list: local } = readAllowList(['127.0.0.1', 'hook.test'])

async function serving(answer: RequestListener) {
  const asked: { url: string | undefined; host: string | undefined; body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => void (body += text))
    request.on('end', () => {
      asked.push({ url: request.url, host: request.headers.host, body })
      answer(request, response)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    server.close()
    server.closeAllConnections()
  }
  return { asked, port, url: `http://127.0.0.1:${port}/hook`, [Symbol.asyncDispose]: stop }
}

const post = (url: string, options: Partial<PostOptions> = {}) =>
  postSafely(url, { headers: { 'content-type': 'application/json' }, body: '{"é":1}', allow: local, ...options })

const refuses = (task: Promise<unknown>, pattern: RegExp) =>
  assert.rejects(task, (error: unknown) => error instanceof UnsafeAddressError && pattern.test(error.message))
const failsBy = (task: Promise<unknown>, kind: HttpError['kind']) =>
  assert.rejects(task, (error: unknown) => error instanceof HttpError && error.kind === kind)

const at =
  (...addresses: string[]) =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

describe('posting to an address that somebody set', () => {
  it('sends the body once, to an allowed address', async () => {
    await using server = await serving((_, response) => response.end('ok'))
    await post(server.url)
    assert.deepEqual(
      server.asked.map(({ url, body }) => [url, body]),
      [['/hook', '{"é":1}']],
    )
  })

  it('sends nothing to loopback that nobody allowed, in no form', async () => {
    await using server = await serving((_, response) => response.end())
    const { port } = server
    for (const host of [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '017700000001',
      '[::ffff:127.0.0.1]',
      '0.0.0.0',
      '[::]',
    ])
      await refuses(post(`http://${host}:${port}/`, { allow: nothing, mayUseHttp: true }), /nothing is sent/)
    assert.equal(server.asked.length, 0)
  })

  it('looks at every address of a name: one that is not fit refuses all', async () => {
    for (const address of [
      '169.254.169.254',
      '10.0.0.1',
      '::1',
      'fe80::1',
      '::ffff:10.0.0.1',
      '64:ff9b::a00:1',
      '0.0.0.0',
    ])
      await refuses(post('https://hooks.example/', { resolve: at('93.184.215.14', address) }), /nothing is sent/)
  })

  it('connects to what it looked at: a name that leads elsewhere when asked again is not asked', async () => {
    await using server = await serving((_, response) => response.end())
    let times = 0
    const rebinding = async () => {
      times += 1
      return [{ address: times === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }]
    }
    await post(`http://hook.test:${server.port}/`, { resolve: rebinding })
    assert.equal(times, 1)
    assert.equal(server.asked[0]?.host, `hook.test:${server.port}`)
  })

  it('and refuses it when the first answer was harmless and the next post is led inside', async () => {
    await using server = await serving((_, response) => response.end())
    const answers = ['127.0.0.1', '169.254.169.254']
    const resolve = async () => [{ address: answers.shift() ?? '', family: 4 }]
    await post(`http://hook.test:${server.port}/`, { resolve })
    await refuses(post(`http://hook.test:${server.port}/`, { resolve }), /169\.254\.169\.254/)
    assert.equal(server.asked.length, 1)
  })

  it('follows no redirect', async () => {
    await using inner = await serving((_, response) => response.end('credentials'))
    for (const location of ['http://169.254.169.254/latest/meta-data/', inner.url]) {
      await using outer = await serving((_, response) => response.writeHead(307, { location }).end())
      await assert.rejects(post(outer.url), /answered 307 .*it has moved/)
    }
    assert.equal(inner.asked.length, 0)
  })

  it('wants https where the network is not ours', async () => {
    await refuses(post('http://hooks.example/', { resolve: at('93.184.215.14') }), /expected https/)
    await refuses(post('ftp://hooks.example/', { resolve: at('93.184.215.14'), mayUseHttp: true }), /expected https/)
  })

  it('gives up on headers that drip', async () => {
    const sockets = new Set<Socket>()
    const server = createRawServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined).write('HTTP/1.1 200 OK\r\nx-a: ')
      const drip = setInterval(() => socket.write('a'), 5)
      socket.on('close', () => clearInterval(drip))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await failsBy(post(`http://127.0.0.1:${port}/`, { timeoutMs: 80 }), 'timeout')
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  it('takes the status of an answer whose body drips without end', async () => {
    await using server = await serving((_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('a'), 5)
      response.on('close', () => clearInterval(drip))
    })
    await post(server.url, { timeoutMs: 80 })
    assert.equal(server.asked.length, 1)
  })

  it('gives up on a resolver that does not answer', async () => {
    const silent = () => new Promise<never>(() => undefined)
    await failsBy(post('https://hooks.example/', { timeoutMs: 30, resolve: silent }), 'timeout')
  })

  for (const status of [200, 500])
    it(`reads no more than the beginning of an answer without end, with status ${status}`, async () => {
      const mebibyte = Buffer.alloc(1024 * 1024, 'x')
      const closed = Promise.withResolvers<void>()
      await using server = await serving((_, response) => {
        const more = () => {
          while (!response.destroyed && response.write(mebibyte));
        }
        response.on('error', () => undefined).on('drain', more)
        response.on('close', closed.resolve).writeHead(status)
        more()
      })
      const posting = post(server.url)
      if (status === 200) await posting
      else await assert.rejects(posting, ({ body }: HttpError) => body?.length === 1024)
      await closed.promise
    })

  it('does not unpack what is packed', async () => {
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024))
    await using server = await serving((_, response) =>
      response.writeHead(500, { 'content-encoding': 'gzip', 'content-length': bomb.length }).end(bomb),
    )
    await assert.rejects(post(server.url), ({ body }: HttpError) => body?.startsWith('\u001f') === true)
  })

  it('says how long a receiver wants to be left alone', async () => {
    await using server = await serving((_, response) => response.writeHead(429, { 'retry-after': '7' }).end())
    await assert.rejects(
      post(server.url),
      ({ status, retryAfterMs }: HttpError) => status === 429 && retryAfterMs === 7000,
    )
  })

  it('never names the path, which can be a token', async () => {
    await using server = await serving((_, response) => response.writeHead(404).end())
    await assert.rejects(post(`${server.url}/T0KEN`), (error: Error) => !error.message.includes('T0KEN'))
    await assert.rejects(
      post('https://user:hunter2@10.0.0.1/T0KEN', { allow: nothing }),
      (error: Error) => !/T0KEN|hunter2/.test(error.message),
    )
  })
})
