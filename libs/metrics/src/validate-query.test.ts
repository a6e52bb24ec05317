import assert from 'node:assert/strict'
import { systemClock } from '@kubewise/service'
import { createSimulator, type Simulator } from '@kubewise/simulator'
import { METRICS } from './catalogue/catalogue.ts'
import { prometheusAt, type Prometheus } from './prometheus.ts'
import { validateQuery } from './validate-query.ts'

const signal = new AbortController().signal

describe('validateQuery', () => {
  let simulator: Simulator
  let prometheus: Prometheus
  before(async () => {
    simulator = await createSimulator({ clock: systemClock })
    prometheus = prometheusAt(simulator.prometheusUrl, 10_000)
  })
  after(() => simulator.stop())

  it('tells what a good query answers with', async () => {
    const verdict = await validateQuery(prometheus, 'kube_node_info', signal)
    assert.ok(verdict.isValid && verdict.seriesCount > 0)
    assert.equal(verdict.resultType, 'vector')
    assert.ok(verdict.samples.length > 0 && verdict.samples.length <= 5)
    assert.deepEqual(verdict.mistakes, [])
  })
  it('refuses what is no PromQL without asking', async () => {
    const unasked: Prometheus = { query: () => assert.fail(), queryRange: () => assert.fail() }
    const { isValid, mistakes } = await validateQuery(unasked, 'sum(', signal)
    assert.equal(isValid, false)
    assert.match(mistakes.join(), /ends too early/)
  })
  it('says what Prometheus says, where it refuses what the grammar takes', async () => {
    const { isValid, mistakes } = await validateQuery(prometheus, 'rate(kube_node_info)', signal)
    assert.equal(isValid, false)
    assert.match(mistakes.join(), /Prometheus refuses the query/)
  })
  it('refuses ranges, which are no samples', async () => {
    const { isValid, mistakes } = await validateQuery(prometheus, 'kube_node_info[1m]', signal)
    assert.equal(isValid, false)
    assert.match(mistakes.join(), /ranges/)
  })
  it('notes an empty answer', async () => {
    const { isValid, advice } = await validateQuery(prometheus, 'nobody_exports_this', signal)
    assert.equal(isValid, true)
    assert.match(advice.join(), /nothing now/)
  })
  it('throws where Prometheus cannot be asked, which says nothing of the query', async () => {
    await assert.rejects(validateQuery(prometheusAt('http://127.0.0.1:1', 1000), 'up', signal))
  })
  for (const { name, query } of METRICS)
    it(`finds nothing wrong with ${name}`, async () => {
      assert.deepEqual((await validateQuery(prometheus, query, signal)).mistakes, [])
    })
})
