import assert from 'node:assert/strict'
import type { MetricBatch } from '@kubewise/contracts'
import { connectKube, isKubeError, RESOURCES, type Kube } from '@kubewise/kube'
import { METRICS } from '@kubewise/metrics'
import { silentLog, systemClock } from '@kubewise/service'
import { eventually, skipWithout, testKit } from '@kubewise/testkit'
import { Batches } from './batches.ts'
import { CriticalMarks } from './critical-marks.ts'
import { createFigures } from './figures.ts'
import { FreshnessBoard } from './freshness.ts'
import { measureNodes } from './node-measure.ts'
import { startObjectWatch, type ObjectWatch } from './object-watch.ts'
import { OwnerIndex } from './owner-index.ts'
import { Relations } from './relations.ts'
import { SeriesIndex } from './series-index.ts'

const NAMESPACE = 'kubewise-test-measured'
const SECOND = 1000
const TIMEOUT_MS = 120 * SECOND

/** Busy at its limit, with 8 MiB in memory that nobody can take back. */
const SPEC = {
  terminationGracePeriodSeconds: 0,
  volumes: [{ name: 'memory', emptyDir: { medium: 'Memory' } }],
  containers: [
    {
      name: 'main',
      image: 'busybox:1',
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', 'head -c 8388608 /dev/zero > /memory/file; while :; do :; done'],
      resources: { limits: { cpu: '100m', memory: '32Mi' }, requests: { cpu: '10m', memory: '16Mi' } },
      volumeMounts: [{ name: 'memory', mountPath: '/memory' }],
    },
  ],
}

describe('measuring without Prometheus, on a real cluster', function cluster() {
  this.timeout(2 * TIMEOUT_MS)
  // oxlint-disable-next-line node/no-process-env
  const kubeconfig = skipWithout(process.env['KUBECONFIG'], 'KUBECONFIG is not set: no cluster to try this on')
  const watching = testKit()
  const relations = new Relations()
  const owners = new OwnerIndex('test')
  let kube: Kube
  let objects: ObjectWatch | undefined

  before(async () => {
    kube = await connectKube({ kubeconfig, fieldManager: 'test', clock: systemClock, log: silentLog })
    await clear()
    await kube.create(RESOURCES.Namespace, { metadata: { name: NAMESPACE } })
    objects = await startObjectWatch(
      {
        ...watching,
        cluster: 'test',
        kube,
        owners,
        relations,
        marks: new CriticalMarks(),
        outbox: { add: () => undefined },
        onPodGone: () => undefined,
      },
      watching.signal,
    )
    const pod = { metadata: { name: 'busy', namespace: NAMESPACE }, spec: SPEC }
    // A namespace is new before its account is.
    await eventually(() => kube.create(RESOURCES.Pod, pod).catch(() => undefined), {
      timeoutMs: TIMEOUT_MS,
      everyMs: SECOND / 4,
    })
  })
  after(async () => {
    watching.abort()
    await objects?.stop()
    await clear()
  })

  async function clear(): Promise<void> {
    if (!kubeconfig) return
    const name = NAMESPACE
    const uid = (await kube.get(RESOURCES.Namespace, { name }))?.metadata?.uid
    if (uid) await kube.delete(RESOURCES.Namespace, { name }, uid)
    await eventually(async () => (await kube.get(RESOURCES.Namespace, { name })) === undefined, {
      timeoutMs: TIMEOUT_MS,
    })
  }

  /** Measures with or without the right to ask kubelets; the newest value of each metric of the pod, and of its node. */
  function measured(mayAskNodes: boolean) {
    const kit = testKit()
    const values = new Map<string, number>()
    const isOurs = (name: string) => name === 'busy' || relations.nodeNamed(name) !== undefined
    const emit = ({ metrics, entities, series, of, value }: MetricBatch) =>
      of.forEach((place, i) => {
        const { metric, entity } = series[place]!
        if (isOurs(entities[entity]!.name)) values.set(metrics[metric]!.name, value[i]!)
      })
    const ownerOf = (namespace: string, pod: string) =>
      owners.has('Pod', namespace, pod) ? owners.targetOf('Pod', namespace, pod) : undefined
    const done = measureNodes(
      {
        ...kit,
        clock: systemClock,
        kube: { ...kube, ...(!mayAskNodes && { canI: async () => ({ isAllowed: false, reason: '' }) }) },
        index: new SeriesIndex('test', ownerOf),
        batches: new Batches('test', false, emit),
        freshness: new FreshnessBoard(),
        onNotTaken: () => undefined,
        figures: createFigures(kit.metrics),
        objects: relations,
      },
      { wanted: METRICS, pollIntervalMs: 15 * SECOND, timeoutMs: 10 * SECOND },
      kit.signal,
    )
    return {
      values,
      says: () => kit.health.report().checks['measurements']?.say,
      async stop() {
        kit.abort()
        await done
      },
    }
  }

  for (const mayAskNodes of [true, false])
    it(`sees a busy pod and its node by ${mayAskNodes ? 'their kubelet' : 'metrics.k8s.io'}`, async function sees() {
      const isThere = await kube.list(RESOURCES.NodeMetrics).catch((error: unknown) => !isKubeError(error, 'not-found'))
      if (!mayAskNodes && !isThere) {
        process.stderr.write('skipped measuring by metrics.k8s.io: the cluster has no metrics-server\n')
        this.skip()
      }
      const { values, says, stop } = measured(mayAskNodes)
      const of = (metric: string) => values.get(metric) ?? 0
      try {
        const isSeen = () =>
          of('pod_cpu_utilization_pct') > 50 &&
          of('pod_memory_utilization_pct') > 20 &&
          of('node_cpu_used_pct') > 0 &&
          of('node_memory_used_pct') > 0
        await eventually(isSeen, {
          timeoutMs: TIMEOUT_MS,
          say: () => `the pod and its node are busy; last: ${JSON.stringify([...values])}; ${says()}`,
        })
        assert.ok(of('pod_memory_utilization_pct') < 100, 'a share of 32 MiB')
        assert.ok(of('container_cpu_request_pct') > 500, 'ten times its request')
        assert.ok(of('node_memory_used_pct') < 100)
        const disks = ['node_disk_usage_pct', 'node_inodes_used_pct'].map((metric) => values.has(metric))
        assert.deepEqual(disks, [mayAskNodes, mayAskNodes])
        assert.match(says() ?? '', mayAskNodes ? /kubelets of (\d+) of \1 nodes answer$/ : /metrics.k8s.io answers/)
      } finally {
        await stop()
      }
    })
})
