import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { systemClock } from '@kubewise/service'
import { eventually, freePort, silentLog, startNats, startProcess, findNats, skipWithout } from '@kubewise/testkit'
import { addressOf } from './address.ts'
import { connectBus } from './connect.ts'
import { BusError } from './errors.ts'
import { AROUND, onEachServer, openBus, tickSubject } from './each-server.ts'

const options = { name: 'test', clock: systemClock, log: silentLog }

const failureOf = async (url: string, signal?: AbortSignal): Promise<BusError> => {
  try {
    const bus = await connectBus({ ...options, url, ...(signal ? { signal } : {}) })
    await bus.close()
  } catch (error) {
    assert.ok(error instanceof BusError, String(error))
    return error
  }
  throw new assert.AssertionError({ message: 'expected no connection' })
}

describe('the address of a bus', () => {
  const rows: [string, string, object][] = [
    ['nats://localhost:4222', 'nats://localhost:4222', { servers: ['localhost:4222'] }],
    ['localhost', 'nats://localhost:4222', { servers: ['localhost:4222'] }],
    [
      'nats://ann:p%40ss@a:1,nats://b:2',
      'nats://a:1,nats://b:2',
      { servers: ['a:1', 'b:2'], user: 'ann', pass: 'p@ss' },
    ],
    ['nats://s3cret@a', 'nats://a:4222', { servers: ['a:4222'], token: 's3cret' }],
    ['tls://a:4443', 'tls://a:4443', { servers: ['a:4443'], tls: {} }],
    ['nats://[::1]:4222', 'nats://[::1]:4222', { servers: ['[::1]:4222'] }],
  ]
  for (const [url, shown, wanted] of rows)
    it(`reads ${url}`, () => assert.deepEqual(addressOf(url), { shown, options: wanted }))

  for (const url of ['http://a', '', 'nats://', 'nats://ann:s3cret@a:port', 'a b'])
    it(`refuses ${JSON.stringify(url)} without telling its credentials`, () => {
      const isInvalid = (error: unknown) =>
        error instanceof BusError && error.code === 'invalid' && !error.message.includes('s3cret')
      assert.throws(() => addressOf(url), isInvalid)
    })
})

describe('connectBus without a server', () => {
  it('says which address cannot be reached, without its credentials', async () => {
    const port = await freePort()
    const error = await failureOf(`nats://ann:s3cret@127.0.0.1:${port}`)
    assert.equal(error.code, 'unreachable')
    assert.match(error.message, new RegExp(`^nats at nats://127.0.0.1:${port} cannot be reached: `))
    assert.ok(!error.message.includes('s3cret'))
  })

  it('ends with its signal, also when the server does not speak', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as AddressInfo
    const abort = new AbortController()
    const reason = new Error('the service stops')
    const connecting = connectBus({ ...options, url: `nats://127.0.0.1:${port}`, signal: abort.signal })
    abort.abort(reason)
    await assert.rejects(connecting, reason)
    silent.close()
  })

  it('does not take something else for a server', async () => {
    const other = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n')).listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    assert.equal((await failureOf(`nats://127.0.0.1:${port}`)).code, 'unreachable')
    other.close()
  })
})

onEachServer('connectBus', (start) => {
  it('tells when the connection goes and when it is back', async () => {
    await using nats = await start()
    await using bus = await openBus(nats)
    const seen: string[] = []
    bus.onStatus((status) => seen.push(status))
    assert.ok(bus.isConnected())
    await nats.kill()
    await eventually(() => !bus.isConnected())
    await nats.restart()
    await eventually(() => bus.isConnected())
    await bus.close()
    assert.ok(!bus.isConnected())
    assert.deepEqual(seen, ['disconnected', 'connected', 'closed'])
  })

  it('says disconnected when it is, and that nothing was sent', async () => {
    await using nats = await start()
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    await nats.kill()
    await eventually(() => !bus.isConnected())
    const isDisconnected = (error: unknown) =>
      error instanceof BusError && error.code === 'disconnected' && !error.isOutcomeUnknown
    await assert.rejects(bus.publish(tickSubject, { n: 1 }), isDisconnected)
    await nats.restart()
    await eventually(() => bus.publish(tickSubject, { n: 1 }))
    assert.equal((await bus.streamState('TICKS')).messages, 1)
  })

  it('closes while the server is away', async () => {
    await using nats = await start()
    const bus = await openBus(nats)
    await nats.kill()
    await eventually(() => !bus.isConnected())
    await bus.close()
    await assert.rejects(
      bus.publish(tickSubject, { n: 1 }),
      (error) => error instanceof BusError && error.code === 'closed',
    )
  })

  it('says at once that the outcome is unknown when the connection is lost in the middle', async () => {
    await using nats = await start()
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    await nats.kill('SIGSTOP')
    const publishing = Promise.all(Array.from({ length: 100 }, (_, n) => bus.publish(tickSubject, { n })))
    const isLost = (error: unknown) =>
      error instanceof BusError && error.isOutcomeUnknown && /connection lost/.test(error.message)
    const rejected = assert.rejects(publishing, isLost)
    await nats.kill()
    await rejected
  })

  it('says so when the server stops answering in the middle', async () => {
    await using nats = await start()
    await using bus = await openBus(nats)
    await bus.provision(AROUND, [])
    await nats.kill('SIGSTOP')
    let n = 0
    const publish = () => bus.publish(tickSubject, { n }, { id: `tick-${n}` })
    // A stopped process may still answer what it had in hand.
    const untilSilent = async () => {
      for (; ; n++) await publish()
    }
    await assert.rejects(untilSilent(), (error) => error instanceof BusError && error.isOutcomeUnknown)
    await nats.kill('SIGCONT')
    const ack = await publish()
    assert.ok(ack.isDuplicate, 'it was stored after all, and is recognised')
  })
})

describe('connectBus to a server that is not for us', () => {
  const program = skipWithout(findNats(), 'no nats-server on this machine')

  it('says that JetStream is off', async () => {
    const port = await freePort()
    const up = (output: () => string) => eventually(() => output().includes('Server is ready')).then(() => undefined)
    await using _ = await startProcess(() => ({
      program: program.path,
      options: ['-a', '127.0.0.1', '-p', String(port)],
      up,
    }))
    const error = await failureOf(`nats://127.0.0.1:${port}`)
    assert.equal(error.code, 'unreachable')
    assert.match(error.message, /expected JetStream, which is off/)
  })

  it('takes credentials from the address, and says when they are wrong without telling them', async () => {
    await using nats = await startNats({ options: ['--user', 'ann', '--pass', 's3cret'] })
    const bus = await connectBus({ ...options, url: nats.url.replace('//', '//ann:s3cret@') })
    await bus.close()
    const error = await failureOf(nats.url.replace('//', '//ann:wr0ng@'))
    assert.equal(error.code, 'unreachable')
    assert.match(error.message, /cannot be reached: .*Authorization/i)
    assert.ok(!error.message.includes('wr0ng'))
  })
})
