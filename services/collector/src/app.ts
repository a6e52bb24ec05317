import { randomUUID } from 'node:crypto'
import { lead, type Bus } from '@kubewise/bus'
import { BUCKETS, idOf, PARTITIONS, STREAMS, subjects, type MetricBatch } from '@kubewise/contracts'
import type { Kube } from '@kubewise/kube'
import { metricsInForce, prometheusAt, PrometheusError, type Prometheus } from '@kubewise/metrics'
import {
  breakerOptions,
  createBreaker,
  every,
  NO_PROMETHEUS,
  type Breaker,
  type Kit,
  type Service,
} from '@kubewise/service'
import { alertAbout } from './alert-about.ts'
import { forwardAlerts } from './alerts.ts'
import { Batches } from './batches.ts'
import type { Config } from './config.ts'
import { CriticalMarks } from './critical-marks.ts'
import { createEventFilter, eventFilterWarnings } from './event-filter.ts'
import { EventRecord } from './event-record.ts'
import { startEventWatch } from './event-watch.ts'
import { forwardFeedback } from './feedback.ts'
import { createFigures } from './figures.ts'
import { FreshnessBoard } from './freshness.ts'
import { startObjectWatch } from './object-watch.ts'
import { Outbox } from './outbox.ts'
import type { LazyRecord } from './lazy-record.ts'
import { OwnerIndex } from './owner-index.ts'
import { measure } from './measure.ts'
import { measureNodes } from './node-measure.ts'
import { Relations } from './relations.ts'
import { SeriesIndex } from './series-index.ts'

export { readConfig, type Config } from './config.ts'

export interface Ports extends Kit {
  bus: Bus
  kube: Kube
  /** For copies of Events, where they are to be kept; nothing else here needs it. */
  record: Pick<LazyRecord, 'open'>
}

const SECOND = 1000
const HOUR = 3600 * SECOND
const RENEW_MS = 2 * SECOND
const TICK_MS = 5 * SECOND
const FRESHNESS_MS = 2 * SECOND
const REFRESH_MS = SECOND
const RESEND_MS = 600 * SECOND
const OUTBOX_CAPACITY = 50_000

/**
 * Brings the cluster's signals onto the bus: metrics, Events, object state, and the passing of time. One collector of a
 * cluster leads, the others stand by; a change of leader may send things twice, which detectors recognise.
 */
export function createCollector(ports: Ports, config: Config): Service {
  const { bus, kube, clock, log, metrics, health } = ports
  const cluster = config.KUBEWISE_CLUSTER
  const collected = metricsInForce(config.PROM_QUERIES, config.PROM_QUERIES_POLL_INTERVAL * SECOND)
  const figures = createFigures(metrics)
  const stopping = new AbortController()
  const breaker = config.PROM_URL === NO_PROMETHEUS ? undefined : breakerOfPrometheus()
  const prometheus = breaker && guarded(prometheusAt(config.PROM_URL, config.PROM_TIMEOUT * SECOND), breaker)
  let leading: Promise<void> | undefined
  let feedback: { stop(): Promise<void> } | undefined

  function breakerOfPrometheus(): Breaker {
    return createBreaker(
      'prometheus',
      {
        ...breakerOptions(config),
        timeoutMs: config.PROM_TIMEOUT * SECOND,
        isFailure: (error) => !(error instanceof PrometheusError) && !stopping.signal.aborted,
      },
      ports,
    )
  }

  /** One breaker for Prometheus as a whole: when it is down, twenty queries need not each wait for their time-out. */
  function guarded({ query, queryRange }: Prometheus, breaker: Breaker): Prometheus {
    return {
      query: (expression, signal) => breaker.run((timed) => query(expression, AbortSignal.any([signal, timed]))),
      queryRange: (expression, range, signal) =>
        breaker.run((timed) => queryRange(expression, range, AbortSignal.any([signal, timed]))),
    }
  }

  async function collect(signal: AbortSignal): Promise<void> {
    const owners = new OwnerIndex(cluster)
    const relations = new Relations()
    const ownerOf = (namespace: string, pod: string) =>
      owners.has('Pod', namespace, pod) ? owners.targetOf('Pod', namespace, pod) : undefined
    const index = new SeriesIndex(cluster, ownerOf, (instance) => relations.nodeAt(instance), {
      perMetric: config.KUBEWISE_MAX_SERIES_PER_QUERY,
    })
    metrics.sampled('kubewise_series_collected', 'Series that are collected.', () => index.size)
    const freshness = new FreshnessBoard(cluster)
    const outbox = new Outbox({
      bus,
      clock,
      log,
      capacity: OUTBOX_CAPACITY,
      onShed: figures.shed,
      onSent: figures.sent,
    })
    metrics.sampled('kubewise_metric_queue_size', 'Signals that wait for the bus.', () => outbox.waiting)
    let batchCount = 0
    const sendBatch = (batch: MetricBatch) =>
      outbox.add(subjects.metric(cluster, batch.partition), batch, `${instance}-${(batchCount += 1)}`, 'metric')
    const instance = randomUUID()

    const isCold = (await bus.streamState(STREAMS.signals.name)).messages === 0
    const sending = outbox.run(signal)
    const copies =
      config.EVENT_KEEP_HOURS > 0
        ? new EventRecord({ ...ports, keepMs: config.EVENT_KEEP_HOURS * HOUR, onCopy: figures.copy })
        : undefined
    const copying = copies?.run(signal)
    const watched = { cluster, kube, outbox, owners, marks: new CriticalMarks(), clock, log }
    const objects = await startObjectWatch(
      { ...watched, relations, health, onPodGone: (namespace, pod) => index.forgetPod(namespace, pod) },
      signal,
    )
    const events = startEventWatch({
      ...watched,
      filter: createEventFilter(config),
      maxAgeMs: config.EVENT_MAX_AGE_SECONDS * SECOND,
      onEvent(event, id) {
        relations.noteEvent(event, clock.now())
        copies?.keep(event, id)
      },
      onSkipped: figures.skippedEvent,
      onClockOff: figures.clockOff,
    })
    const aboutOf = alertAbout(cluster, owners, relations)
    const alerts = forwardAlerts({ bus, cluster, clock, aboutOf, onAlert: figures.alert })
    log.info({ queries: collected.length, isCold }, 'collecting')

    const report = (what: string) => (error: unknown) => log.warn({ err: error }, what)
    const tick = () => {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const body = { kind: 'control', cluster, partition, sentMs: clock.now(), change: { type: 'tick' } }
        outbox.add(subjects.control(cluster, partition), body, `${instance}-tick-${partition}-${body.sentMs}`, 'metric')
      }
    }
    const board = await bus.kv(BUCKETS.freshness)
    const shared = { clock, log, index, freshness, onNotTaken: figures.notTaken }
    const batches = new Batches(cluster, false, sendBatch)
    const byPrometheus = (prometheus: Prometheus) =>
      measure(
        {
          ...shared,
          prometheus,
          batches,
          history: new Batches(cluster, true, sendBatch),
          waiting: () => outbox.waiting,
          onPolled: figures.polled,
        },
        collected,
        isCold ? config.KUBEWISE_HISTORY_SECONDS * SECOND : 0,
        signal,
      )
    const byKubelets = () =>
      measureNodes(
        { ...shared, kube, health, batches, figures, objects: relations },
        {
          wanted: collected,
          pollIntervalMs: config.PROM_QUERIES_POLL_INTERVAL * SECOND,
          timeoutMs: config.PROM_TIMEOUT * SECOND,
        },
        signal,
      )
    await Promise.all([
      prometheus ? byPrometheus(prometheus) : byKubelets(),
      every(clock, TICK_MS, signal, tick, report('ticks not sent')),
      every(clock, REFRESH_MS, signal, () => objects.refresh(), report('related states not told')),
      every(
        clock,
        FRESHNESS_MS,
        signal,
        () =>
          freshness.write(board, clock.now(), { ...objects.confirmed(), ...confirmedOf(events) }, kube.clockSkewMs()),
        report('freshness not told'),
      ),
      clock.sleep(RESEND_MS, signal).then(
        () => every(clock, RESEND_MS, signal, () => objects.resend(), report('states not sent anew')),
        () => undefined,
      ),
    ])
    await Promise.all([objects.stop(), events.stop(), alerts.stop()])
    await Promise.all([sending, copying])
  }

  return {
    name: 'collector',
    health,
    async start() {
      for (const say of eventFilterWarnings(config)) log.warn({ say }, 'doubtful setting')
      const report = await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
      for (const difference of report.differences) log.warn(difference, 'the bus accepted something else')
      feedback = forwardFeedback(bus, cluster, clock)
      const signal = AbortSignal.any([ports.signal, stopping.signal])
      const leases = () => bus.kv(BUCKETS.leases)
      leading = lead({
        leases,
        key: `collector-${idOf(cluster)}`,
        holder: randomUUID(),
        renewMs: RENEW_MS,
        clock,
        log,
        signal,
        work: collect,
      })
    },
    async stop() {
      stopping.abort(new Error('the collector is stopping'))
      await leading
      await feedback?.stop()
      breaker?.stop()
    },
  }
}

function confirmedOf(events: { confirmedMs(): number | undefined }): Record<string, number> {
  const ms = events.confirmedMs()
  return ms === undefined ? {} : { events: ms }
}
