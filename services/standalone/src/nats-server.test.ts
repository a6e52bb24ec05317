import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BusError, connectBus } from '@kubewise/bus'
import { findNats, skipWithout, temporaryFolder, testKit } from '@kubewise/testkit'
import { chooseNats, NoNatsServerError, startNats } from './nats-server.ts'

describe('its own nats-server', function () {
  skipWithout(findNats(), 'no nats-server found')

  it('is started on a free port of loopback, and ends with its scope', async () => {
    await using folder = await temporaryFolder()
    const program = await chooseNats(process.env['PATH'] ?? '', () => undefined)
    let url = ''
    {
      await using nats = await startNats(program, folder.path)
      url = nats.url
      assert.match(url, /^nats:\/\/[\w-]{32}@127\.0\.0\.1:\d+$/)
      await using other = await startNats(program, join(folder.path, 'other'))
      assert.notEqual(other.url, url)
    }
    await assert.rejects(fetch(`http://${url.split('@')[1]}`))
  })

  it('lets in only who has its token', async () => {
    await using folder = await temporaryFolder()
    await using nats = await startNats(
      await chooseNats(process.env['PATH'] ?? '', () => undefined),
      join(folder.path, 'nats'),
    )
    const bus = await connectBus({ url: nats.url, name: 'test', ...testKit() })
    await bus.close()
    const stranger = connectBus({ url: nats.url.replace(/\/\/.*@/, '//'), name: 'stranger', ...testKit() })
    await assert.rejects(stranger, (error) => error instanceof BusError && /Authorization/.test(error.message))
  })

  it('that cannot start is one sentence', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'nats-server')
    await writeFile(path, '#!/bin/sh\nexit 3\n')
    await chmod(path, 0o755)
    await assert.rejects(
      startNats({ how: 'program', path }, folder.path),
      (error) => error instanceof NoNatsServerError && /did not start: exit 3/.test(error.message),
    )
  })
})
