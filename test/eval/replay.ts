import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { COLLECTIONS, CONSUMERS, type Anomaly, type Incident, type Plan } from '@kubewise/contracts'
import { PartitionDetector } from '@kubewise/detector/partition-detector'
import { startRecorder } from '@kubewise/detector/recorder'
import { createPlanner, loadLibrary, readConfig } from '@kubewise/planner'
import type { Library } from '@kubewise/playbooks'
import { openStore } from '@kubewise/store'
import { testKit, VirtualClock } from '@kubewise/testkit'
import { ScenarioCluster } from './cluster.ts'
import type { Scenario } from './form.ts'
import { MemoryBus } from './memory-bus.ts'
import { remember } from './past.ts'
import { createReadOnlyKube } from './read-only-kube.ts'
import { startSignals } from './signals.ts'

const SECOND = 1000
const STEP_SECONDS = 5
/** The record lasts as long as a replay: where the machine has a disk in memory, there is no other to wait for. */
const IN_MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const CLUSTER = 'eval'
/** The beginning of every scenario. */
export const ZERO_MS = Date.UTC(2026, 2, 2, 10)
/** Turns of the event loop in which everything that a signal sets off has run: no part of a replay waits for anything real. */
const TURNS = 6

/** All that one replay left behind. */
export interface Replayed {
  anomalies: Anomaly[]
  incidents: Incident[]
  /** In the order in which they were made. */
  plans: Plan[]
  /** Writes that were tried: none may be. */
  violations: string[]
  /** Messages that a stage could not read: none may be. */
  dead: string[]
}

export interface ReplayOptions {
  /** Settings of the planner, beside those that a replay needs. */
  env?: Readonly<Record<string, string>>
  /** Loaded once for many replays. */
  library?: Library
}

/** Every instant at which something happens or time is told, in seconds from the beginning. */
function instantsOf({ until, timeline = [], events = [], alerts = [] }: Scenario): number[] {
  const steps = Array.from({ length: Math.floor(until / STEP_SECONDS) + 1 }, (_, index) => index * STEP_SECONDS)
  const changes = [...timeline, ...events, ...alerts].map(({ at }) => Math.max(0, at))
  return [...new Set([...steps, ...changes])].sort((a, b) => a - b)
}

/** The scenario's own changes, handed out as their time comes. */
function changesOf(scenario: Scenario, cluster: ScenarioCluster): (seconds: number) => void {
  const timeline = [...(scenario.timeline ?? [])].sort((a, b) => a.at - b.at)
  const events = (scenario.events ?? []).map((event, index) => ({ event, id: String(index) }))
  events.sort((a, b) => a.event.at - b.event.at)
  return (seconds) => {
    while (timeline[0] && timeline[0].at <= seconds) {
      const { apply = [], delete: gone = [] } = timeline.shift()!
      for (const part of apply) cluster.apply(part)
      for (const named of gone) cluster.delete(named)
    }
    while (events[0] && events[0].event.at <= seconds) {
      const { event, id } = events.shift()!
      cluster.event(event, id)
    }
  }
}

/**
 * Plays one scenario on a virtual clock, up to the plan: the collector's stages, the detector of each partition and the whole
 * planner, over a record of its own and an API server that takes no write.
 */
export async function replay(scenario: Scenario, { env = {}, library }: ReplayOptions = {}): Promise<Replayed> {
  await using held = new AsyncDisposableStack()
  const folder = await mkdtemp(join(IN_MEMORY, 'kubewise-eval-'))
  held.defer(() => rm(folder, { recursive: true, force: true }))
  const clock = new VirtualClock(ZERO_MS)
  const kit = testKit({ clock })
  const store = await openStore({ kind: 'sqlite', file: join(folder, 'record.sqlite') }, kit)
  held.defer(() => store.close())
  await remember(store, scenario.past ?? [], CLUSTER, ZERO_MS)
  const cluster = new ScenarioCluster(scenario.objects, ZERO_MS)
  const kube = createReadOnlyKube(cluster, clock)
  const bus = new MemoryBus()
  const change = changesOf(scenario, cluster)
  const signals = await startSignals(scenario, { ...kit, kube, bus }, CLUSTER)
  const recorder = startRecorder(bus, store)
  const config = readConfig({
    NATS_URL: 'nats://127.0.0.1:4222',
    KUBEWISE_CLUSTER: CLUSTER,
    KUBEWISE_MODE: 'auto',
    ...env,
  })
  const planner = createPlanner(
    { ...kit, bus, store, kube, library: library ?? (await loadLibrary(undefined, kube)) },
    config,
  )
  await planner.start()

  const alerts = [...(scenario.alerts ?? [])].sort((a, b) => a.at - b.at)
  const detectors = new Map<number, PartitionDetector>()
  let seq = 0
  async function enter(signal: Parameters<PartitionDetector['handle']>[0], partition: number): Promise<void> {
    const detector = detectors.get(partition) ?? new PartitionDetector(partition)
    detectors.set(partition, detector)
    for (const message of detector.handle(signal, (seq += 1), 1)) {
      await bus.deliver(CONSUMERS.recorder, message)
      await bus.deliver(CONSUMERS.planner, message)
    }
  }

  for (const seconds of instantsOf(scenario)) {
    await clock.advance(ZERO_MS + seconds * SECOND - clock.now())
    change(seconds)
    signals.poll()
    while (alerts[0] && alerts[0].at <= seconds) await signals.alert(alerts.shift()!)
    for (const { signal, partition } of signals.take()) await enter(signal, partition)
    if (seconds % STEP_SECONDS === 0)
      for (const partition of detectors.keys())
        await enter(
          { kind: 'control', cluster: CLUSTER, partition, sentMs: clock.now(), change: { type: 'tick' } },
          partition,
        )
    for (let turn = 0; turn < TURNS; turn++) await setImmediate()
  }

  const [anomalies, incidents, plans] = await Promise.all([
    store.collection(COLLECTIONS.anomalies).find({ orderBy: 'detectedMs', limit: 500 }),
    store.collection(COLLECTIONS.incidents).find({ orderBy: 'openedMs', limit: 500 }),
    store.collection(COLLECTIONS.plans).find({ orderBy: 'createdMs', limit: 500 }),
  ])
  kit.abort()
  await planner.stop()
  await recorder.stop()
  await signals.stop()
  return {
    anomalies: anomalies.items,
    incidents: incidents.items,
    plans: plans.items,
    violations: kube.violations,
    dead: bus.dead,
  }
}
