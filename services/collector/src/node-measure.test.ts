import assert from 'node:assert/strict'
import type { MetricBatch } from '@kubewise/contracts'
import { KubeError, type Kube, type KubeErrorKind, type Pod } from '@kubewise/kube'
import { METRICS } from '@kubewise/metrics'
import { testKit, VirtualClock } from '@kubewise/testkit'
import { Batches } from './batches.ts'
import { createFigures } from './figures.ts'
import { FreshnessBoard } from './freshness.ts'
import { measureNodes } from './node-measure.ts'
import { SeriesIndex } from './series-index.ts'
import { SUMMARY } from './usage.test-data.ts'

const SECOND = 1000
const START_MS = Date.parse('2026-01-02T03:04:05Z')
const POD: Pod = {
  spec: { nodeName: 'node-1', containers: [{ name: 'main', resources: { limits: { memory: '160M' } } }] },
}

const refused = (kind: KubeErrorKind) => Promise.reject(new KubeError({ kind, message: `${kind}!` }))

interface Cluster {
  nodes: string[]
  canI(): Promise<boolean>
  summary(node: string, stamp: string): Promise<Record<string, unknown>>
  /** What `metrics.k8s.io` answers of `nodes` and `pods`. */
  listed(kind: string): Promise<object[]>
}

/** Measures a cluster that answers as told, on a clock that is moved by hand. */
function measuring(cluster: Partial<Cluster>) {
  const clock = new VirtualClock(START_MS)
  const kit = { ...testKit(), clock }
  const stamp = () => new Date(clock.now()).toISOString()
  const asked: string[] = []
  let atOnce = 0
  let mostAtOnce = 0
  const batches: MetricBatch[] = []
  const {
    nodes = ['node-1'],
    canI = () => Promise.resolve(true),
    summary = (node) =>
      Promise.resolve(node === 'node-1' ? dated(SUMMARY, stamp()) : { node: dated(SUMMARY.node, stamp()) }),
    listed = () => refused('not-found'),
  } = cluster
  const kube: Pick<Kube, 'list' | 'nodeSummary' | 'canI'> = {
    async nodeSummary(node) {
      asked.push(`${clock.monotonic() / SECOND} ${node}`)
      mostAtOnce = Math.max(mostAtOnce, (atOnce += 1))
      await Promise.resolve()
      return summary(node, stamp()).finally(() => (atOnce -= 1))
    },
    async list<T>({ kind }: { kind: string }) {
      asked.push(`${clock.monotonic() / SECOND} ${kind}`)
      return { items: (await listed(kind)) as T[], resourceVersion: '1' }
    },
    canI: async () => ({ isAllowed: await canI(), reason: '' }),
  }
  const index = new SeriesIndex('c', (namespace, name) => ({ cluster: 'c', kind: 'Deployment', namespace, name }))
  const done = measureNodes(
    {
      ...kit,
      kube,
      index,
      batches: new Batches('c', false, (batch) => batches.push(batch)),
      freshness: new FreshnessBoard(),
      onNotTaken: () => undefined,
      figures: createFigures(kit.metrics),
      objects: {
        nodeNames: () => nodes,
        podNamed: () => POD,
        nodeNamed: () => undefined,
        nodeOf: (_, pod) => NODE_OF[pod],
      },
    },
    { wanted: METRICS, pollIntervalMs: 15 * SECOND, timeoutMs: 10 * SECOND },
    kit.signal,
  )
  return {
    nodes,
    asked,
    mostAtOnce: () => mostAtOnce,
    says: () => kit.health.report().checks['measurements'],
    figure: async (pattern: RegExp) => pattern.exec(await kit.metrics.registry.metrics())?.[1],
    /** Seconds and value of each sample of a metric. */
    samples: (metric: string) =>
      batches.flatMap(({ metrics, series, of, startMs, afterMs, value }) =>
        of.flatMap((place, i) =>
          metrics[series[place]!.metric]!.name === metric
            ? [[(startMs + afterMs[i]! - START_MS) / SECOND, Math.round(value[i]! * 100) / 100]]
            : [],
        ),
      ),
    async until(seconds: number) {
      await clock.advance(seconds * SECOND - clock.monotonic())
    },
    async stop() {
      kit.abort()
      await done
    },
  }
}

const NODE_OF: Readonly<Record<string, string>> = { web: 'node-1', far: 'node-2' }

/** The same answer, measured at another time. */
const dated = <T extends object>(answer: T, stamp: string): T & Record<string, unknown> =>
  JSON.parse(JSON.stringify(answer), (name, value: unknown) => (name === 'time' ? stamp : value)) as T &
    Record<string, unknown>

const usage = (metadata: object, stamp: string) => ({
  metadata,
  timestamp: stamp,
  usage: { cpu: '100m', memory: '16M' },
  containers: [{ name: 'main', usage: { cpu: '20m', memory: '40M' } }],
})
const resourceMetrics = (kind: string): Promise<object[]> =>
  Promise.resolve(
    kind === 'PodMetrics'
      ? ['web', 'far'].map((name) => usage({ namespace: 'shop', name }, '2026-01-02T03:04:05Z'))
      : [usage({ name: 'node-1' }, '2026-01-02T03:04:05Z')],
  )

describe('measuring without Prometheus', () => {
  it('asks each node once a round and sends each metric at its own interval', async () => {
    const one = measuring({})
    await one.until(61)
    await one.stop()
    assert.deepEqual(one.asked, ['0 node-1', '15 node-1', '30 node-1', '45 node-1', '60 node-1'])
    const seconds = (metric: string) => one.samples(metric).map(([second]) => second)
    assert.deepEqual(seconds('pod_memory_utilization_pct'), [0, 15, 30, 45, 60])
    assert.deepEqual(one.samples('pod_memory_utilization_pct')[0], [0, 50])
    assert.deepEqual(seconds('container_memory_limit_pct'), [0, 30, 60])
    assert.deepEqual(seconds('volume_usage_pct'), [0, 60])
  })

  it('sends a measurement once, however often a kubelet repeats it', async () => {
    const one = measuring({ summary: () => Promise.resolve(SUMMARY) })
    await one.until(61)
    await one.stop()
    assert.equal(one.samples('pod_memory_utilization_pct').length, 1)
  })

  it('tells the rate of a counter, also over its restart', async () => {
    const counts: Record<number, number> = { 0: 1000, 30: 4000, 60: 600 }
    const one = measuring({
      summary(_node, stamp) {
        const rxBytes = counts[(Date.parse(stamp) - START_MS) / SECOND]
        const [pod] = SUMMARY.pods
        return Promise.resolve(dated({ pods: [{ ...pod, network: { time: stamp, rxBytes, txBytes: 0 } }] }, stamp))
      },
    })
    await one.until(61)
    await one.stop()
    assert.deepEqual(one.samples('pod_network_received_bytes_per_second'), [
      [30, 100],
      [60, 20],
    ])
  })

  it('asks a node that fails ever more seldom, the others as before, four at a time', async () => {
    const nodes = ['node-1', ...Array.from({ length: 9 }, (_, i) => `other-${i}`), 'dead']
    const one = measuring({ nodes, summary: (node) => (node === 'dead' ? refused('timeout') : Promise.resolve({})) })
    await one.until(301)
    await one.stop()
    const timesOf = (node: string) => one.asked.filter((line) => line.endsWith(` ${node}`)).length
    assert.deepEqual([timesOf('node-1'), timesOf('other-8')], [21, 21])
    assert.deepEqual(
      one.asked.filter((line) => line.endsWith(' dead')),
      ['0 dead', '30 dead', '90 dead', '210 dead'],
    )
    assert.equal(one.mostAtOnce(), 4)
    assert.equal(await one.figure(/kubewise_measurements_total\{by="summary",outcome="timeout"\} (\d+)/), '4')
  })

  it('measures by metrics.k8s.io what is not measured by a summary, and nothing twice', async () => {
    const one = measuring({
      nodes: ['node-1', 'node-2'],
      summary: (node) =>
        node === 'node-2' ? refused('unavailable') : Promise.resolve(dated(SUMMARY, '2026-01-02T03:03:45Z')),
      listed: resourceMetrics,
    })
    await one.until(1)
    await one.stop()
    assert.deepEqual(one.samples('pod_memory_utilization_pct').sort(), [
      [-20, 50],
      [0, 25],
    ])
    assert.match(one.says()?.say ?? '', /kubelets of 1 of 2 nodes answer, metrics.k8s.io answers for the others/)
  })

  it('asks no node where it has not the right to, and says what is missing', async () => {
    const one = measuring({ canI: () => Promise.resolve(false), listed: resourceMetrics })
    await one.until(1)
    assert.deepEqual(one.asked, ['0 NodeMetrics', '0 PodMetrics'])
    assert.equal(one.samples('pod_cpu_utilization_pct').length, 2)
    assert.equal(one.samples('volume_usage_pct').length, 0)
    const { kind, ok, say } = one.says() ?? assert.fail('no check')
    assert.deepEqual([kind, ok], ['quality', false])
    assert.match(say, /39 of 46 metrics are not collected; kubelets may not be asked \(RBAC: get nodes\/proxy\)/)
    assert.equal(await one.figure(/kubewise_metrics_missing (\d+)/), '39')
    await one.stop()
  })

  it('asks the nodes where nobody says whether it may', async () => {
    const one = measuring({ canI: () => refused('unavailable') })
    await one.until(1)
    await one.stop()
    assert.deepEqual(one.asked, ['0 node-1'])
  })

  it('goes on with nothing at all, and begins when something answers', async () => {
    let isThere = false
    const one = measuring({ summary: () => (isThere ? Promise.resolve(SUMMARY) : refused('forbidden')) })
    await one.until(1)
    assert.match(one.says()?.say ?? '', /46 of 46 metrics .* metrics.k8s.io does not answer \(metrics-server\)/)
    isThere = true
    await one.until(31)
    assert.match(one.says()?.say ?? '', /36 of 46 metrics .* the kubelets of 1 of 1 nodes answer$/)
    await one.stop()
  })

  it('counts what cannot be read and takes the rest', async () => {
    const one = measuring({ summary: () => Promise.resolve({ ...SUMMARY, node: { fs: 'full', cpu: 7 } }) })
    await one.until(1)
    await one.stop()
    assert.equal(await one.figure(/kubewise_measurements_unread_total (\d+)/), '2')
    assert.equal(one.samples('volume_usage_pct').length, 1)
  })

  it('asks a node that joins, and no longer one that is gone', async () => {
    const one = measuring({ summary: () => Promise.resolve({}) })
    await one.until(1)
    one.nodes.splice(0, 1, 'node-2')
    await one.until(16)
    await one.stop()
    assert.deepEqual(one.asked, ['0 node-1', '15 node-2'])
  })
})
