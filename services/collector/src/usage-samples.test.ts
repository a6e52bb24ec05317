import assert from 'node:assert/strict'
import type { Node, Pod } from '@kubewise/kube'
import { METRICS } from '@kubewise/metrics'
import { readSummary } from './kubelet-summary.ts'
import { measuredMetrics, missingOf } from './measured-metrics.ts'
import { ANSWERED_MS, SUMMARY } from './usage.test-data.ts'
import { samplesOf } from './usage-samples.ts'

const usage = readSummary(SUMMARY, 'node-1', ANSWERED_MS)
const NODE: Node = { status: { allocatable: { cpu: '3', memory: '7G' }, capacity: { cpu: '4', memory: '8G' } } }

const pod = (main: object, side: object = {}, spec: object = {}): Pod => ({
  spec: {
    containers: [
      { name: 'main', resources: main },
      { name: 'side', resources: side },
    ],
    ...spec,
  },
})

/** Values by metric, and by container where there is one; rounded. */
function valuesOf(one: Pod | undefined, node?: Node): Record<string, number> {
  const samples = samplesOf(usage, { podNamed: () => one, nodeNamed: () => node })
  return Object.fromEntries(
    samples
      .filter(({ metric }) => !metric.startsWith('volume_'))
      .map(({ metric, labels, value }) => [
        [metric, ...(labels['container'] ? [labels['container']] : [])].join(' '),
        Math.round(value * 100) / 100,
      ]),
  )
}

const FILE_SYSTEMS = { node_disk_usage_pct: 80, node_inodes_used_pct: 90 }
const NETWORK = { pod_network_received_bytes_per_second: 1000, pod_network_sent_bytes_per_second: 2000 }

describe('samples of what is used', () => {
  const cases: [string, Pod | undefined, Record<string, number>][] = [
    ['says nothing of a pod that no watch knows', undefined, {}],
    ['counts CPU against 200m where there is no limit', pod({}), { pod_cpu_utilization_pct: 30, ...NETWORK }],
    [
      'counts all that a pod uses against the limits that its containers have',
      pod({ limits: { cpu: '100m', memory: '100M', 'ephemeral-storage': '10M' } }, { requests: { memory: '32M' } }),
      {
        pod_cpu_utilization_pct: 60,
        pod_memory_utilization_pct: 80,
        pod_ephemeral_storage_limit_pct: 50,
        'container_cpu_limit_pct main': 50,
        'container_memory_limit_pct main': 64,
        'container_memory_request_pct side': 50,
        ...NETWORK,
      },
    ],
    [
      'counts a container against its requests',
      pod({ requests: { cpu: '10m', memory: '32M' } }),
      {
        pod_cpu_utilization_pct: 30,
        'container_cpu_request_pct main': 500,
        'container_memory_request_pct main': 200,
        ...NETWORK,
      },
    ],
    [
      'takes no bound of 0, and none that is no quantity',
      pod({ limits: { cpu: '0', memory: 'much' }, requests: { cpu: '-1' } }),
      { pod_cpu_utilization_pct: 30, ...NETWORK },
    ],
    [
      'leaves out the network of a pod that has its node’s',
      pod({}, {}, { hostNetwork: true }),
      { pod_cpu_utilization_pct: 30 },
    ],
  ]
  for (const [what, one, expected] of cases)
    it(what, () => assert.deepEqual(valuesOf(one), { ...FILE_SYSTEMS, ...expected }))

  it('counts a node’s CPU against what pods may have, its memory against all', () =>
    assert.deepEqual(valuesOf(undefined, NODE), { node_cpu_used_pct: 50, node_memory_used_pct: 50, ...FILE_SYSTEMS }))

  it('names pods, nodes and claims by the labels of the catalogue', () => {
    const labels = samplesOf(usage, { podNamed: () => pod({}), nodeNamed: () => NODE }).map((one) => one.labels)
    const known = [{ node: 'node-1' }, { namespace: 'shop', pod: 'web' }]
    const claim = { namespace: 'shop', persistentvolumeclaim: 'data' }
    assert.deepEqual(
      [...new Set(labels.map((one) => JSON.stringify(one)))],
      [...known, claim].map((one) => JSON.stringify(one)),
    )
  })

  it('marks what is a counter, and nothing else', () => {
    const counters = samplesOf(usage, { podNamed: () => pod({}), nodeNamed: () => NODE }).filter((one) => one.isCounter)
    assert.deepEqual(
      counters.map(({ metric }) => metric),
      Object.keys(NETWORK),
    )
  })
})

describe('the metrics that are measured', () => {
  it('know what the catalogue knows of them, and come no more often than is wanted', () => {
    const metrics = measuredMetrics(20_000)
    const listed = METRICS.find(({ name }) => name === 'pod_cpu_utilization_pct')
    assert.deepEqual(metrics.pod_cpu_utilization_pct, { ...listed, intervalMs: 20_000 })
    assert.equal(metrics.volume_usage_pct.intervalMs, 60_000)
    assert.equal(metrics.node_cpu_used_pct.intervalMs, 30_000)
  })

  it('are missing in part by summaries, more by resource metrics, all without both', () => {
    const [some, more, all] = [
      missingOf(METRICS, 'summaries'),
      missingOf(METRICS, 'resource-metrics'),
      missingOf(METRICS, 'nothing'),
    ]
    assert.ok(some.includes('pod_cpu_throttled_pct') && !some.includes('volume_usage_pct'))
    assert.ok(more.includes('volume_usage_pct') && !more.includes('pod_memory_utilization_pct'))
    assert.deepEqual([some.length, more.length, all.length], [METRICS.length - 10, METRICS.length - 7, METRICS.length])
  })
})
