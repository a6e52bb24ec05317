import { descending } from './average-precision.ts'

/** Thresholds of one curve, at evenly spaced ranks of the scores. */
const THRESHOLDS = 250

/** First and last anomalous index. */
type Segment = readonly [number, number]

/** Runs of set labels. */
export function segmentsOf(labels: Uint8Array): Segment[] {
  const segments: Segment[] = []
  let start = -1
  for (let i = 0; i <= labels.length; i++) {
    if (labels[i] === 1) {
      if (start < 0) start = i
    } else if (start >= 0) {
      segments.push([start, i - 1])
      start = -1
    }
  }
  return segments
}

/**
 * Volume under the surface of precision and recall, over buffers from 0 to `window` samples around every labelled segment.
 * Paparrizos et al., Volume Under the Surface, VLDB 2022, as TSB-AD (NeurIPS 2024) publishes it: a buffer of w samples adds, on each
 * side of a segment, w/2 labels that fall off as sqrt(1 - distance / w); recall is measured against the mean of the labels as given
 * and as extended where they were found, and is multiplied by the share of (merged) segments of which anything was found.
 *
 * Within one buffer, what counts at a threshold is a sum over the samples above it. So every sample is put once into the first
 * threshold that it reaches, and each curve is a running sum: samples near a segment times buffers, not samples times thresholds.
 *
 * @param scores higher is more anomalous; finite
 * @param labels as long; 1 where anomalous
 * @param window largest buffer, in samples
 * @throws RangeError if the lengths differ, a score is not finite or no label is set
 */
export function vusPr(scores: Float64Array, labels: Uint8Array, window = 100): number {
  const order = descending(scores, labels)
  const segments = segmentsOf(labels)
  if (segments.length === 0) throw new RangeError('labels: expected at least one anomalous sample, got none')
  const { bins, predicted } = thresholdsOf(scores, order)
  let sum = 0
  for (let w = 0; w <= window; w++) sum += curveArea(labels, segments, bins, predicted, w)
  return sum / (window + 1)
}

interface Thresholds {
  /** Of each sample the first threshold that it reaches. */
  bins: Uint16Array
  /** At each threshold the number of samples that reach it. */
  predicted: Float64Array
}

function thresholdsOf(scores: Float64Array, order: Uint32Array): Thresholds {
  const last = scores.length - 1
  const bins = new Uint16Array(scores.length)
  const predicted = new Float64Array(THRESHOLDS)
  let taken = 0
  for (let k = 0; k < THRESHOLDS; k++) {
    const rank = k === THRESHOLDS - 1 ? last : Math.trunc(k * (last / (THRESHOLDS - 1)))
    const threshold = scores[order[rank]!]!
    while (taken <= last && scores[order[taken]!]! >= threshold) bins[order[taken++]!] = k
    predicted[k] = taken
  }
  return { bins, predicted }
}

/** Labels with their buffer of w samples; sums above one are cut off. */
function extended(labels: Uint8Array, segments: readonly Segment[], w: number): Float64Array {
  const soft = Float64Array.from(labels)
  const half = Math.trunc(w / 2)
  for (const [start, end] of segments) {
    for (let i = end + 1; i <= Math.min(end + half, labels.length - 1); i++) soft[i]! += Math.sqrt(1 - (i - end) / w)
    for (let i = Math.max(start - half, 0); i < start; i++) soft[i]! += Math.sqrt(1 - (start - i) / w)
  }
  return soft.map((label) => Math.min(1, label))
}

/** Segments with their buffer; those that touch are one. */
function merged(segments: readonly Segment[], half: number, length: number): Segment[] {
  const all: [number, number][] = []
  for (const [start, end] of segments) {
    const previous = all.at(-1)
    if (previous && previous[1] >= start - half) previous[1] = end + half
    else all.push([Math.max(start - half, 0), end + half])
  }
  return all.map(([start, end]) => [start, Math.min(end, length - 1)])
}

/** Average precision of the curve for a buffer of w samples. */
function curveArea(
  labels: Uint8Array,
  segments: readonly Segment[],
  bins: Uint16Array,
  predicted: Float64Array,
  w: number,
): number {
  const soft = extended(labels, segments, w)
  const ranges = merged(segments, Math.trunc(w / 2), labels.length)
  const foundAt = new Float64Array(THRESHOLDS)
  const bufferAt = new Float64Array(THRESHOLDS)
  const rangesAt = new Float64Array(THRESHOLDS)
  for (const [start, end] of ranges) {
    let first = THRESHOLDS - 1
    for (let i = start; i <= end; i++) {
      const bin = bins[i]!
      foundAt[bin]! += soft[i]!
      if (labels[i] === 0) bufferAt[bin]! += soft[i]!
      first = Math.min(first, bin)
    }
    rangesAt[first]! += 1
  }
  const positives = labels.reduce((sum, label) => sum + label, 0)
  let [area, found, buffer, reached, recallBefore] = [0, 0, 0, 0, 0]
  for (let k = 0; k < THRESHOLDS; k++) {
    found += foundAt[k]!
    buffer += bufferAt[k]!
    reached += rangesAt[k]!
    const wanted = positives + buffer / 2
    const recall = Math.min(found / wanted, 1) * (reached / ranges.length)
    area += (recall - recallBefore) * (found / predicted[k]!)
    recallBefore = recall
  }
  return area
}
