import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { silentLog } from '@kubewise/testkit'
import { serveControl, type ControlServer } from './control.ts'
import type { Fault } from './port.ts'
import { FAULTS } from './world/faults/catalogue.ts'

const INJECT = fileURLToPath(new URL('inject.ts', import.meta.url))

describe('control of a simulator', () => {
  let control: ControlServer
  let injected: Fault[]

  beforeEach(async () => {
    injected = []
    const simulator = {
      inject(fault: Fault) {
        if (fault.target === 'Deployment/none') throw new RangeError('there is no Deployment none in shop')
        if (fault.target === 'Deployment/bug') throw new TypeError('x is undefined')
        injected.push(fault)
      },
    }
    control = await serveControl({ simulator, log: silentLog, port: 0 })
  })
  afterEach(() => control[Symbol.asyncDispose]())

  async function ask(path: string, init: RequestInit = {}): Promise<[number, unknown]> {
    const response = await fetch(`http://127.0.0.1:${control.port}${path}`, init)
    return [response.status, await response.json()]
  }
  const order = (body: string) => ask('/faults', { method: 'POST', body })

  it('lists what can be broken', async () => assert.deepEqual(await ask('/faults'), [200, { faults: FAULTS }]))

  it('breaks what the fault breaks in the demo', async () => {
    const fault = { name: 'bad-image', namespace: 'shop', target: 'Deployment/search' }
    assert.deepEqual(await order('{"name":"bad-image"}'), [200, { fault }])
    assert.deepEqual(injected, [fault])
  })

  it('breaks what it is told to', async () => {
    await order('{"name":"memory","target":"StatefulSet/cart","namespace":"other"}')
    assert.deepEqual(injected, [{ name: 'memory', namespace: 'other', target: 'StatefulSet/cart' }])
  })

  const refusals: [string, string, number, RegExp][] = [
    ['no JSON', '{', 400, /JSON/],
    ['no object', '7', 400, /expected a JSON object/],
    ['null', 'null', 400, /expected a JSON object/],
    ['no name', '{}', 400, /expected text/],
    ['a number as target', '{"name":"memory","target":7}', 400, /expected text/],
    ['a target that is not there', '{"name":"memory","target":"Deployment/none"}', 400, /there is no Deployment none/],
    ['a mistake of the simulator', '{"name":"memory","target":"Deployment/bug"}', 500, /see the log/],
  ]
  for (const [what, body, status, say] of refusals)
    it(`answers ${status} to ${what}`, async () => {
      const [given, { error }] = (await order(body)) as [number, { error: string }]
      assert.equal(given, status)
      assert.match(error, say)
      assert.deepEqual(injected, [])
    })

  it('answers nothing else', async () => {
    assert.equal((await ask('/'))[0], 404)
    assert.equal((await ask('/faults', { method: 'DELETE' }))[0], 405)
  })

  const run = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [INJECT, '--port', String(control.port), ...args], (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      )
    })

  it('is spoken to from the command line', async () => {
    const [listed, done, wrong] = await Promise.all([
      run(),
      run('bad-image', 'Deployment/web'),
      run('memory', 'Deployment/none'),
    ])
    assert.equal(listed.stdout.split('\n').length, FAULTS.length + 1)
    assert.deepEqual(done, { code: 0, stdout: 'bad-image in shop/Deployment/web\n', stderr: '' })
    assert.deepEqual(wrong, { code: 2, stdout: '', stderr: 'inject: there is no Deployment none in shop\n' })
  })
})
