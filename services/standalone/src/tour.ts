import { COLLECTIONS, type Execution } from '@kubewise/contracts'
import { RESOURCES, type Deployment, type KubernetesObject, type Pod } from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import { DEMO_NAMESPACE, FAULTS, type FaultName, type Simulator } from '@kubewise/simulator'
import type { Store } from '@kubewise/store'
import type { Story } from './story.ts'

const SECOND = 1000
/** The faults of the tour, in turn; the traps at the end all at once, since nothing is to be done about them. */
const REPAIRED: readonly FaultName[] = ['memory', 'bad-rollout', 'bad-image', 'runaway-replica']
const LEFT_ALONE: readonly FaultName[] = ['rolling-update', 'completed-job', 'bare-pod-crash']
const REPAIR_SECONDS = 900
const WATCH_SECONDS = 120
const LOOK_MS = 1 * SECOND
const SETTLE_MS = 15 * SECOND

/** How one fault ended. Seconds are the simulated cluster's own; null where nothing was to be done. */
export interface FaultResult {
  name: string
  expected: 'repaired' | 'left-alone'
  outcome: 'repaired' | 'not-repaired' | 'left-alone' | 'touched'
  ok: boolean
  detectSeconds: number | null
  actSeconds: number | null
  recoverSeconds: number | null
}

export interface TourPorts {
  simulator: Simulator
  store: Store
  story: Story
  clock: Clock
  signal: AbortSignal
}

/** Waits until the simulated workloads are all well: a fault in a cluster that has not started yet shows nothing. */
export async function untilCalm({ simulator, clock, signal }: TourPorts): Promise<void> {
  const deployments = () => simulator.objects.list<Deployment>(RESOURCES.Deployment, DEMO_NAMESPACE)
  while (!deployments().every((deployment) => isWell(deployment))) await clock.sleep(LOOK_MS, signal)
  await clock.sleep(SETTLE_MS, signal)
}

/** Breaks what is to be broken, waits for each to be settled, and asks the simulated API server, not KubeWise, how it ended. */
export async function playTour(ports: TourPorts): Promise<FaultResult[]> {
  const results: FaultResult[] = []
  for (const name of REPAIRED) results.push(await playRepair(ports, name))
  results.push(...(await Promise.all(LEFT_ALONE.map((name) => playTrap(ports, name)))))
  return results
}

function breakIt({ simulator, story }: TourPorts, name: FaultName) {
  const fault = FAULTS.find((one) => one.name === name)!
  const [kind = '', target = ''] = fault.defaultTarget.split('/')
  story.tell('broke', `${DEMO_NAMESPACE}/${fault.defaultTarget}`, fault.description)
  simulator.inject({ name, namespace: DEMO_NAMESPACE, target: fault.defaultTarget })
  return { kind, target, expected: fault.expected }
}

async function playRepair(ports: TourPorts, name: FaultName): Promise<FaultResult> {
  const { clock, signal, simulator } = ports
  const brokenMs = clock.now()
  const { kind, target, expected } = breakIt(ports, name)
  const deadlineMs = brokenMs + REPAIR_SECONDS * SECOND
  let done: Execution[] = []
  let isRepaired = false
  while (!isRepaired && clock.now() < deadlineMs) {
    await clock.sleep(LOOK_MS, signal)
    done = await executionsOf(ports, target, brokenMs)
    isRepaired = done.some(({ status }) => status === 'recovered') && targetIsWell(simulator, kind, target)
  }
  const detectedMs = await detectedAt(ports, target, brokenMs)
  const acted = done.flatMap(({ actedMs }) => actedMs ?? [])
  const since = (ms: number | undefined) =>
    ms === undefined || !Number.isFinite(ms) ? null : Math.round((ms - brokenMs) / 100) / 10
  const recoveredMs = done.find(({ status }) => status === 'recovered')?.finishedMs
  return {
    name,
    expected,
    outcome: isRepaired ? 'repaired' : 'not-repaired',
    ok: isRepaired,
    detectSeconds: since(detectedMs),
    actSeconds: since(Math.min(...acted)),
    recoverSeconds: isRepaired ? since(recoveredMs) : null,
  }
}

async function playTrap(ports: TourPorts, name: FaultName): Promise<FaultResult> {
  const { clock, signal, simulator } = ports
  const brokenMs = clock.now()
  const { target, expected } = breakIt(ports, name)
  await clock.sleep(WATCH_SECONDS * SECOND, signal)
  const touched = simulator
    .audit()
    .filter(
      (write) =>
        write.atMs >= brokenMs &&
        !write.isDryRun &&
        write.status < 300 &&
        write.name?.startsWith(target) === true &&
        !PASSIVE.has(write.resource),
    )
  const ok = touched.length === 0
  if (ok) ports.story.tell('ended', `${DEMO_NAMESPACE}/${target}`, `left alone, as it should be (${name}).`)
  return {
    name,
    expected,
    outcome: ok ? 'left-alone' : 'touched',
    ok,
    detectSeconds: null,
    actSeconds: null,
    recoverSeconds: null,
  }
}

/** Writes that change nothing in the cluster. */
const PASSIVE = new Set(['events', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'])

async function executionsOf({ store }: TourPorts, target: string, sinceMs: number): Promise<Execution[]> {
  const { items } = await store
    .collection(COLLECTIONS.executions)
    .find({ where: { claimedMs: { gte: sinceMs } }, orderBy: 'claimedMs', limit: 500 })
  return items.filter((execution) => execution.target.name === target)
}

async function detectedAt({ store }: TourPorts, target: string, sinceMs: number): Promise<number | undefined> {
  const { items } = await store
    .collection(COLLECTIONS.anomalies)
    .find({ where: { detectedMs: { gte: sinceMs } }, orderBy: 'detectedMs', limit: 500 })
  return items.find((anomaly) => anomaly.target.name === target)?.detectedMs
}

function targetIsWell({ objects }: Simulator, kind: string, name: string): boolean {
  const resource =
    kind === 'StatefulSet' ? RESOURCES.StatefulSet : kind === 'DaemonSet' ? RESOURCES.DaemonSet : RESOURCES.Deployment
  const found = objects.get<Deployment>(resource, DEMO_NAMESPACE, name)
  const pods = objects.list<Pod>(RESOURCES.Pod, DEMO_NAMESPACE).filter((pod) => pod.metadata?.labels?.['app'] === name)
  return (
    found !== undefined &&
    isWell(found) &&
    pods.every((pod) => pod.metadata?.deletionTimestamp !== undefined || isReady(pod))
  )
}

const isReady = (pod: Pod) =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true

function isWell({ metadata, spec, status }: Deployment & KubernetesObject): boolean {
  const wanted = spec?.replicas ?? 1
  return (
    (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0) &&
    (status?.updatedReplicas ?? 0) >= wanted &&
    (status?.readyReplicas ?? 0) >= wanted
  )
}
