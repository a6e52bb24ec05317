import assert from 'node:assert/strict'
import { systemClock } from '@kubewise/service'
import { createSimulator, type Simulator } from '@kubewise/simulator'
import { createCommandLine } from '../app.ts'

describe('kubewise validate-queries', () => {
  let simulator: Simulator
  before(async () => (simulator = await createSimulator({ clock: systemClock })))
  after(() => simulator.stop())

  async function run(args: readonly string[], env: Record<string, string> = {}) {
    const said = { out: '', err: '' }
    const code = await createCommandLine({
      out: (text) => void (said.out += text),
      err: (text) => void (said.err += text),
      env: () => ({ PROM_URL: simulator.prometheusUrl, ...env }),
    }).run(['validate-queries', ...args])
    return { code, ...said }
  }

  it('tries every query in force', async () => {
    const { code, out, err } = await run([])
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /^pod_cpu_utilization_pct: \d+ series$/m)
  })

  it('tries one that is given, with notes and series', async () => {
    const { code, out } = await run(['kube_node_info > 0'])
    assert.equal(code, 0)
    assert.match(out, /^query: [1-9]\d* series$/m)
    assert.match(out, /note: '> 0' drops values/)
    assert.match(out, /"node":/)
  })

  it('ends with 1 where Prometheus refuses one, and says which and why', async () => {
    const queries = JSON.stringify({ fine: 'up', broken: 'rate(kube_node_info)' })
    const { code, out, err } = await run([], { PROM_QUERIES: queries })
    assert.equal(code, 1)
    assert.match(out, /^fine: /m)
    assert.match(err, /^broken: Prometheus refuses the query/m)
  })

  it('ends with 2 where a query of the settings is no PromQL', async () => {
    const { code, err } = await run([], { PROM_QUERIES: '{"broken": "sum("}' })
    assert.equal(code, 2)
    assert.match(err, /^PROM_QUERIES: broken: the query ends too early/)
  })

  it('ends with 1 where Prometheus cannot be asked, and tells machines the same', async () => {
    const { code, out } = await run(['up', '--prometheus', 'http://127.0.0.1:1', '-o', 'json'])
    assert.equal(code, 1)
    const { ok, queries } = JSON.parse(out)
    assert.equal(ok, false)
    assert.match(queries[0].trouble, /127\.0\.0\.1:1/)
  })

  it('ends with 2 where nothing is asked of Prometheus, unless one is named', async () => {
    const { code, err } = await run(['up'], { PROM_URL: 'none' })
    assert.equal(code, 2)
    assert.match(err, /^PROM_URL is none: /)
    assert.equal((await run(['up', '--prometheus', simulator.prometheusUrl], { PROM_URL: 'none' })).code, 0)
  })

  it('knows no other format than json', async () => {
    assert.equal((await run(['up', '-o', 'yaml'])).code, 2)
  })
})
