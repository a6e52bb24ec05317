import assert from 'node:assert/strict'
import { silentLog } from '@kubewise/testkit'
import { startAdminServer } from './admin-server.ts'
import { createHealth } from './health.ts'
import { ListenError } from './listen.ts'
import { createMetrics } from './metrics.ts'

const parts = () => ({ host: '127.0.0.1', health: createHealth(), metrics: createMetrics('test', '1'), log: silentLog })

describe('startAdminServer', () => {
  it('answers probes by what the health says', async () => {
    const { health, ...rest } = parts()
    await using admin = await startAdminServer({ port: 0, health, ...rest })
    const status = async (path: string) => (await fetch(`http://127.0.0.1:${admin.port}${path}`)).status
    const statuses = () => Promise.all(['/livez', '/readyz', '/health'].map((path) => status(path)))

    assert.deepEqual(await statuses(), [200, 200, 200])
    health.set('prometheus', 'quality', { ok: false, say: 'slow' })
    assert.deepEqual(await statuses(), [200, 200, 200])
    health.set('nats', 'ready', { ok: false, say: 'gone' })
    assert.deepEqual(await statuses(), [200, 503, 503])
    health.set('loop', 'live', { ok: false, say: 'stuck' })
    assert.deepEqual(await statuses(), [503, 503, 503])
  })

  it('says in words what is wrong', async () => {
    const { health, ...rest } = parts()
    health.set('nats', 'ready', { ok: false, say: 'nats cannot be reached: connect ECONNREFUSED' })
    await using admin = await startAdminServer({ port: 0, health, ...rest })
    const report = await (await fetch(`http://127.0.0.1:${admin.port}/health?verbose`)).json()
    assert.deepEqual(report, {
      status: 'failed',
      isLive: true,
      isReady: false,
      checks: { nats: { kind: 'ready', ok: false, say: 'nats cannot be reached: connect ECONNREFUSED' } },
    })
  })

  it('serves metrics in the text format', async () => {
    await using admin = await startAdminServer({ port: 0, ...parts() })
    const response = await fetch(`http://127.0.0.1:${admin.port}/metrics`)
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.match(await response.text(), /kubewise_build_info/)
  })

  it('answers 500 when a metric cannot be read, and goes on', async () => {
    const { metrics, ...rest } = parts()
    metrics.sampled('kubewise_broken', 'Broken.', () => {
      throw new Error('secret detail')
    })
    await using admin = await startAdminServer({ port: 0, metrics, ...rest })
    const response = await fetch(`http://127.0.0.1:${admin.port}/metrics`)
    assert.equal(response.status, 500)
    assert.doesNotMatch(await response.text(), /secret detail/)
    assert.equal((await fetch(`http://127.0.0.1:${admin.port}/livez`)).status, 200)
  })

  const refused: [string, string, number][] = [
    ['GET', '/', 404],
    ['GET', '/constructor', 404],
    ['GET', '/metrics/', 404],
    ['POST', '/livez', 405],
    ['HEAD', '/livez', 200],
  ]
  for (const [method, path, status] of refused)
    it(`${method} ${path} → ${status}`, async () => {
      await using admin = await startAdminServer({ port: 0, ...parts() })
      assert.equal((await fetch(`http://127.0.0.1:${admin.port}${path}`, { method })).status, status)
    })

  it('says in one sentence that its port is taken', async () => {
    await using first = await startAdminServer({ port: 0, ...parts() })
    await assert.rejects(startAdminServer({ port: first.port, ...parts() }), (error) => {
      assert.ok(error instanceof ListenError)
      assert.equal(
        error.message,
        `127.0.0.1:${first.port} is in use: set ADMIN_PORT to another port, 0 takes a free one`,
      )
      return true
    })
  })
})
