import { SEVERITIES, SOURCES, type AnomalyMessage, type Signal } from '@kubewise/contracts'
import type { Clock, Metrics } from '@kubewise/service'

/** What the detector counts. */
export interface Figures {
  handled(signal: Signal, droppedSamples: number): void
  found(message: AnomalyMessage): void
  gap(messages: number): void
  owned(partitions: number): void
}

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
    'Samples that reached a model, or were dropped as repeats.',
    {
      outcome: ['scored', 'dropped'],
    },
  )
  const gaps = metrics.counter('kubewise_signals_lost_total', 'Signals that had left the stream before they were read.')
  const lag = metrics.gauge('kubewise_pipeline_lag_seconds', 'Age of the last signal when it was handled.', {
    stage: ['detector'],
  })
  const partitions = metrics.gauge('kubewise_partitions_owned', 'Partitions this detector works on.')
  return {
    handled(signal, droppedSamples) {
      const timeMs = timeOf(signal)
      if (timeMs !== undefined) lag.set({ stage: 'detector' }, Math.max(0, clock.now() - timeMs) / 1000)
      if (signal.kind !== 'metric-batch') return
      samples.inc({ outcome: 'dropped' }, droppedSamples)
      samples.inc({ outcome: 'scored' }, signal.of.length - droppedSamples)
    },
    found(message) {
      if (message.kind === 'anomaly') anomalies.inc({ source: message.source, severity: message.severity })
      else resolved.inc()
    },
    gap: (messages) => gaps.inc(messages),
    owned: (count) => partitions.set(count),
  }
}
