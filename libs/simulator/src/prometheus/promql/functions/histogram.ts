import { labelKey, METRIC_NAME, without, type Labels } from '../../series/labels.ts'
import { samplesAt, scalarAt, vectorOf, type FunctionSpec } from '../function.ts'
import type { VectorSample } from '../value.ts'

interface Bucket {
  upperBound: number
  count: number
}

const DROPPED = new Set([METRIC_NAME, 'le'])

function parseBound(le: string | undefined): number {
  if (le === undefined) return Number.NaN
  const infinite = /^([+-]?)inf$/i.exec(le)
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return le.trim() === '' ? Number.NaN : Number(le)
}

function groupBuckets(samples: readonly VectorSample[]): { labels: Labels; buckets: Bucket[] }[] {
  const groups = new Map<string, { labels: Labels; buckets: Bucket[] }>()
  for (const sample of samples) {
    const upperBound = parseBound(sample.labels['le'])
    if (Number.isNaN(upperBound)) continue
    const labels = without(sample.labels, DROPPED)
    const group = groups.get(labelKey(labels)) ?? { labels, buckets: [] }
    group.buckets.push({ upperBound, count: sample.value })
    groups.set(labelKey(labels), group)
  }
  return Array.from(groups.values())
}

/** Sorted, one bucket per bound, counts that never fall (scrapes may tear). */
function tidy(buckets: Bucket[]): Bucket[] {
  const tidied: Bucket[] = []
  for (const { upperBound, count } of buckets.toSorted((a, b) => a.upperBound - b.upperBound)) {
    const last = tidied.at(-1)
    if (last?.upperBound === upperBound) last.count += count
    else tidied.push({ upperBound, count })
  }
  let highest = Number.NEGATIVE_INFINITY
  for (const bucket of tidied) bucket.count = highest = Math.max(highest, bucket.count)
  return tidied
}

/**
 * A quantile from cumulative buckets, linear within a bucket.
 *
 * @see bucketQuantile in promql/quantile.go of Prometheus
 */
function bucketQuantile(q: number, given: Bucket[]): number {
  if (Number.isNaN(q)) return Number.NaN
  if (q < 0) return Number.NEGATIVE_INFINITY
  if (q > 1) return Number.POSITIVE_INFINITY
  const buckets = tidy(given)
  const last = buckets.at(-1)
  if (buckets.length < 2 || last?.upperBound !== Number.POSITIVE_INFINITY || last.count === 0) return Number.NaN
  const rank = q * last.count
  const found = buckets.slice(0, -1).findIndex((bucket) => bucket.count >= rank)
  if (found === -1) return buckets.at(-2)!.upperBound
  const bucket = buckets[found] as Bucket
  if (found === 0 && bucket.upperBound <= 0) return bucket.upperBound
  const below = buckets[found - 1] ?? { upperBound: 0, count: 0 }
  return (
    below.upperBound + (bucket.upperBound - below.upperBound) * ((rank - below.count) / (bucket.count - below.count))
  )
}

export const HISTOGRAM_FUNCTIONS: Record<string, FunctionSpec> = {
  histogram_quantile: {
    arguments: ['scalar', 'instant vector'],
    returns: 'instant vector',
    call: ({ values }) =>
      vectorOf(
        groupBuckets(samplesAt(values, 1)).map(({ labels, buckets }) => ({
          labels,
          value: bucketQuantile(scalarAt(values, 0), buckets),
        })),
      ),
  },
}
