import assert from 'node:assert/strict'
import type { Execution, Incident } from '@kubewise/contracts'
import { eventually, skipWithout } from '@kubewise/testkit'
import { install, type Installation } from './compose.ts'
import { findCompose, NO_COMPOSE } from './engine.ts'

const SERVICES = ['api', 'collector', 'detector', 'executor', 'mongo', 'nats', 'planner', 'prometheus', 'simulator']
const WELL_MS = 120_000
const REPAIRED_MS = 300_000

describe('docker compose up', () => {
  skipWithout(findCompose(), NO_COMPOSE)
  let installation: Installation

  before(async () => {
    if (findCompose()) installation = await install()
  })
  afterEach(async function tellWhy() {
    if (this.currentTest?.state === 'failed') process.stderr.write(await installation.logs())
  })
  after(() => installation?.[Symbol.asyncDispose]())

  async function ask<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(`${installation.url}${path}`, { signal: AbortSignal.timeout(10_000), ...init })
    assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`)
    return (await response.json()) as T
  }
  const itemsOf = async <T>(path: string) => (await ask<{ items: T[] }>(path)).items

  /** Asks a server inside the network from a container that has Node. */
  const inside = async (url: string): Promise<unknown> =>
    JSON.parse(
      await installation.exec(
        'simulator',
        'node',
        '--eval',
        'fetch(process.argv[1]).then((answer) => answer.text()).then(console.log)',
        url,
      ),
    )

  it('brings everything up by its own health checks', async () => {
    const containers = await installation.containers()
    assert.deepEqual(containers.map(({ Service }) => Service).sort(), SERVICES)
    for (const { Service, State, Health } of containers)
      assert.deepEqual({ Service, State, Health }, { Service, State: 'running', Health: 'healthy' })
    assert.deepEqual(await ask('/health'), { status: 'ok' })
  })

  it('publishes the port of the api on loopback and nothing else', async () => {
    const published = (await installation.containers())
      .flatMap(({ Service, Publishers }) => (Publishers ?? []).map((port) => ({ Service, ...port })))
      .filter(({ PublishedPort }) => PublishedPort !== 0)
    assert.deepEqual(
      published.map(({ Service, URL: address, TargetPort }) => ({ Service, address, TargetPort })),
      [{ Service: 'api', address: '127.0.0.1', TargetPort: 8000 }],
    )
  })

  it('has Prometheus scrape the cluster and KubeWise itself', async () => {
    const valueOf = async (query: string) => {
      const { data } = (await inside(`http://prometheus:9090/api/v1/query?query=${encodeURIComponent(query)}`)) as {
        data: { result: { value: [number, string] }[] }
      }
      return Number(data.result[0]?.value[1] ?? 0)
    }
    await eventually(async () => (await valueOf('sum(up{job="kubewise"})')) === 5, {
      timeoutMs: WELL_MS,
      everyMs: 1000,
      say: 'five services are scraped',
    })
    assert.ok((await valueOf('count(kube_pod_status_ready)')) > 0)
    assert.ok((await valueOf('count(container_memory_working_set_bytes{job="kubelet"})')) > 0)
  })

  it('lets only those change anything who have a token for it', async () => {
    const change = async (token?: string) => {
      const response = await fetch(`${installation.url}/api/v1/config`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
        body: '{"maxParallel":5}',
      })
      return response.status
    }
    const given = [await change(), await change('demo-token-operator'), await change('demo-token-administrator')]
    assert.deepEqual(given, [401, 403, 200])
  })

  it('repairs a fault, and says so when asked through the api', async () => {
    const search = 'http://simulator:6443/apis/apps/v1/namespaces/shop/deployments/search'
    interface Deployment {
      spec: { replicas: number; template: { spec: { containers: { image: string }[] } } }
      status: { readyReplicas?: number; updatedReplicas?: number }
    }
    const deployment = async () => (await inside(search)) as Deployment
    const imageOf = ({ spec }: Deployment) => spec.template.spec.containers[0]?.image
    const wanted = await eventually(
      async () => {
        const found = await deployment()
        return found.status.readyReplicas === found.spec.replicas && found
      },
      { timeoutMs: WELL_MS, everyMs: 1000, say: 'search is well before' },
    )

    await installation.exec('simulator', 'node', 'libs/simulator/src/inject.ts', 'bad-image', 'Deployment/search')
    assert.notEqual(imageOf(await deployment()), imageOf(wanted))

    const execution = await eventually(
      async () => {
        const executions = await itemsOf<Execution>('/api/v1/executions')
        return executions.find(({ target, status }) => target.name === 'search' && status === 'recovered')
      },
      { timeoutMs: REPAIRED_MS, everyMs: 1000, say: 'an execution on search has recovered' },
    )
    const { action, status, object } = execution.steps[0]!
    assert.deepEqual([action, status, object.name], ['rollback@1', 'verified', 'search'])
    const incident = await eventually(
      async () => {
        const incidents = await itemsOf<Incident>('/api/v1/incidents?status=resolved')
        return incidents.find(({ target }) => target.name === 'search')
      },
      { timeoutMs: WELL_MS, everyMs: 1000, say: 'the incident is resolved' },
    )
    assert.equal(incident.attempts, 1)

    // The cluster has the last word, not KubeWise.
    const found = await deployment()
    assert.equal(imageOf(found), imageOf(wanted))
    assert.equal(found.status.readyReplicas, found.spec.replicas)
  })
})
