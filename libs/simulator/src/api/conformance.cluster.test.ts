import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { systemClock } from '@kubewise/service'
import { createSimulator } from '../simulator.ts'
import { comparable } from './conformance/compare.ts'
import type { ConformanceAnswer } from './conformance/request.ts'
import { REQUESTS } from './conformance/requests/all.ts'
import { runRequests } from './conformance/run.ts'
import { serverOf } from './conformance/server.ts'

const kubeconfig = process.env['KUBECONFIG']
const PATIENCE_MS = 180_000

describe('simulated API server, compared with the real one of KUBECONFIG', () => {
  const namespace = `conformance-${Date.now().toString(36)}`
  let real: ConformanceAnswer[] = []
  let simulated: ConformanceAnswer[] = []

  before(async function () {
    if (kubeconfig === undefined || kubeconfig === '') {
      this.test?.parent?.suites.forEach((suite) => suite.eachTest((test) => (test.pending = true)))
      console.log('    skipped: KUBECONFIG names no cluster to compare with')
      this.skip()
    }
    this.timeout(PATIENCE_MS)
    const simulator = await createSimulator({ clock: systemClock, nodes: 0 })
    try {
      const servers = [serverOf(simulator.kubeconfig()), serverOf(readFileSync(kubeconfig, 'utf8'))]
      const answers = await Promise.all(servers.map((server) => runRequests(server, REQUESTS, namespace)))
      simulated = answers[0] ?? []
      real = answers[1] ?? []
    } finally {
      await simulator.stop()
    }
  })

  REQUESTS.forEach((request, index) => {
    if (request.isSetUp === true) return
    it(`${request.method} ${request.say}`, () => {
      const [theirs, ours] = [real[index], simulated[index]]
      assert.ok(theirs !== undefined && ours !== undefined)
      assert.deepEqual(comparable(request, ours), comparable(request, theirs))
    })
  })
})
