import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Entity, PARTITIONS } from './entity.ts'
import { Count, Ms, strict, Text } from './schema.ts'

/** One series of a batch: what is measured, on what, for which target. */
export const MetricSeries = strict({
  /** Stable id of (metric, entity, labels). */
  key: Text,
  metric: Text,
  entity: Entity,
  target: Entity,
  labels: Type.Record(Type.String(), Type.String()),
  /** How often it is asked for; freshness counts in these. */
  intervalMs: Type.Number({ exclusiveMinimum: 0 }),
})
export type MetricSeries = Static<typeof MetricSeries>

/** Samples of one partition, as columns: sample i is `value[i]` of `series[of[i]]` at `timeMs[i]`. */
export const MetricBatch = strict({
  kind: Type.Literal('metric-batch'),
  cluster: Text,
  partition: Type.Integer({ minimum: 0, maximum: PARTITIONS - 1 }),
  collectedMs: Ms,
  /** History from before the collector started, for learning only: it opens no anomaly. */
  isBackfill: Type.Boolean(),
  series: Type.Array(MetricSeries),
  of: Type.Array(Count),
  timeMs: Type.Array(Ms),
  value: Type.Array(Type.Number()),
})
export type MetricBatch = Static<typeof MetricBatch>

/** Columns must be of one length and refer to series that are there. */
function columnMistakes({ series, of, timeMs, value }: MetricBatch): string[] {
  if (of.length !== timeMs.length || of.length !== value.length)
    return [`of, timeMs, value: expected columns of one length, got ${of.length}, ${timeMs.length}, ${value.length}`]
  for (const index of of)
    if (index >= series.length) return [`of: expected indexes below ${series.length}, got ${index}`]
  return []
}

export const decodeMetricBatch = decoderOf(MetricBatch, columnMistakes)
