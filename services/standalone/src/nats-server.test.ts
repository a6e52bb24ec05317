import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findNats, skipWithout, temporaryFolder } from '@kubewise/testkit'
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
      assert.match(url, /^nats:\/\/127\.0\.0\.1:\d+$/)
      await using other = await startNats(program, join(folder.path, 'other'))
      assert.notEqual(other.url, url)
    }
    await assert.rejects(fetch(url.replace('nats', 'http')))
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
