import { RESOURCES, type Namespace, type Node, type Resource } from '@kubewise/kube'
import { every, type Clock, type Logger } from '@kubewise/service'
import { seededRandom } from '../objects/random.ts'
import type { Fault, ObjectStore } from '../port.ts'
import { metric } from '../prometheus/series/labels.ts'
import type { Sample } from '../prometheus/series/series-store.ts'
import { createDemands } from './behaviour/demands.ts'
import { createAutoscaler } from './controllers/autoscaler.ts'
import { createCronJobController } from './controllers/cron-job.ts'
import { createDaemonSetController } from './controllers/daemon-set/controller.ts'
import { createDeploymentController } from './controllers/deployment/controller.ts'
import { createDisruptionController } from './controllers/disruption.ts'
import { createEndpointsController } from './controllers/endpoints.ts'
import { createJobController } from './controllers/job.ts'
import { createNodeLifecycleController } from './controllers/node-lifecycle.ts'
import { onChange } from './controllers/on-change.ts'
import { createReplicaSetController } from './controllers/replica-set.ts'
import { createQuotaController } from './controllers/resource-quota.ts'
import { createScheduler } from './controllers/scheduler.ts'
import { createStatefulSetController } from './controllers/stateful-set/controller.ts'
import { createEventRecorder } from './events/recorder.ts'
import { createCadvisorExporter } from './exporters/cadvisor.ts'
import { createCorednsExporter } from './exporters/coredns.ts'
import { createKubeStateExporter } from './exporters/kube-state/exporter.ts'
import { createNodeExporter } from './exporters/node-exporter.ts'
import { injectFault } from './faults/inject.ts'
import { createImageRegistry } from './kubelet/image.ts'
import { createKubelets, type Kubelets } from './kubelet/kubelet.ts'
import { createNodeStatus, newNode, nodeNames } from './kubelet/node-status.ts'
import type { Reconcile, WorldPorts } from './ports.ts'
import { MINUTE_MS, SECOND_MS } from './time.ts'

export interface WorldOptions {
  objects: ObjectStore
  clock: Clock
  log: Logger
  /** Two worlds with the same seed, clock and requests do the same; default 1. */
  seed?: number
  /** Default 3. */
  nodes?: number
  /** Time of the clock between two looks at everything; default 500. */
  tickMs?: number
}

/** Everything that happens in the simulated cluster without anyone asking for it. */
export interface World {
  /** Breaks something. @returns what was touched, as `Kind/name` @throws RangeError for an unknown fault or target */
  inject(fault: Fault): string[]
  /** What all exporters show now. */
  sample(nowMs: number): Sample[]
  stop(): Promise<void>
}

const DEFAULT_TICK_MS = 500
const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

/** Starts controllers, scheduler and kubelets over a store of objects; they look at everything by the clock. */
export function startWorld(options: WorldOptions): World {
  const { clock, log, tickMs = DEFAULT_TICK_MS } = options
  const world = createWorld(options, clock.now())
  const ending = new AbortController()
  const running = every(
    clock,
    tickMs,
    ending.signal,
    () => world.tick(clock.now()),
    (err) => log.error({ err }, 'the world stumbled'),
  )
  return {
    inject: (fault) => world.inject(fault, clock.now()),
    sample: world.sample,
    async stop() {
      ending.abort()
      await running
      world.stop()
    },
  }
}

export interface SteppedWorld {
  /** Looks at everything once. */
  tick(nowMs: number): void
  inject(fault: Fault, nowMs: number): string[]
  sample(nowMs: number): Sample[]
  stop(): void
}

/** A world that moves only when it is told to. */
export function createWorld(
  { objects, log, seed = 1, nodes = 3 }: Omit<WorldOptions, 'clock'>,
  nowMs: number,
): SteppedWorld {
  const random = seededRandom(seed)
  const ports: WorldPorts = { objects, log, random, events: createEventRecorder(objects) }
  const demands = createDemands(objects)
  const names = nodeNames(nodes)
  createCluster(objects, names, nowMs)
  const kubelets = createKubelets({ ...ports, images: createImageRegistry(), demands }, names)
  const parts = partsOf(ports, kubelets)
  let prunedMs = nowMs

  return {
    tick(atMs) {
      for (const [name, { reconcile }] of Object.entries(parts)) attempt(log, name, () => reconcile(atMs))
      if (atMs - prunedMs < MINUTE_MS) return
      prunedMs = atMs
      ports.events.prune(atMs)
    },
    inject: (fault, atMs) => injectFault({ objects, demands, kubelets }, fault, atMs),
    sample: createSampler(objects, kubelets, random, names),
    stop() {
      for (const { stop } of Object.values(parts)) stop()
    },
  }
}

function createCluster(objects: ObjectStore, names: readonly string[], nowMs: number): void {
  for (const name of NAMESPACES)
    if (!objects.get(RESOURCES.Namespace, undefined, name))
      objects.create<Namespace>(
        RESOURCES.Namespace,
        { metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } },
        'kube-apiserver',
      )
  for (const [index, name] of names.entries())
    if (!objects.get(RESOURCES.Node, undefined, name))
      objects.create<Node>(RESOURCES.Node, newNode(name, index, nowMs), 'kubelet')
}

interface Part {
  reconcile: Reconcile
  stop: () => void
}

/** In the order in which a wish becomes a running container, so that one look carries it all the way. */
function partsOf(ports: WorldPorts, kubelets: Kubelets): Record<string, Part> {
  const { Pod, ReplicaSet, ControllerRevision, Node } = RESOURCES
  const after = (resources: readonly Resource[], resyncMs: number, reconcile: Reconcile) =>
    onChange(ports.objects, resources, resyncMs, reconcile)
  const always = (reconcile: Reconcile): Part => ({ reconcile, stop: () => {} })
  return {
    cronJobs: after([RESOURCES.CronJob, RESOURCES.Job], 5 * SECOND_MS, createCronJobController(ports)),
    jobs: after([RESOURCES.Job, Pod], SECOND_MS, createJobController(ports)),
    autoscalers: always(createAutoscaler(ports, (uid) => cpuMilliOf(kubelets, uid))),
    deployments: after([RESOURCES.Deployment, ReplicaSet, Pod], SECOND_MS, createDeploymentController(ports)),
    replicaSets: after([ReplicaSet, Pod], SECOND_MS, createReplicaSetController(ports)),
    statefulSets: after(
      [RESOURCES.StatefulSet, ControllerRevision, Pod],
      SECOND_MS,
      createStatefulSetController(ports),
    ),
    daemonSets: after(
      [RESOURCES.DaemonSet, ControllerRevision, Pod, Node],
      SECOND_MS,
      createDaemonSetController(ports),
    ),
    scheduler: after([Pod, Node], SECOND_MS, createScheduler(ports)),
    kubelets: always(kubelets.reconcile),
    nodeStatus: always(createNodeStatus(ports, kubelets.isAlive)),
    nodeLifecycle: always(createNodeLifecycleController(ports, kubelets.lastSeenMs)),
    endpoints: after([RESOURCES.Service, Pod], 5 * SECOND_MS, createEndpointsController(ports)),
    disruption: after(
      [RESOURCES.PodDisruptionBudget, Pod, RESOURCES.Deployment],
      5 * SECOND_MS,
      createDisruptionController(ports),
    ),
    quotas: after([RESOURCES.ResourceQuota, Pod], 5 * SECOND_MS, createQuotaController(ports)),
  }
}

function cpuMilliOf(kubelets: Kubelets, uid: string): number | undefined {
  return kubelets.runtimes
    .get(uid)
    ?.containers.reduce((sum, { phase, usage }) => sum + (phase === 'running' ? usage.cpuMilli : 0), 0)
}

/** One part that fails must not stop the others. */
function attempt(log: Logger, part: string, act: () => void): void {
  try {
    act()
  } catch (err) {
    log.error({ err, part }, 'a part of the simulated cluster failed; it tries again at the next look')
  }
}

function createSampler(
  objects: ObjectStore,
  kubelets: Kubelets,
  random: () => number,
  nodes: readonly string[],
): (nowMs: number) => Sample[] {
  const kubeState = createKubeStateExporter(objects)
  const cadvisor = createCadvisorExporter(objects, kubelets)
  const node = createNodeExporter(objects, kubelets, random)
  const coredns = createCorednsExporter(random)
  const targets = [
    { labels: metric('up', { job: 'kube-state-metrics', instance: 'kube-state-metrics:8080' }), node: undefined },
    { labels: metric('up', { job: 'coredns', instance: 'coredns:9153' }), node: undefined },
    ...nodes.map((name) => ({ labels: metric('up', { job: 'kubelet', instance: name }), node: name })),
    ...nodes.map((name) => ({ labels: metric('up', { job: 'node-exporter', instance: `${name}:9100` }), node: name })),
  ]
  return (nowMs) => [
    ...targets.map((target) => ({
      labels: target.labels,
      value: Number(target.node === undefined || kubelets.isAlive(target.node)),
    })),
    ...kubeState(),
    ...cadvisor(),
    ...node(nowMs),
    ...coredns(nowMs),
  ]
}
