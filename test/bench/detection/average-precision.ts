/**
 * Average precision of scores against point labels: the sum over distinct thresholds of precision times the step in recall, without
 * interpolation and without point adjustment (as scikit-learn defines `average_precision_score`). Equal scores share a threshold.
 *
 * @param scores higher is more anomalous; finite
 * @param labels as long; 1 where anomalous
 * @returns 0 to 1
 * @throws RangeError if the lengths differ, a score is not finite or no label is set
 */
export function averagePrecision(scores: Float64Array, labels: Uint8Array): number {
  const order = descending(scores, labels)
  const positives = labels.reduce((sum, label) => sum + label, 0)
  if (positives === 0) throw new RangeError('labels: expected at least one anomalous sample, got none')
  let sum = 0
  let found = 0
  let foundBefore = 0
  for (const [rank, at] of order.entries()) {
    found += labels[at]!
    const next = order[rank + 1]
    if (next !== undefined && scores[next] === scores[at]) continue
    sum += ((found - foundBefore) / positives) * (found / (rank + 1))
    foundBefore = found
  }
  return sum
}

/** Indices by descending score. @throws RangeError as above */
export function descending(scores: Float64Array, labels: Uint8Array): Uint32Array {
  if (scores.length !== labels.length)
    throw new RangeError(`labels: expected ${scores.length}, one for each score, got ${labels.length}`)
  const strange = scores.findIndex((score) => !Number.isFinite(score))
  if (strange >= 0) throw new RangeError(`scores[${strange}]: expected a finite number, got ${scores[strange]}`)
  return Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!)
}
