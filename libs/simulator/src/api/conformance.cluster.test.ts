import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { systemClock } from '@kubewise/service'
import { skipWithout } from '@kubewise/testkit'
import { SCHEMA_KINDS } from '../schema/kinds.ts'
import { schemaFromOpenApi, type OpenApiDocument } from '../schema/openapi-schema.ts'
import { SCHEMA } from '../schema/schema.ts'
import { createSimulator } from '../simulator.ts'
import { comparable, compared } from './conformance/compare.ts'
import { titleOf } from './conformance/recording.ts'
import type { ConformanceAnswer } from './conformance/request.ts'
import { REQUESTS } from './conformance/requests/all.ts'
import { runRequests } from './conformance/run.ts'
import { serverOf, type Server } from './conformance/server.ts'
import { KUBERNETES_VERSION } from './http/discovery.ts'

const PATIENCE_MS = 180_000

function paths(body: unknown): string[] {
  const { paths: found = {} } = body as { paths?: Record<string, { serverRelativeURL: string }> }
  return Object.values(found).map(({ serverRelativeURL }) => serverRelativeURL)
}

async function ask(server: Server, path: string): Promise<ConformanceAnswer> {
  return server.ask('GET', path, {}, undefined)
}

describe('simulated API server, compared with a real one', () => {
  const file = skipWithout(process.env['KUBECONFIG'], 'KUBECONFIG is not set: no API server to compare with')
  if (file === undefined) {
    it(`answers ${compared(REQUESTS).length} requests alike`)
    return
  }
  const server = serverOf(readFileSync(file, 'utf8'))
  const namespace = `conformance-${Math.trunc(systemClock.now()).toString(36)}`
  let real: ConformanceAnswer[] = []
  let simulated: ConformanceAnswer[] = []

  before(async function askBoth() {
    this.timeout(PATIENCE_MS)
    const simulator = await createSimulator({ clock: systemClock, nodes: 0 })
    try {
      simulated = await runRequests(serverOf(simulator.kubeconfig()), REQUESTS, namespace)
      real = await runRequests(server, REQUESTS, namespace)
    } finally {
      await simulator.stop()
    }
  })

  for (const { request, index } of compared(REQUESTS)) {
    it(titleOf(request), () => {
      const [theirs, ours] = [real[index], simulated[index]]
      assert.ok(theirs !== undefined && ours !== undefined)
      assert.deepEqual(comparable(request, ours, namespace), comparable(request, theirs, namespace))
    })
  }

  it('knows the types of the API as the server of its version describes them', async function compareTypes() {
    const { body } = await ask(server, '/version')
    const { gitVersion = '' } = body as { gitVersion?: string }
    const minor = (version: string) => version.split('.').slice(0, 2).join('.')
    if (minor(gitVersion) !== minor(KUBERNETES_VERSION)) {
      process.stderr.write(`skipped: the server is ${gitVersion}, the types are those of ${KUBERNETES_VERSION}\n`)
      this.skip()
    }
    const index = await ask(server, '/openapi/v3')
    const documents = await Promise.all(
      paths(index.body)
        .sort()
        .map((path) => ask(server, path)),
    )
    const described = schemaFromOpenApi(
      documents.map((document) => document.body as OpenApiDocument),
      SCHEMA_KINDS,
    )
    assert.deepEqual(described, SCHEMA)
  })
})
