import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { eventually, findNats, skipWithout, temporaryFolder } from '@kubewise/testkit'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

/** Passes signals on, as the launcher and npm do, a moment later. */
const RELAY = `const demo = require('node:child_process').spawn(process.execPath, [${JSON.stringify(MAIN)}], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => setTimeout(() => demo.kill(signal), 50))
demo.on('exit', (code) => process.exit(code ?? 1))`

/** The demo in a process group of its own, as a shell starts it, with a folder of its own for temporary files. */
function startDemo(folder: string, args: string[]) {
  const demo = spawn(process.execPath, args, {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let text = ''
  demo.stdout.on('data', (chunk) => (text += String(chunk)))
  demo.stderr.on('data', (chunk) => (text += String(chunk)))
  return {
    demo,
    isUp: () => {
      assert.equal(demo.exitCode, null, text)
      return text.includes('API: ')
    },
  }
}

/** Processes whose command line names a folder. */
async function processesIn(folder: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter((line) => line.includes(folder))
}

describe('the demo, when it is ended', function () {
  this.timeout(90_000)
  skipWithout(findNats(), 'no nats-server found')
  skipWithout(process.platform === 'linux' || undefined, 'processes are looked for in /proc')

  const endings: [string, NodeJS.Signals][] = [
    ['Ctrl-C', 'SIGINT'],
    ['closing the terminal', 'SIGHUP'],
  ]
  for (const [how, signal] of endings)
    it(`by ${how}, which it hears of twice, leaves neither process nor file`, async () => {
      await using folder = await temporaryFolder()
      const { demo, isUp } = startDemo(folder.path, ['-e', RELAY])
      await eventually(isUp, { timeoutMs: 60_000 })
      const exit = once(demo, 'exit')
      process.kill(-demo.pid!, signal)
      assert.deepEqual(await exit, [0, null])
      await eventually(async () => (await processesIn(folder.path)).length === 0)
      assert.deepEqual(
        (await readdir(folder.path)).filter((name) => name.startsWith('kubewise-')),
        [],
      )
    })

  it('by SIGKILL, leaves no process', async () => {
    await using folder = await temporaryFolder()
    const { demo, isUp } = startDemo(folder.path, [MAIN])
    await eventually(isUp, { timeoutMs: 60_000 })
    const exit = once(demo, 'exit')
    demo.kill('SIGKILL')
    await exit
    await eventually(async () => (await processesIn(folder.path)).length === 0)
  })
})
