import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { listen, ListenError } from './listen.ts'

describe('listen', () => {
  it('gives the port it took', async () => {
    const server = createServer()
    const port = await listen(server, { port: 0, host: '127.0.0.1', variable: 'PORT' })
    assert.ok(port > 1023)
    server.close()
  })

  it('says what is wrong with an address that is not ours', () =>
    assert.rejects(listen(createServer(), { port: 0, host: '192.0.2.1', variable: 'PORT' }), (error) => {
      assert.ok(error instanceof ListenError)
      assert.equal(error.message, '192.0.2.1:0 cannot be listened on (EADDRNOTAVAIL): see PORT')
      return true
    }))
})
