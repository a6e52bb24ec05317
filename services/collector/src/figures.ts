import type { Metrics } from '@kubewise/service'
import { ALERT_LABELS, type AlertLabel } from './alerts.ts'
import { COPIES, type Copied } from './event-record.ts'
import { SKIPPED, type Skipped } from './event-watch.ts'
import { FAILURES, type Failure } from './failure.ts'
import { SAMPLE_OUTCOMES, type SampleCounts, type Taken } from './take-into.ts'
import { NOT_TAKEN, type NotTaken } from './series-index.ts'
import { PRIORITIES, type Priority } from './waiting-signals.ts'

/** What the collector counts: everything taken, and everything that was not, by why. */
export interface Figures {
  /** @param hasWarnings of Prometheus */
  polled(query: string, taken: Taken, hasWarnings: boolean): void
  failed(query: string, why: Failure): void
  /** Another collector asks it now. */
  moved(query: string): void
  /** Of history, which belongs to no poll. */
  samples(count: SampleCounts): void
  /** How many series of a query's newest answer were not taken, by why. */
  notTaken(query: string, count: Readonly<Record<NotTaken, number>>): void
  /** One request of what is measured without Prometheus. */
  measured(by: 'summary' | 'resource-metrics', outcome: string): void
  /** Members of such an answer that could not be read. */
  unread(members: number): void
  /** How many of the metrics that Prometheus would give are not there. */
  missing(metrics: number): void
  skippedEvent(why: Skipped): void
  clockOff(): void
  copy(what: Copied): void
  alert(by: AlertLabel): void
  shed(priority: Priority): void
  sent(): void
}

export function createFigures(metrics: Metrics): Figures {
  const polls = metrics.counter('kubewise_polls_total', 'Queries asked of Prometheus.', { query: [], outcome: [] })
  const samples = metrics.counter('kubewise_samples_collected_total', 'Samples that Prometheus answered with.', {
    outcome: SAMPLE_OUTCOMES,
  })
  const failures = metrics.counter('kubewise_poll_failures_total', 'Queries that brought nothing, by why.', {
    why: FAILURES,
  })
  const warnings = metrics.counter('kubewise_prometheus_warnings_total', 'Answers that came with a warning.')
  const skipped = metrics.counter('kubewise_events_skipped_total', 'Kubernetes Events that were not passed on.', {
    why: SKIPPED,
  })
  const clockOff = metrics.counter(
    'kubewise_events_clock_off_total',
    'Kubernetes Events whose time was put right: ahead of now, or before the API server had them.',
  )
  const copies = metrics.counter(
    'kubewise_event_copies_total',
    'Copies of Events for the record, by what became of them.',
    {
      what: COPIES,
    },
  )
  const notTaken = metrics.gauge(
    'kubewise_series_not_taken',
    "Series of a query's newest answer that were not taken: of pods whose owner is not known yet, more than one query, or the collector, may have, or of what can be no object.",
    { query: [], why: [] },
  )
  const measured = metrics.counter(
    'kubewise_measurements_total',
    'Requests for measurements through the API server, where there is no Prometheus: 2xx or the kind of error.',
    { by: ['summary', 'resource-metrics'], outcome: [] },
  )
  const unread = metrics.counter(
    'kubewise_measurements_unread_total',
    'Members of measurements that are not what they should be; each is left out alone.',
  )
  const missing = metrics.gauge('kubewise_metrics_missing', 'Metrics that are not collected for want of Prometheus.')
  const alerts = metrics.counter(
    'kubewise_outside_alerts_total',
    'Alerts passed on, by the label that named the object.',
    {
      by: ALERT_LABELS,
    },
  )
  const shed = metrics.counter(
    'kubewise_signals_shed_total',
    'Signals given up while the bus was away, or that it does not take, by class.',
    {
      priority: PRIORITIES,
    },
  )
  const sent = metrics.counter('kubewise_signals_sent_total', 'Signals that the bus has stored.')
  const count = (counts: SampleCounts) => {
    for (const outcome of SAMPLE_OUTCOMES) samples.inc({ outcome }, counts[outcome])
  }
  const countNotTaken = (query: string, counts: Readonly<Record<NotTaken, number>>) => {
    for (const [why, many] of Object.entries(counts)) notTaken.set({ query, why }, many)
  }
  return {
    polled(query, taken, hasWarnings) {
      polls.inc({ query, outcome: 'ok' })
      count(taken.samples)
      countNotTaken(query, taken.notTaken)
      if (hasWarnings) warnings.inc()
    },
    failed(query, why) {
      polls.inc({ query, outcome: 'failed' })
      failures.inc({ why })
    },
    moved(query) {
      for (const why of NOT_TAKEN) notTaken.set({ query, why }, 0)
    },
    samples: count,
    notTaken: countNotTaken,
    measured: (by, outcome) => measured.inc({ by, outcome }),
    unread: (members) => unread.inc(members),
    missing: (count) => missing.set(count),
    skippedEvent: (why) => skipped.inc({ why }),
    copy: (what) => copies.inc({ what }),
    clockOff: () => clockOff.inc(),
    alert: (by) => alerts.inc({ by }),
    shed: (priority) => shed.inc({ priority }),
    sent: () => sent.inc(),
  }
}
