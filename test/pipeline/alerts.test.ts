import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { COLLECTIONS, idOf, titleOf, type Anomaly } from '@kubewise/contracts'
import { RESOURCES, type Pod } from '@kubewise/kube'
import { DEMO_NAMESPACE } from '@kubewise/simulator'
import { eventually, findNats, skipWithout, temporaryFolder } from '@kubewise/testkit'
import { startLab, type Lab } from './lab.ts'

const TOKEN = 'an-operator-of-this-test'
const WAIT_MS = 30_000

describe('Alertmanager’s alerts', function () {
  skipWithout(findNats(), 'no nats-server found')
  const held = new AsyncDisposableStack()
  let lab: Lab

  before(async () => {
    const file = join(held.use(await temporaryFolder()).path, 'tokens')
    await writeFile(file, `operator alertmanager ${TOKEN}\n`)
    lab = held.use(await startLab({ KUBEWISE_API_TOKEN_FILE: file, KUBEWISE_MODE: 'observe' }))
  })
  after(() => held.disposeAsync())

  async function send(status: 'firing' | 'resolved', labels: Record<string, string>) {
    const alert = { status, labels, startsAt: '2026-01-05T00:00:00Z', fingerprint: idOf(labels['alertname'] ?? '') }
    const response = await fetch(`${lab.kubewise.apiUrl}/api/v1/alertmanager`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ version: '4', alerts: [alert] }),
    })
    assert.equal(response.status, 200, await response.clone().text())
  }
  async function anomaly(name: string, status: Anomaly['status']): Promise<Anomaly> {
    const found = async () => {
      const { items } = await lab.kubewise.store
        .collection(COLLECTIONS.anomalies)
        .find({ orderBy: 'detectedMs', direction: 'desc', limit: 500 })
      return items.find((one) => one.source === 'alert' && one.features['alert'] === name && one.status === status)
    }
    return eventually(found, { timeoutMs: WAIT_MS, say: `the alert ${name} is an anomaly that is ${status}` })
  }

  it('are anomalies on the workload of the pod that they name, and end with them', async () => {
    const pod = lab.simulator.objects
      .list<Pod>(RESOURCES.Pod, DEMO_NAMESPACE)
      .find(({ metadata }) => metadata?.name?.startsWith('search-'))
    const labels = {
      alertname: 'SearchIsSlow',
      namespace: DEMO_NAMESPACE,
      pod: pod?.metadata?.name ?? '',
      severity: 'critical',
    }
    await send('firing', labels)
    const { target, entity, severity, _id } = await anomaly('SearchIsSlow', 'open')
    assert.equal(titleOf(target), `${DEMO_NAMESPACE}/Deployment/search`)
    assert.deepEqual([entity.kind, severity], ['Pod', 'critical'])
    await send('resolved', labels)
    assert.equal((await anomaly('SearchIsSlow', 'resolved'))._id, _id)
  })

  it('that name no object are kept under their own name', async () => {
    await send('firing', { alertname: 'CheckoutErrors', team: 'payments' })
    assert.equal(titleOf((await anomaly('CheckoutErrors', 'open')).target), 'Alert/CheckoutErrors')
    assert.equal(await lab.figure('kubewise_outside_alerts_total', { by: 'nothing' }), 1)
  })

  it('of KubeWise itself do not come back', async () => {
    await send('firing', { alertname: 'KubewiseConsumerStuck', namespace: DEMO_NAMESPACE, deployment: 'web' })
    assert.equal(await lab.figure('kubewise_alertmanager_alerts_total', { outcome: 'own' }), 1)
  })
})
