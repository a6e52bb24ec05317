import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually, freePort, temporaryFolder } from '@kubewise/testkit'
import { listen } from './listen.ts'

/** A service that waits for a file to appear, and whose behaviour at start and stop is told by its environment. */
const PROGRAM = `
import { existsSync } from 'node:fs'
import { Type } from 'typebox'
import { loadConfig, processSettings, run, untilUp } from '${new URL('index.ts', import.meta.url).href}'

const schema = Type.Object({
  ...processSettings,
  UP: Type.String(),
  COUNT: Type.Integer({ default: 1 }),
  START: Type.Optional(Type.String()),
  STOP: Type.Optional(Type.String()),
})
await run('probe', (env) => loadConfig(schema, env), (kit, config) => ({
  name: 'probe',
  health: kit.health,
  async start() {
    kit.log.info({ count: config.COUNT }, 'begins')
    if (config.START === 'throws') throw new Error('cannot start')
    await untilUp('file', async () => { if (!existsSync(config.UP)) throw new Error('no file') }, kit)
    if (config.START === 'rejects later') setTimeout(() => Promise.reject(new Error('nobody caught this')), 1)
    kit.crashpoint('started')
  },
  async stop() {
    kit.log.info({ isAborted: kit.signal.aborted }, 'lets go')
    if (config.STOP === 'hangs') await new Promise(() => undefined)
    if (config.STOP === 'throws') throw new Error('cannot stop')
  },
}))
`

interface Line {
  level: string
  msg: string
  [field: string]: unknown
}

async function launch(folder: string, env: Record<string, string> = {}) {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', PROGRAM.replace(`'typebox'`, `'${import.meta.resolve('typebox')}'`)],
    {
      cwd: folder,
      env: { PATH: process.env['PATH'], ADMIN_PORT: '0', UP: folder, ...env },
      timeout: 15_000,
      killSignal: 'SIGKILL',
    },
  )
  const exit = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (out += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (err += chunk))
  const lines = () =>
    out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line)
  const line = (msg: string) =>
    eventually(() => lines().find((each) => each.msg === msg), { say: `a line "${msg}" (${err})` })
  return {
    child,
    exit,
    lines,
    line,
    err: () => err,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

describe('run', () => {
  it('starts, answers probes, drains on SIGTERM and ends with 0', async () => {
    await using folder = await temporaryFolder()
    await using probe = await launch(folder.path)
    const { adminPort } = await probe.line('started')
    assert.equal((await fetch(`http://127.0.0.1:${String(adminPort)}/readyz`)).status, 200)
    probe.child.kill('SIGTERM')
    assert.deepEqual(await probe.exit, [0, null])
    assert.deepEqual(
      probe.lines().map(({ msg }) => msg),
      ['begins', 'started', 'stopping', 'lets go', 'stopped'],
    )
    assert.equal((await probe.line('lets go'))['isAborted'], true)
    assert.equal(probe.err(), '')
  })

  it('reads the .env file of its folder', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, '.env'), 'COUNT=7\nADMIN_PORT=not this\n')
    await using probe = await launch(folder.path)
    assert.equal((await probe.line('begins'))['count'], 7)
  })

  it('waits for a dependency, alive but not ready, and goes on when it is there', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'up')
    const port = await freePort()
    await using probe = await launch(folder.path, { UP: file, ADMIN_PORT: String(port) })
    await probe.line('dependency is missing, trying until it is there')
    const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status
    assert.deepEqual([await status('/livez'), await status('/readyz')], [200, 503])
    await writeFile(file, '')
    await probe.line('started')
  })

  it('stops also while it waits', async () => {
    await using folder = await temporaryFolder()
    await using probe = await launch(folder.path, { UP: join(folder.path, 'never') })
    await probe.line('dependency is missing, trying until it is there')
    probe.child.kill('SIGINT')
    assert.deepEqual(await probe.exit, [0, null])
  })

  it('tells every mistake of a wrong configuration in plain text and ends with 2', async () => {
    await using folder = await temporaryFolder()
    await using probe = await launch(folder.path, { COUNT: 'many', LOG_LEVEL: 'LOUD' })
    assert.deepEqual(await probe.exit, [2, null])
    assert.equal(
      probe.err(),
      `kubewise probe: the configuration is wrong:
  LOG_LEVEL: expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL, got "loud"
  COUNT: expected a whole number, got "many"
`,
    )
    assert.deepEqual(probe.lines(), [])
  })

  it('says in one sentence that its port is taken and ends with 1', async () => {
    await using folder = await temporaryFolder()
    const server = createServer()
    const port = await listen(server, { port: 0, variable: 'PORT' })
    await using probe = await launch(folder.path, { ADMIN_PORT: String(port) })
    assert.deepEqual(await probe.exit, [1, null])
    assert.equal(
      probe.err(),
      `kubewise probe: port ${port} is in use: set ADMIN_PORT to another port, 0 takes a free one\n`,
    )
    server.close()
  })

  const failures: [string, Record<string, string>, string][] = [
    ['a start that throws', { START: 'throws' }, 'start failed'],
    ['an error that nobody caught', { START: 'rejects later' }, 'uncaught error, stopping'],
  ]
  for (const [what, env, line] of failures)
    it(`logs ${what}, lets go and ends with 1`, async () => {
      await using folder = await temporaryFolder()
      await using probe = await launch(folder.path, env)
      assert.deepEqual(await probe.exit, [1, null])
      assert.equal((await probe.line(line)).level, 'fatal')
      await probe.line('lets go')
    })

  it('logs a stop that throws and ends with 1', async () => {
    await using folder = await temporaryFolder()
    await using probe = await launch(folder.path, { STOP: 'throws' })
    await probe.line('started')
    probe.child.kill('SIGTERM')
    assert.deepEqual(await probe.exit, [1, null])
    assert.match(JSON.stringify(await probe.line('stop failed')), /cannot stop/)
  })

  it('ends at once on a second signal', async () => {
    await using folder = await temporaryFolder()
    await using probe = await launch(folder.path, { STOP: 'hangs' })
    await probe.line('started')
    probe.child.kill('SIGTERM')
    await probe.line('lets go')
    probe.child.kill('SIGINT')
    assert.deepEqual(await probe.exit, [1, null])
  })

  it('dies at its crashpoint', async () => {
    await using folder = await temporaryFolder()
    await using probe = await launch(folder.path, { KUBEWISE_CRASHPOINT: 'started' })
    assert.deepEqual(await probe.exit, [null, 'SIGKILL'])
  })

  it('warns of a setting that has no effect', async () => {
    await using folder = await temporaryFolder()
    await using probe = await launch(folder.path, { KUBEWISE_MOD: 'auto' })
    assert.match(String((await probe.line('doubtful setting'))['say']), /^KUBEWISE_MOD/)
  })
})
