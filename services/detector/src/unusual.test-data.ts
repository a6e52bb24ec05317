import { idOf, keyOf, type KnownOfMetric, type MetricBatch } from '@kubewise/contracts'
import { T0, web } from './signals.test-data.ts'

export const STEP_MS = 15_000

/** Metrics of pods, as the catalogue knows them. */
export const POD_METRICS: readonly string[] = [
  'pod_cpu_utilization_pct',
  'pod_memory_utilization_pct',
  'pod_cpu_throttled_pct',
  'container_file_handles_pct',
]

/** What each is of in ordinary times: a wave of its own, and noise that repeats nowhere. */
export const ordinary = (step: number, metric: number, pod: number): number =>
  20 + 10 * metric + 3 * Math.sin(step / (7 + metric)) + (((step * 7919 + metric * 104_729 + pod * 31) % 97) / 97) * 2

/** One sample of every metric of every pod of web, as one round of queries brings them. */
export function round(
  step: number,
  valueOf: (step: number, metric: number, pod: number) => number = ordinary,
  { pods = ['web-1'], metrics = POD_METRICS, isBackfill = false, known = undefined as KnownOfMetric | undefined } = {},
): MetricBatch {
  const timeMs = T0 + step * STEP_MS
  const entityOf = (name: string) => ({ cluster: 'test', kind: 'Pod', namespace: 'shop', name })
  const pairs = pods.flatMap((pod, p) => metrics.map((metric, m) => ({ pod, p, metric, m })))
  return {
    kind: 'metric-batch',
    cluster: 'test',
    partition: 0,
    collectedMs: timeMs,
    isBackfill,
    metrics: metrics.map((name) => ({ name, intervalMs: STEP_MS, ...(known && { known }) })),
    targets: [{ kind: web.kind, namespace: web.namespace, name: web.name }],
    entities: pods.map((name) => ({ kind: 'Pod', namespace: 'shop', name, target: 0 })),
    series: pairs.map(({ pod, p, metric, m }) => ({ key: idOf(metric, keyOf(entityOf(pod))), metric: m, entity: p })),
    of: pairs.map((_, i) => i),
    startMs: timeMs,
    afterMs: pairs.map(() => 0),
    value: pairs.map(({ m, p }) => valueOf(step, m, p)),
  }
}

export const rounds = (
  from: number,
  to: number,
  ...rest: [Parameters<typeof round>[1]?, Parameters<typeof round>[2]?]
) => Array.from({ length: to - from }, (_, i) => round(from + i, ...rest))
