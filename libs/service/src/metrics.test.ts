import assert from 'node:assert/strict'
import { createMetrics } from './metrics.ts'

const text = (metrics: ReturnType<typeof createMetrics>) => metrics.registry.metrics()

describe('createMetrics', () => {
  it('keeps a registry for each app', async () => {
    const [one, other] = [createMetrics('one', '1'), createMetrics('other', '1')]
    one.counter('kubewise_things_total', 'Things.').inc()
    assert.match(await text(one), /kubewise_things_total 1/)
    assert.doesNotMatch(await text(other), /kubewise_things_total/)
  })

  it('tells what runs', async () =>
    assert.match(
      await text(createMetrics('planner', '0.1.0')),
      new RegExp(`kubewise_build_info\\{service="planner",version="0.1.0",node="${process.versions.node}"\\} 1`),
    ))

  it('shows every combination of listed label values from the start', async () => {
    const metrics = createMetrics('x', '1')
    metrics.counter('kubewise_refusals_total', 'Refusals.', { code: ['cooldown', 'storm'], mode: ['auto', 'approve'] })
    const lines = (await text(metrics)).split('\n').filter((line) => line.startsWith('kubewise_refusals_total{'))
    assert.deepEqual(lines.sort(), [
      'kubewise_refusals_total{code="cooldown",mode="approve"} 0',
      'kubewise_refusals_total{code="cooldown",mode="auto"} 0',
      'kubewise_refusals_total{code="storm",mode="approve"} 0',
      'kubewise_refusals_total{code="storm",mode="auto"} 0',
    ])
  })

  it('shows nothing of an open label until it is used', async () => {
    const metrics = createMetrics('x', '1')
    const counter = metrics.counter('kubewise_reads_total', 'Reads.', { stream: [], outcome: ['ok', 'failed'] })
    assert.doesNotMatch(await text(metrics), /kubewise_reads_total\{/)
    counter.inc({ stream: 'PLANS', outcome: 'ok' })
    assert.match(await text(metrics), /kubewise_reads_total\{stream="PLANS",outcome="ok"\} 1/)
  })

  it('starts histograms at zero and counts into their buckets', async () => {
    const metrics = createMetrics('x', '1')
    const seconds = metrics.histogram('kubewise_wait_seconds', 'Waits.', [0.1, 1], { stage: ['plan'] })
    assert.match(await text(metrics), /kubewise_wait_seconds_count\{stage="plan"\} 0/)
    seconds.observe({ stage: 'plan' }, 0.5)
    assert.match(await text(metrics), /kubewise_wait_seconds_bucket\{le="1",stage="plan"\} 1/)
  })

  it('reads a sampled gauge when it is scraped', async () => {
    const metrics = createMetrics('x', '1')
    let depth = 1
    metrics.sampled('kubewise_queue_size', 'Depth.', () => depth)
    depth = 7
    assert.match(await text(metrics), /kubewise_queue_size 7/)
    metrics.sampled('kubewise_queue_size', 'Depth.', () => 8)
    assert.match(await text(metrics), /kubewise_queue_size 8/)
  })

  it('gives the metric that is there when asked again, and refuses another kind', () => {
    const metrics = createMetrics('x', '1')
    const first = metrics.counter('kubewise_things_total', 'Things.')
    assert.equal(metrics.counter('kubewise_things_total', 'Things.'), first)
    assert.throws(() => metrics.gauge('kubewise_things_total', 'Things.'), /kubewise_things_total: .*expected Gauge/)
  })

  it('shows the process only when asked', async () => {
    assert.doesNotMatch(await text(createMetrics('x', '1')), /process_cpu/)
    assert.match(await text(createMetrics('x', '1', { hasProcessMetrics: true })), /process_cpu_seconds_total/)
  })
})
