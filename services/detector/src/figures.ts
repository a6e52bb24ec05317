import { SEVERITIES, SOURCES, type AnomalyMessage, type Signal } from '@kubewise/contracts'
import type { Clock, Metrics } from '@kubewise/service'
import type { Refused } from './partition-detector.ts'

/** What the detector counts. */
export interface Figures {
  /** @param refused samples of the signal that were not learnt, by why */
  handled(signal: Signal, refused: Refused): void
  found(message: AnomalyMessage): void
  gap(messages: number): void
  /** @param guardFactors of the partitions that are worked on */
  owned(guardFactors: readonly number[]): void
}

const REFUSALS = ['late', 'beyond-measure', 'ahead', 'flag'] as const

const timeOf = (signal: Signal): number | undefined => {
  if (signal.kind === 'metric-batch') return signal.collectedMs
  if (signal.kind === 'object-state') return signal.observedMs
  return signal.kind === 'control' ? signal.sentMs : undefined
}

export function createFigures(metrics: Metrics, clock: Clock): Figures {
  const anomalies = metrics.counter('kubewise_anomalies_detected_total', 'Anomalies opened.', {
    source: SOURCES,
    severity: SEVERITIES,
  })
  const resolved = metrics.counter('kubewise_anomalies_resolved_total', 'Anomalies ended.')
  const samples = metrics.counter(
    'kubewise_samples_total',
    'Samples that reached a model, or why they were not learnt.',
    {
      outcome: ['scored', ...REFUSALS],
    },
  )
  const gaps = metrics.counter('kubewise_signals_lost_total', 'Signals that had left the stream before they were read.')
  const lag = metrics.gauge('kubewise_pipeline_lag_seconds', 'Age of the last signal when it was handled.', {
    stage: ['detector'],
  })
  const guard = metrics.gauge(
    'kubewise_alert_threshold_factor',
    'What thresholds of alerts are multiplied by where most: 1, or more while far too many are given in a partition.',
  )
  const partitions = metrics.gauge('kubewise_partitions_owned', 'Partitions this detector works on.')
  return {
    handled(signal, refused) {
      const timeMs = timeOf(signal)
      if (timeMs !== undefined) lag.set({ stage: 'detector' }, Math.max(0, clock.now() - timeMs) / 1000)
      if (signal.kind !== 'metric-batch') return
      let scored = signal.of.length
      for (const why of REFUSALS) {
        samples.inc({ outcome: why }, refused[why])
        scored -= refused[why]
      }
      samples.inc({ outcome: 'scored' }, scored)
    },
    found(message) {
      if (message.kind === 'anomaly') anomalies.inc({ source: message.source, severity: message.severity })
      else resolved.inc()
    },
    gap: (messages) => gaps.inc(messages),
    owned(guardFactors) {
      partitions.set(guardFactors.length)
      guard.set(Math.max(1, ...guardFactors))
    },
  }
}
