import assert from 'node:assert/strict'
import { systemClock } from '@kubewise/service'
import { createSimulator } from '../simulator.ts'
import { comparable, compared } from './conformance/compare.ts'
import { readRecording, titleOf } from './conformance/recording.ts'
import type { ConformanceAnswer } from './conformance/request.ts'
import { REQUESTS } from './conformance/requests/all.ts'
import { runRequests } from './conformance/run.ts'
import { serverOf } from './conformance/server.ts'

const PATIENCE_MS = 60_000

describe('simulated API server, compared with what a real one answered', () => {
  const namespace = 'conformance-recorded'
  const recorded = readRecording()
  let answers: ConformanceAnswer[] = []

  before(async function ask() {
    this.timeout(PATIENCE_MS)
    const simulator = await createSimulator({ clock: systemClock, nodes: 0 })
    try {
      answers = await runRequests(serverOf(simulator.kubeconfig()), REQUESTS, namespace)
    } finally {
      await simulator.stop()
    }
  })

  it('was asked the same then as it is now', () => {
    const titles = compared(REQUESTS).map(({ request }) => titleOf(request))
    assert.equal(new Set(titles).size, titles.length, 'two requests of one title')
    assert.deepEqual([...recorded.keys()], titles)
  })

  for (const { request, index } of compared(REQUESTS)) {
    it(titleOf(request), () => {
      const answer = answers[index]
      assert.ok(answer !== undefined)
      assert.deepEqual(comparable(request, answer, namespace), recorded.get(titleOf(request)))
    })
  }
})
