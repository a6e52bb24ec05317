import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { PARTITIONS, type Entity, type Target } from './entity.ts'
import { Count, Ms, optional, strict, Text } from './schema.ts'

/** A name within a batch's cluster. */
const Named = { kind: Text, namespace: Type.String(), name: Text }

/** What is known beforehand of a metric that an installation has made its own; of others the catalogue knows it. */
const KnownOfMetric = strict({
  unit: Text,
  /** Which way is bad. */
  bad: Type.Enum(['up', 'down', 'both']),
  floor: Type.Number({ minimum: 0 }),
  minEffect: Type.Number({ minimum: 0 }),
  limit: optional(Type.Number()),
  /** Somebody vouches for it: it alone may give an alert. */
  isServiceLevel: optional(Type.Boolean()),
})
export type KnownOfMetric = Static<typeof KnownOfMetric>

/**
 * Samples of one partition. Everything that repeats is said once and referred to by its place, samples are columns: sample i is
 * `value[i]` of `series[of[i]]`, `afterMs[i]` after `startMs`. Some hundreds of samples are a few kilobytes.
 */
export const MetricBatch = strict({
  kind: Type.Literal('metric-batch'),
  cluster: Text,
  partition: Type.Integer({ minimum: 0, maximum: PARTITIONS - 1 }),
  collectedMs: Ms,
  /** History from before the collector started, for learning only: it opens no anomaly. */
  isBackfill: Type.Boolean(),
  /** How often each is asked for; freshness counts in these. */
  metrics: Type.Array(
    strict({ name: Text, intervalMs: Type.Number({ exclusiveMinimum: 0 }), known: optional(KnownOfMetric) }),
  ),
  targets: Type.Array(strict(Named)),
  entities: Type.Array(strict({ ...Named, target: Count })),
  series: Type.Array(
    strict({
      /** Stable id of (metric, entity, labels). */
      key: Text,
      metric: Count,
      entity: Count,
      /** What tells series of one metric and entity apart. */
      labels: optional(Type.Record(Type.String(), Type.String())),
    }),
  ),
  of: Type.Array(Count),
  startMs: Ms,
  afterMs: Type.Array(Type.Number()),
  value: Type.Array(Type.Number()),
})
export type MetricBatch = Static<typeof MetricBatch>

/** One series of a batch with its references resolved. */
export interface MetricSeries {
  key: string
  metric: string
  intervalMs: number
  known?: KnownOfMetric
  entity: Entity
  target: Target
  labels: Readonly<Record<string, string>>
}

const NO_LABELS = {}

/** The series of a batch, in its order. */
export function seriesOf({ cluster, metrics, targets, entities, series }: MetricBatch): MetricSeries[] {
  const fullTargets = targets.map((target) => ({ cluster, ...target }))
  const fullEntities = entities.map(({ kind, namespace, name }) => ({ cluster, kind, namespace, name }))
  return series.map(({ key, metric, entity, labels }) => ({
    key,
    metric: metrics[metric]!.name,
    intervalMs: metrics[metric]!.intervalMs,
    ...(metrics[metric]!.known && { known: metrics[metric]!.known }),
    entity: fullEntities[entity]!,
    target: fullTargets[entities[entity]!.target]!,
    labels: labels ?? NO_LABELS,
  }))
}

/** Columns must be of one length and refer to what is there. */
function referenceMistakes({ metrics, targets, entities, series, of, afterMs, value }: MetricBatch): string[] {
  if (of.length !== afterMs.length || of.length !== value.length)
    return [`of, afterMs, value: expected columns of one length, got ${of.length}, ${afterMs.length}, ${value.length}`]
  const beyond = (what: string, index: number, length: number) =>
    `${what}: expected indexes below ${length}, got ${index}`
  for (const { target } of entities)
    if (target >= targets.length) return [beyond('entities.target', target, targets.length)]
  for (const { metric, entity } of series) {
    if (metric >= metrics.length) return [beyond('series.metric', metric, metrics.length)]
    if (entity >= entities.length) return [beyond('series.entity', entity, entities.length)]
  }
  for (const index of of) if (index >= series.length) return [beyond('of', index, series.length)]
  return []
}

export const decodeMetricBatch = decoderOf(MetricBatch, referenceMistakes)
