import { labelKey, labelsOf, METRIC_NAME, only, without, type Labels } from '../series/labels.ts'
import { PromqlError } from './error.ts'
import { formatValue } from './number-text.ts'
import { quantileOf } from './quantile.ts'
import type { Value, VectorSample } from './value.ts'

interface Group {
  labels: Labels
  samples: VectorSample[]
}

interface AggregationSpec {
  parameter?: 'scalar' | 'string'
  aggregate(group: Group, parameter: Value | undefined): VectorSample[]
}

const ofValues = (fold: (values: number[]) => number): AggregationSpec => ({
  aggregate: ({ labels, samples }) => [{ labels, value: fold(samples.map((sample) => sample.value)) }],
})

const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value / values.length, 0)

function varianceOf(values: number[]): number {
  const mean = meanOf(values)
  return meanOf(values.map((value) => (value - mean) ** 2))
}

/** NaN loses against any number. */
const extreme = (isBetter: (a: number, b: number) => boolean) => (values: number[]) =>
  values.reduce((best, value) => (Number.isNaN(best) || isBetter(value, best) ? value : best))

/** The aggregation operators of PromQL, by name. */
export const AGGREGATIONS: Record<string, AggregationSpec> = {
  sum: ofValues((values) => values.reduce((sum, value) => sum + value, 0)),
  avg: ofValues((values) => averageOf(values)),
  min: ofValues(extreme((a, b) => a < b)),
  max: ofValues(extreme((a, b) => a > b)),
  count: ofValues((values) => values.length),
  group: ofValues(() => 1),
  stddev: ofValues((values) => Math.sqrt(varianceOf(values))),
  stdvar: ofValues(varianceOf),
  quantile: {
    parameter: 'scalar',
    aggregate: ({ labels, samples }, q) => [
      {
        labels,
        value: quantileOf(
          numberOf(q),
          samples.map((sample) => sample.value),
        ),
      },
    ],
  },
  topk: { parameter: 'scalar', aggregate: (group, k) => first(group, numberOf(k), (a, b) => b - a) },
  bottomk: { parameter: 'scalar', aggregate: (group, k) => first(group, numberOf(k), (a, b) => a - b) },
  count_values: { parameter: 'string', aggregate: countValues },
}

/** Infinities do not turn the mean into NaN as long as they agree. */
function averageOf(values: number[]): number {
  return values.some((value) => !Number.isFinite(value))
    ? values.reduce((sum, value) => sum + value, 0) / values.length
    : meanOf(values)
}

const numberOf = (value: Value | undefined) => (value?.type === 'scalar' ? value.value : Number.NaN)

function first({ samples }: Group, k: number, order: (a: number, b: number) => number): VectorSample[] {
  if (Number.isNaN(k)) throw new PromqlError('execution', 'Scalar value NaN overflows int64')
  const sorted = samples.toSorted(
    (a, b) => Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value)) || order(a.value, b.value),
  )
  return sorted.slice(0, Math.max(0, Math.trunc(k)))
}

function countValues({ labels, samples }: Group, parameter: Value | undefined): VectorSample[] {
  const name = parameter?.type === 'string' ? parameter.value : ''
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
    throw new PromqlError('execution', `invalid label name ${JSON.stringify(name)}`)
  const counts = new Map<string, number>()
  for (const { value } of samples) counts.set(formatValue(value), (counts.get(formatValue(value)) ?? 0) + 1)
  return Array.from(counts, ([text, value]) => ({ labels: labelsOf([...Object.entries(labels), [name, text]]), value }))
}

/** Groups samples by their labels and folds each group into one sample (`topk`: into a few of its own). */
export function aggregate(
  operator: string,
  grouping: readonly string[],
  isWithout: boolean,
  samples: readonly VectorSample[],
  parameter: Value | undefined,
): VectorSample[] {
  const dropped = new Set([...grouping, METRIC_NAME])
  const groups = new Map<string, Group>()
  for (const sample of samples) {
    const labels = isWithout ? without(sample.labels, dropped) : only(sample.labels, grouping)
    const key = labelKey(labels)
    const group = groups.get(key)
    if (group) group.samples.push(sample)
    else groups.set(key, { labels, samples: [sample] })
  }
  const spec = AGGREGATIONS[operator]
  if (!spec) throw new PromqlError('bad_data', `parse error: unknown aggregation operator ${operator}`)
  return Array.from(groups.values()).flatMap((group) => spec.aggregate(group, parameter))
}
