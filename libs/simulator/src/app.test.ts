import assert from 'node:assert/strict'
import { eventually, freePort, testKit } from '@kubewise/testkit'
import { createSimulatedCluster } from './app.ts'
import { readConfig } from './config.ts'

describe('the simulated cluster as a process', () => {
  it('serves both APIs with the shop of the demo in it, and takes orders', async () => {
    const [port, prometheus, control] = await Promise.all([freePort(), freePort(), freePort()])
    const config = readConfig({
      PORT: `${port}`,
      PROM_PORT: `${prometheus}`,
      CONTROL_PORT: `${control}`,
      CLOCK_FACTOR: '20',
    })
    const kit = testKit()
    const cluster = createSimulatedCluster(kit, config)
    await cluster.start()
    try {
      const read = async (url: string) => (await fetch(url)).text()
      const deployments = await read(`http://127.0.0.1:${port}/apis/apps/v1/namespaces/shop/deployments/search`)
      assert.match(deployments, /shop\/search/)
      await eventually(async () => (await read(`http://127.0.0.1:${prometheus}/metrics`)).includes('kube_pod_info'))
      const order = { method: 'POST', body: '{"name":"bad-image"}' }
      assert.equal((await fetch(`http://127.0.0.1:${control}/faults`, order)).status, 200)
    } finally {
      await cluster.stop()
    }
    await assert.rejects(fetch(`http://127.0.0.1:${port}/version`))
  })

  it('tells every setting that is wrong', () => {
    assert.throws(
      () => readConfig({ PORT: 'x', CLOCK_FACTOR: '0' }),
      /PORT: .*[^]*CLOCK_FACTOR: expected a number above 0/,
    )
  })
})
