import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { FERRET_MISSING, findFerret, startFerret } from './ferret.ts'
import { temporaryFolder } from './folder.ts'
import { findAllNats, findNats, startNats, type NatsVersion } from './nats.ts'
import { freePort } from './port.ts'
import { startProcess } from './server-process.ts'
import { skipWithout } from './skip.ts'

async function isAlive(pid: number): Promise<boolean> {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The first line that a server says to whoever connects; NATS tells about itself. */
async function greeting(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  try {
    const [line] = (await once(socket, 'data')) as [string]
    return line
  } finally {
    socket.destroy()
  }
}

for (const version of ['2.9', '2.14'] satisfies NatsVersion[])
  describe(`startNats ${version}`, () => {
    skipWithout(findNats(version), `no nats-server ${version} on this machine`)

    it('launches the wanted server with JetStream on a port of its own', async () => {
      await using one = await startNats({ version })
      await using other = await startNats({ version })
      assert.notEqual(one.port, other.port)
      const greeted = await greeting(one.port)
      assert.match(greeted, /"jetstream":true/)
      assert.ok(greeted.includes(`"version":"${one.version}"`))
      assert.ok(one.version.startsWith(version))
    })

    it('keeps address and data over a kill', async () => {
      await using nats = await startNats({ version })
      const { port, pid, storeFolder } = nats
      await nats.kill('SIGKILL')
      assert.equal(await isAlive(pid), false)
      await nats.restart()
      assert.notEqual(nats.pid, pid)
      assert.match(await greeting(port), /"jetstream":true/)
      assert.ok(readdirSync(storeFolder).includes('jetstream'))
    })

    it('leaves nothing behind', async () => {
      const nats = await startNats({ version })
      await nats.stop()
      assert.equal(await isAlive(nats.pid), false)
      assert.equal(existsSync(nats.storeFolder), false)
    })

    it('leaves a store folder that it was given', async () => {
      await using folder = await temporaryFolder()
      const nats = await startNats({ version, storeFolder: folder.path })
      await nats.stop()
      assert.ok(existsSync(folder.path))
    })

    it('goes away when it is paused', async () => {
      const nats = await startNats({ version })
      await nats.kill('SIGSTOP')
      await nats.stop()
      assert.equal(await isAlive(nats.pid), false)
    })
  })

describe('startFerret', () => {
  skipWithout(findFerret(), FERRET_MISSING)

  it('launches a server that can be killed and started again at its address', async () => {
    await using ferret = await startFerret()
    const { pid, port } = ferret
    assert.equal(ferret.uri, `mongodb://127.0.0.1:${port}/`)
    await ferret.kill()
    assert.equal(await isAlive(pid), false)
    await ferret.restart()
    assert.equal(await isAlive(ferret.pid), true)
  })
})

describe('startProcess', () => {
  it('tells why a server did not come up', () =>
    assert.rejects(
      startProcess(() => ({
        program: process.execPath,
        options: ['-e', 'console.error("bad option"); process.exit(3)'],
        up: () => new Promise(() => undefined),
      })),
      /ended at its start:\nbad option/,
    ))

  it('ends a server that never is up', async () => {
    let pid = 0
    const launch = () => ({
      program: process.execPath,
      options: ['-e', 'console.log(process.pid); setTimeout(() => {}, 20_000)'],
      up: async (output: () => string) => {
        pid = Number(await eventually(output))
        throw new Error('never up')
      },
    })
    await assert.rejects(startProcess(launch), { message: 'never up' })
    await eventually(async () => !(await isAlive(pid)), { say: 'the process is gone' })
  })

  it('does not keep a test process alive that forgot it', () => {
    const program = `
      import { startProcess } from './server-process.ts'
      const options = ['-e', 'console.log("up"); setTimeout(() => {}, 20_000)']
      const up = async (output) => { while (!output()) await new Promise((resolve) => setTimeout(resolve, 5)) }
      const server = await startProcess(() => ({ program: process.execPath, options, up }))
      console.log(server.pid)`
    const options = { cwd: import.meta.dirname, encoding: 'utf8', timeout: 10_000 } as const
    const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program], options)
    assert.equal(signal, null)
    return eventually(async () => !(await isAlive(Number(stdout))), { say: 'the server is gone too' })
  })

  it('says when there is no such program', () =>
    assert.rejects(
      startProcess(() => ({ program: 'no-such-program', options: [], up: async () => undefined })),
      { code: 'ENOENT' },
    ))
})

describe('what tests stand on', () => {
  it('finds each nats-server once', () => {
    const paths = findAllNats().map(({ path }) => path)
    assert.equal(new Set(paths).size, paths.length)
  })

  it('gives a port that can be listened on', async () => assert.ok((await freePort()) > 1023))

  it('removes a temporary folder with what is in it', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder.path, 'x'), 'x')
    await folder[Symbol.asyncDispose]()
    assert.equal(existsSync(folder.path), false)
  })
})
