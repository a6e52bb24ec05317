import { alertAbout } from '@kubewise/collector/alert-about'
import { forwardAlerts } from '@kubewise/collector/alerts'
import { Batches } from '@kubewise/collector/batches'
import { CriticalMarks } from '@kubewise/collector/critical-marks'
import { createEventFilter, EVERYTHING } from '@kubewise/collector/event-filter'
import { startEventWatch } from '@kubewise/collector/event-watch'
import { startObjectWatch } from '@kubewise/collector/object-watch'
import type { Outbox } from '@kubewise/collector/outbox'
import { OwnerIndex } from '@kubewise/collector/owner-index'
import { Relations } from '@kubewise/collector/relations'
import { SeriesIndex } from '@kubewise/collector/series-index'
import {
  CONSUMERS,
  idOf,
  partitionOf,
  type Control,
  type MetricBatch,
  type OutsideAlert,
  type Signal,
} from '@kubewise/contracts'
import type { Kube } from '@kubewise/kube'
import { metricNamed, UNKNOWN } from '@kubewise/metrics'
import { silentLog, type Kit } from '@kubewise/service'
import type { Scenario, ScenarioAlert } from './form.ts'
import type { MemoryBus } from './memory-bus.ts'
import { valuesOf } from './series.ts'

const SECOND = 1000
const EVENT_MAX_AGE_MS = 3_600_000

/** A signal with the partition that it enters. */
export interface Entering {
  signal: Signal
  partition: number
}

interface Sample {
  metric: string
  labels: Readonly<Record<string, string>>
  timeMs: number
  value: number
}

/** The collector's own stages over a scenario: its objects, Events and series become what would enter the partitions. */
export interface SignalSource {
  /** What has come since the last call, in its order. */
  take(): Entering[]
  /** Samples up to now, and what hangs on other objects. */
  poll(): void
  alert(alert: ScenarioAlert): Promise<void>
  stop(): Promise<void>
}

function samplesOf({ series = [] }: Scenario, zeroMs: number): Sample[] {
  const all = series.flatMap(({ metric, labels, from, every, values }) =>
    valuesOf(values).flatMap((value, index) =>
      value === undefined ? [] : { metric, labels, timeMs: zeroMs + (from + index * every) * SECOND, value },
    ),
  )
  return all.sort((a, b) => a.timeMs - b.timeMs)
}

export async function startSignals(
  scenario: Scenario,
  {
    kube,
    clock,
    bus,
    health,
    signal: stopping,
  }: Pick<Kit, 'clock' | 'health' | 'signal'> & { kube: Kube; bus: MemoryBus },
  cluster: string,
): Promise<SignalSource> {
  const zeroMs = clock.now()
  const entering: Entering[] = []
  const owners = new OwnerIndex(cluster)
  const relations = new Relations()
  const index = new SeriesIndex(
    cluster,
    (namespace, pod) => (owners.has('Pod', namespace, pod) ? owners.targetOf('Pod', namespace, pod) : undefined),
    (instance) => relations.nodeAt(instance),
  )
  const outbox = {
    add(_subject: string, body: Signal): void {
      if (body.kind === 'object-state' || body.kind === 'kubernetes-event')
        entering.push({ signal: body, partition: partitionOf(body.target) })
    },
  } as unknown as Outbox
  const watched = { cluster, kube, outbox, owners, marks: new CriticalMarks(), clock, log: silentLog }
  const objects = await startObjectWatch(
    { ...watched, relations, health, onPodGone: (namespace, pod) => index.forgetPod(namespace, pod) },
    stopping,
  )
  const events = startEventWatch({
    ...watched,
    filter: createEventFilter(EVERYTHING),
    maxAgeMs: EVENT_MAX_AGE_MS,
    onEvent: (event) => relations.noteEvent(event, clock.now()),
    onSkipped: () => undefined,
    onClockOff: () => undefined,
  })
  const aboutOf = alertAbout(cluster, owners, relations)
  const alerts = forwardAlerts({ bus, cluster, clock, aboutOf, onAlert: () => undefined })

  const send = (batch: MetricBatch) => void entering.push({ signal: batch, partition: batch.partition })
  const samples = samplesOf(scenario, zeroMs)
  let next = 0

  function fill(batches: Batches, untilMs: number): void {
    for (; next < samples.length && samples[next]!.timeMs <= untilMs; next++) {
      const { metric, labels, timeMs, value } = samples[next]!
      const known = metricNamed(metric) ?? { ...UNKNOWN, name: metric, query: metric, intervalMs: 15 * SECOND }
      const series = index.lookup(known, labels, timeMs)
      if (typeof series === 'object') batches.add(series, timeMs, value, clock.now())
    }
    batches.flush()
  }

  fill(new Batches(cluster, true, send), zeroMs - 1)
  const live = new Batches(cluster, false, send)
  return {
    take: () => entering.splice(0),
    poll() {
      objects.refresh()
      fill(live, clock.now())
    },
    async alert({ name, status = 'firing', severity = 'warning', labels, at }) {
      const outside: OutsideAlert = {
        kind: 'outside-alert',
        cluster,
        fingerprint: idOf('alert', name, JSON.stringify(labels)),
        name,
        status,
        severity,
        startsMs: zeroMs + at * SECOND,
        ...(status === 'resolved' && { endsMs: clock.now() }),
        labels,
        receivedMs: clock.now(),
      }
      await bus.deliver(CONSUMERS.collectorAlerts, outside)
      for (const body of bus.taken('control') as Control[]) entering.push({ signal: body, partition: body.partition })
    },
    stop: async () => void (await Promise.all([objects.stop(), events.stop(), alerts.stop()])),
  }
}
