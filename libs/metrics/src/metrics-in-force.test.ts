import assert from 'node:assert/strict'
import { METRICS } from './catalogue/catalogue.ts'
import { metricsInForce } from './metrics-in-force.ts'
import { readQuery } from './query-syntax.ts'

/** Names of the original's default queries. */
const ORIGINAL = [
  'pod_cpu_utilization_pct',
  'pod_memory_utilization_pct',
  'pod_oom_events',
  'pod_oomkilled_state',
  'pod_not_ready',
  'pod_container_waiting',
  'deployment_replicas_available_ratio',
  'statefulset_replicas_available_ratio',
  'pod_crashloopbackoff',
  'pod_imagepullbackoff',
  'pod_container_restarts',
  'pod_failed',
  'pod_tcp_retransmits_per_second',
  'pod_dns_request_failures',
  'node_not_ready',
  'node_memory_pressure',
  'node_disk_pressure',
  'node_pid_pressure',
  'node_load_high',
  'node_disk_usage_pct',
]

describe('metricsInForce', () => {
  it('takes the catalogue, each name once, with all of the original’s', () => {
    const names = METRICS.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    assert.deepEqual(
      ORIGINAL.filter((name) => !names.includes(name)),
      [],
    )
  })

  it('asks for nothing of the catalogue more often than the common interval', () => {
    assert.ok(metricsInForce(undefined, 45_000).every(({ intervalMs }) => intervalMs >= 45_000))
    assert.deepEqual(metricsInForce(undefined, 1000), METRICS)
  })

  it('takes own queries instead, with what the catalogue knows of a name that it has', () => {
    const [memory, own] = metricsInForce(
      [
        { name: 'pod_memory_utilization_pct', query: 'mine' },
        {
          name: 'own',
          query: 'x',
          interval: 60,
          unit: 'seconds',
          direction: 'down',
          floor: 0.5,
          minEffect: 2,
          limit: 9,
        },
      ],
      15_000,
    )
    assert.equal(memory!.query, 'mine')
    assert.deepEqual([memory!.bad, memory!.limit, memory!.intervalMs], ['up', 100, 15_000])
    assert.deepEqual(own, {
      name: 'own',
      query: 'x',
      intervalMs: 60_000,
      unit: 'seconds',
      bad: 'down',
      floor: 0.5,
      minEffect: 2,
      limit: 9,
    })
  })

  it('makes a share that can be parsed also of an expression that ends in a comment', () => {
    const [, share] = metricsInForce([{ name: 'queue', query: 'a # mine', limit: 'b # theirs' }], 15_000)
    assert.deepEqual(readQuery(share!.query).mistakes, [])
  })

  it('makes the share of a limit from a query for the limit', () => {
    const [, share] = metricsInForce([{ name: 'queue', query: 'a + b', limit: 'c - d' }], 15_000)
    assert.equal(share!.name, 'queue_limit_pct')
    assert.equal(share!.query, '(a + b\n) / (c - d\n) * 100')
    assert.equal(share!.limit, 100)
  })
})
