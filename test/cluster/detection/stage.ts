import { connectKube, RESOURCES, type Kube, type Pod } from '@kubewise/kube'
import { METRICS } from '@kubewise/metrics'
import { silentLog, systemClock } from '@kubewise/service'
import { eventually, type PrometheusPrograms } from '@kubewise/testkit'
import { createNamespace, deleteNamespace, inNamespace } from '../arena.ts'
import { createIdentity, deleteIdentity } from '../identity.ts'
import { startServices, type Services } from '../services.ts'
import { faultyWorkloads, pastOfVolume, SLOW_PORT, VOLUME_BYTES, VOLUME_NAME } from './faults.ts'
import { startOwnPrometheus, type OwnPrometheus, type ScrapedPod } from './prometheus.ts'
import { deployQuiet, QUIET_CONTAINERS } from './quiet.ts'
import { createVolume, deleteVolume } from './volume.ts'

const IDENTITY = 'kubewise-test'
const SCRAPER = 'kubewise-test-scraper'
export const FAULTY = 'kubewise-test-faulty'
export const QUIET = 'kubewise-test-quiet'
const VOLUME = { namespace: FAULTY, name: VOLUME_NAME }
const FAULTY_CONTAINERS = 5
/** Until the past is written; the services learn it while the faults begin. */
const FAULT_AFTER_MS = 55_000

/** What the slow service's callers wait for, as an installation says it: all that the catalogue has, and one more query. */
export const LATENCY_QUERY =
  'histogram_quantile(0.9, sum by (namespace, deployment, le) (rate(request_seconds_bucket[1m])))'
const QUERIES = [
  ...METRICS.map(({ name, query, intervalMs }) => ({ name, query, interval: intervalMs / 1000 })),
  {
    name: 'request_seconds_p90',
    query: LATENCY_QUERY,
    interval: 15,
    unit: 'seconds',
    direction: 'up',
    floor: 0.005,
    minEffect: 0.1,
    serviceLevel: true,
  },
]

/** Where it is found out what detection says of a cluster: workloads with a past, and services that have learnt it. */
export interface Stage extends AsyncDisposable {
  kube: Kube
  prometheus: OwnPrometheus
  services: Services
  /** When what is faulty goes wrong. */
  faultMs: number
}

export interface StageOptions {
  kubeconfigFile: string
  prometheusUrl: string
  programs: PrometheusPrograms
  /** Whether there are faults beside the quiet workloads. */
  hasFaults: boolean
}

/** Clears what an earlier run has left, deploys, gives what runs four hours of past, and starts the services, which only observe. */
export async function startStage({ kubeconfigFile, prometheusUrl, programs, hasFaults }: StageOptions): Promise<Stage> {
  await using held = new AsyncDisposableStack()
  const kube = await connectKube({
    kubeconfig: kubeconfigFile,
    fieldManager: 'test',
    clock: systemClock,
    log: silentLog,
  })
  await clear(kube)
  held.defer(() => clear(kube))
  const { kubeconfig } = await createIdentity(kube, kubeconfigFile, IDENTITY)
  await createNamespace(kube, QUIET, false)
  if (hasFaults) await createVolumeIn(kube, kubeconfigFile)
  const faultMs = Date.now() + FAULT_AFTER_MS
  if (hasFaults)
    for (const { resource, object } of faultyWorkloads(faultMs))
      await kube.create(resource, inNamespace(object, FAULTY))
  await deployQuiet(kube, QUIET)
  const scraped = hasFaults ? await slowPod(kube, kubeconfigFile) : undefined
  const prometheus = held.use(await startOwnPrometheus(programs, prometheusUrl, scraped))
  await eventually(() => isKnown(prometheus, hasFaults), {
    timeoutMs: 180_000,
    everyMs: 1000,
    say: 'Prometheus knows the workloads',
  })
  await prometheus.remember([QUIET, ...(hasFaults ? [FAULTY] : [])], pastOfVolume)
  const services = held.use(
    await startServices({
      kubeconfig,
      prometheusUrl: prometheus.url,
      mode: 'observe',
      only: ['collector', 'detector', 'planner', 'api'],
      env: { collector: { PROM_QUERIES: JSON.stringify(QUERIES) } },
    }),
  )
  const kept = held.move()
  return { kube, prometheus, services, faultMs, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function createVolumeIn(kube: Kube, kubeconfigFile: string): Promise<void> {
  await createNamespace(kube, FAULTY, false)
  await createVolume(kube, VOLUME, { bytes: VOLUME_BYTES, kubeconfigFile })
}

/** The slow service's pod, once it runs, and an account that may ask it through the API server. */
async function slowPod(kube: Kube, kubeconfigFile: string): Promise<ScrapedPod> {
  const { kubeconfig } = await createIdentity(kube, kubeconfigFile, SCRAPER, [
    { apiGroups: [''], resources: ['pods/proxy'], verbs: ['get'] },
  ])
  const running = async () => {
    const { items } = await kube.list<Pod>(RESOURCES.Pod, { namespace: FAULTY, labelSelector: 'app=slow' })
    return items.find(({ status }) => status?.phase === 'Running')?.metadata?.name
  }
  const pod = await eventually(running, { timeoutMs: 60_000, everyMs: 500, say: 'the slow service runs' })
  return {
    kubeconfig,
    namespace: FAULTY,
    pod,
    port: SLOW_PORT,
    labels: { namespace: FAULTY, deployment: 'slow' },
  }
}

/** Whether there is enough of each workload to see its pace. */
async function isKnown(prometheus: OwnPrometheus, hasFaults: boolean): Promise<boolean> {
  const containers = QUIET_CONTAINERS + (hasFaults ? FAULTY_CONTAINERS : 0)
  const wanted = [
    `count(container_cpu_usage_seconds_total{namespace=~"${FAULTY}|${QUIET}", container="app"} offset 15s) >= ${containers}`,
    ...(hasFaults
      ? [
          'request_seconds_bucket offset 15s',
          `kubelet_volume_stats_available_bytes{namespace="${FAULTY}", persistentvolumeclaim="${VOLUME_NAME}"}`,
        ]
      : []),
  ]
  const answers = await Promise.all(wanted.map((query) => prometheus.ask(query)))
  return answers.every(({ length }) => length > 0)
}

async function clear(kube: Kube): Promise<void> {
  await Promise.all([FAULTY, QUIET].map((namespace) => deleteNamespace(kube, namespace)))
  await deleteVolume(kube, VOLUME)
  for (const name of [IDENTITY, SCRAPER]) {
    await deleteIdentity(kube, name)
    await deleteNamespace(kube, name)
  }
}
