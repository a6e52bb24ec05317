import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { eventually, findNats, freePort, skipWithout, startNats, temporaryFolder } from '@kubewise/testkit'

const SERVICES = ['collector', 'detector', 'planner', 'executor', 'api'] as const
const NOWHERE = '127.0.0.1:1'

/** One service as a process of its own, with exactly this environment. */
function start(name: string, env: Record<string, string>) {
  const child = spawn(process.execPath, [`services/${name}/src/main.ts`], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  return {
    child,
    exit,
    output: () => output,
    [Symbol.asyncDispose]: async () => void (child.kill('SIGKILL') && (await exit)),
  }
}

const readyz = (port: number) =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    async (response) => ({ ok: response.ok, text: await response.text() }),
    () => undefined,
  )

describe('each service as a process', () => {
  for (const name of SERVICES)
    it(`${name}: tells every mistake of its configuration at once and ends with 2`, async () => {
      await using service = start(name, { KUBEWISE_CLUSTER: 'not a name', LOG_LEVEL: 'loud', ADMIN_PORT: 'high' })
      assert.equal(await service.exit, 2)
      for (const variable of ['KUBEWISE_CLUSTER', 'LOG_LEVEL', 'ADMIN_PORT', 'NATS_URL'])
        assert.match(service.output(), new RegExp(`${variable}: `))
      assert.doesNotMatch(service.output(), /at .*\.ts:\d+/, 'a sentence, no stack')
    })

  describe('with nothing there', function () {
    skipWithout(findNats(), 'no nats-server found')
    for (const name of SERVICES)
      it(`${name}: waits for its dependencies, says which, works once they are there, and drains on SIGTERM`, async () => {
        await using folder = await temporaryFolder()
        const [adminPort, natsPort] = await Promise.all([freePort(), freePort()])
        const kubeconfig = JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [{ name: 'c', cluster: { server: `http://${NOWHERE}` } }],
          users: [{ name: 'u', user: {} }],
          contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
          'current-context': 'x',
        })
        const file = `${folder.path}/kubeconfig`
        await writeFile(file, kubeconfig)
        await using service = start(name, {
          NATS_URL: `nats://127.0.0.1:${natsPort}`,
          KUBECONFIG: file,
          PROM_URL: `http://${NOWHERE}`,
          KUBEWISE_HOME: folder.path,
          ADMIN_PORT: String(adminPort),
          PORT: '0',
        })
        const missing = await eventually(
          async () => {
            const answer = await readyz(adminPort)
            return answer && !answer.ok && /nats cannot be reached/.test(answer.text) ? answer : undefined
          },
          { timeoutMs: 20_000, say: `${name} says what it misses: ${service.output()}` },
        )
        assert.match(missing.text, /nats/)
        await using nats = await startNats({ port: natsPort })
        assert.ok(nats.pid > 0)
        await eventually(
          async () => !/nats cannot be reached/.test((await readyz(adminPort))?.text ?? 'nats cannot be reached'),
          { timeoutMs: 30_000, say: `${name} has found its nats-server` },
        )
        assert.equal(service.child.exitCode, null, 'it still runs')
        service.child.kill('SIGTERM')
        assert.equal(await service.exit, 0, service.output())
      })
  })
})
