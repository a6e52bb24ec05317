import { randomUUID } from 'node:crypto'
import { join, lead, wordsOf, type Bus } from '@kubewise/bus'
import { BUCKETS, idOf, STREAMS, subjects, type Freshness, type MetricBatch } from '@kubewise/contracts'
import type { Kube } from '@kubewise/kube'
import { metricsInForce, prometheusAt, PrometheusError, type Prometheus } from '@kubewise/metrics'
import { breakerOptions, createBreaker, NO_PROMETHEUS, type Breaker, type Kit, type Service } from '@kubewise/service'
import { Batches } from './batches.ts'
import { clusterClock } from './cluster-clock.ts'
import type { Config } from './config.ts'
import { CriticalMarks } from './critical-marks.ts'
import { eventFilterWarnings } from './event-filter.ts'
import { forwardFeedback } from './feedback.ts'
import { createFigures } from './figures.ts'
import { FreshnessBoard, togetherOf } from './freshness.ts'
import type { LazyRecord } from './lazy-record.ts'
import { HISTORY_MS, startMeasuring } from './measure.ts'
import { measureNodes } from './node-measure.ts'
import { startObjectWatch } from './object-watch.ts'
import { Outbox } from './outbox.ts'
import { OwnerIndex } from './owner-index.ts'
import { Relations } from './relations.ts'
import { SeriesIndex } from './series-index.ts'
import { shardOf, shareOf, type Share } from './shares.ts'
import { speak, Speaking, type Watching } from './speak.ts'

export { readConfig, type Config } from './config.ts'

export interface Ports extends Kit {
  bus: Bus
  kube: Kube
  /** For copies of Events, where they are to be kept; nothing else here needs it. */
  record: Pick<LazyRecord, 'open'>
}

const SECOND = 1000
const RENEW_MS = 2 * SECOND
/** What waits for the bus while it is away: some minutes of a large cluster. */
const OUTBOX = { capacity: 50_000, maxBytes: 256 * 1024 ** 2 }

/**
 * Brings the cluster's signals onto the bus: metrics, Events, object state, and the passing of time. All collectors of a cluster watch
 * its objects and share the queries; one leads and speaks of what is watched. A change of either may send things twice, which
 * detectors recognise.
 */
export function createCollector(ports: Ports, config: Config): Service {
  const { bus, kube, log, metrics, health } = ports
  const clock = clusterClock(ports.clock, () => kube.clockSkewMs())
  const cluster = config.KUBEWISE_CLUSTER
  const collected = metricsInForce(config.PROM_QUERIES, config.PROM_QUERIES_POLL_INTERVAL * SECOND)
  const figures = createFigures(metrics)
  const stopping = new AbortController()
  const breaker = config.PROM_URL === NO_PROMETHEUS ? undefined : breakerOfPrometheus()
  const shards = config.KUBEWISE_NAMESPACE_SHARDS
  const leases = () => bus.kv(BUCKETS.leases)
  const memberPrefix = `collector-${idOf(cluster)}-`
  // Of one answer twice as many as may be taken, so that a series that is known is not cut off for a new one before it in line.
  const bounds = { series: 2 * config.KUBEWISE_MAX_SERIES_PER_QUERY * shards }
  const prometheus = breaker && guarded(prometheusAt(config.PROM_URL, config.PROM_TIMEOUT * SECOND, bounds), breaker)
  let collecting: Promise<void> | undefined
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

  /** One breaker for Prometheus as a whole: when it is down, tens of queries need not each wait for their time-out. */
  function guarded({ query, queryRange }: Prometheus, breaker: Breaker): Prometheus {
    return {
      query: (expression, signal) => breaker.run((timed) => query(expression, AbortSignal.any([signal, timed]))),
      queryRange: (expression, range, signal) =>
        breaker.run((timed) => queryRange(expression, range, AbortSignal.any([signal, timed]))),
    }
  }

  /** Watches, measures its share, and leads where no other does, until the signal aborts. */
  async function collect(signal: AbortSignal): Promise<void> {
    const { created, messages } = await bus.streamState(STREAMS.signals.name)
    // As young as this, its first history may be under way with another collector, for the metrics that are its own.
    const isCold = messages === 0 || Math.abs(clock.now() - Date.parse(created)) < HISTORY_MS
    const owners = new OwnerIndex(cluster)
    const relations = new Relations()
    const ownerOf = (namespace: string, pod: string) =>
      owners.has('Pod', namespace, pod) ? owners.targetOf('Pod', namespace, pod) : undefined
    const index = new SeriesIndex(cluster, ownerOf, (instance) => relations.nodeAt(instance), {
      perMetric: config.KUBEWISE_MAX_SERIES_PER_QUERY,
    })
    metrics.sampled('kubewise_series_collected', 'Series that are collected.', () => index.size)
    const freshness = new FreshnessBoard()
    const outbox = new Outbox({ bus, clock, log, ...OUTBOX, onShed: figures.shed, onSent: figures.sent })
    metrics.sampled('kubewise_metric_queue_size', 'Signals that wait for the bus.', () => outbox.waiting)
    metrics.sampled('kubewise_metric_queue_bytes', 'What they take, about, in bytes.', () => outbox.bytes)
    const handedOn = new AbortController()
    const sending = outbox.run(handedOn.signal)
    const speaking = new Speaking(outbox)
    const watched: Watching = { cluster, kube, owners, relations, marks: new CriticalMarks(), clock, log }
    const objects = await startObjectWatch(
      { ...watched, outbox: speaking, health, onPodGone: (namespace, pod) => index.forgetPod(namespace, pod) },
      signal,
    )
    const member = randomUUID()
    let shares: Share = new Map()
    let batchCount = 0
    const sendBatch = (batch: MetricBatch) =>
      outbox.add(
        subjects.metric(cluster, batch.partition),
        batch,
        `${member}-${(batchCount += 1)}`,
        batch.isBackfill ? 'history' : 'metric',
      )
    const shared = { clock, log, index, freshness, batches: new Batches(cluster, false, sendBatch) }
    const measuring =
      prometheus &&
      startMeasuring(
        {
          ...shared,
          prometheus,
          isOurs: (metric, labels) => shares.get(metric.name)?.has(shardOf(metric, labels, shards)) ?? false,
          history: new Batches(cluster, true, sendBatch),
          waiting: () => outbox.waiting,
          onPolled: figures.polled,
          onFailed: figures.failed,
          onSamples: figures.samples,
          onMoved: figures.moved,
        },
        isCold ? config.KUBEWISE_HISTORY_SECONDS * SECOND : 0,
        signal,
      )
    function onMembers(members: readonly string[]): void {
      if (!measuring) return
      shares = shareOf(member, members, collected, shards)
      measuring.share(collected.filter(({ name }) => shares.has(name)))
      const say = `${shares.size} of ${collected.length} queries are asked here, by ${members.length} collectors in all`
      health.set('measuring', 'quality', { ok: true, say })
    }
    /** What a node says is cheap next to a query of all pods: where there is no Prometheus, the leader asks all nodes. */
    const measuringNodes = (term: AbortSignal) =>
      measureNodes(
        { ...shared, kube, health, figures, objects: relations, onNotTaken: figures.notTaken },
        {
          wanted: collected,
          pollIntervalMs: config.PROM_QUERIES_POLL_INTERVAL * SECOND,
          timeoutMs: config.PROM_TIMEOUT * SECOND,
        },
        term,
      )
    const say = (): Freshness => ({ cluster, writtenMs: clock.now(), metrics: freshness.metrics, watches: {} })
    const together = async () => {
      const words = await wordsOf(await leases(), memberPrefix)
      return togetherOf(
        freshness.metrics,
        words.filter((one) => one.member !== member).map(({ word }) => word),
      )
    }
    await Promise.all([
      measuring?.done,
      join({ leases, prefix: memberPrefix, member, beatMs: RENEW_MS, clock, log, signal, say, onMembers }),
      lead({
        leases,
        key: `collector-${idOf(cluster)}`,
        holder: member,
        renewMs: RENEW_MS,
        clock,
        log,
        signal,
        async work(term) {
          const spoken = { ...watched, bus, record: ports.record, outbox, speaking, objects, together, figures, config }
          await Promise.all([speak(spoken, term), prometheus ? undefined : measuringNodes(term)])
        },
      }),
    ])
    await objects.stop()
    handedOn.abort(new Error('everything is handed on'))
    await sending
  }

  /** What cannot begin, since the bus is away, begins later. */
  async function goOnCollecting(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await collect(signal).catch((error: unknown) => log.error({ err: error }, 'not collecting, trying again'))
      await clock.sleep(RENEW_MS, signal).catch(() => undefined)
    }
  }

  return {
    name: 'collector',
    health,
    async start() {
      for (const say of eventFilterWarnings(config)) log.warn({ say }, 'doubtful setting')
      const report = await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
      for (const difference of report.differences) log.warn(difference, 'the bus accepted something else')
      feedback = forwardFeedback(bus, cluster, clock)
      collecting = goOnCollecting(AbortSignal.any([ports.signal, stopping.signal]))
    },
    async stop() {
      stopping.abort(new Error('the collector is stopping'))
      await collecting
      await feedback?.stop()
      breaker?.stop()
    },
  }
}
