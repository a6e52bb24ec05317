import { labelKey, labelsOf, METRIC_NAME, only, sayLabels, without, type Labels } from '../series/labels.ts'
import { PromqlError } from './error.ts'
import type { Matching, SetOperator } from './syntax.ts'
import type { VectorSample } from './value.ts'

/** What makes two samples of both sides a pair. */
function signer(matching: Matching): (labels: Labels) => string {
  if (matching.isOn) return (labels) => labelKey(only(labels, matching.labels))
  const ignored = new Set([...matching.labels, METRIC_NAME])
  return (labels) => labelKey(without(labels, ignored))
}

export function combineSets(
  operator: SetOperator,
  matching: Matching,
  left: VectorSample[],
  right: VectorSample[],
): VectorSample[] {
  const sign = signer(matching)
  if (operator === 'or') {
    const known = new Set(left.map((sample) => sign(sample.labels)))
    return [...left, ...right.filter((sample) => !known.has(sign(sample.labels)))]
  }
  const known = new Set(right.map((sample) => sign(sample.labels)))
  return left.filter((sample) => known.has(sign(sample.labels)) === (operator === 'and'))
}

interface Operation {
  valueOf(left: number, right: number): number | undefined
  labelsOf(labels: Labels): Labels
}

/**
 * Pairs the samples of two vectors and computes each pair.
 *
 * @throws PromqlError of kind `execution` when the pairs are not unique, worded as Prometheus does
 */
export function matchVectors(
  matching: Matching,
  left: VectorSample[],
  right: VectorSample[],
  operation: Operation,
): VectorSample[] {
  const isSwapped = matching.card === 'one-to-many'
  const [many, one] = isSwapped ? [right, left] : [left, right]
  const sign = signer(matching)
  const oneBySignature = indexOnce(one, sign, matching, isSwapped ? 'left' : 'right')
  const results: VectorSample[] = []
  const seen = new Map<string, Set<string>>()
  for (const sample of many) {
    const signature = sign(sample.labels)
    const partner = oneBySignature.get(signature)
    if (!partner) continue
    const [leftValue, rightValue] = isSwapped ? [partner.value, sample.value] : [sample.value, partner.value]
    const value = operation.valueOf(leftValue, rightValue)
    if (value === undefined) continue
    const labels = resultLabels(matching, operation.labelsOf(sample.labels), partner.labels)
    refuseTwice(matching, seen, signature, labels, sample.labels)
    results.push({ labels, value })
  }
  return results
}

function indexOnce(
  samples: VectorSample[],
  sign: (labels: Labels) => string,
  matching: Matching,
  side: string,
): Map<string, VectorSample> {
  const index = new Map<string, VectorSample>()
  for (const sample of samples) {
    const signature = sign(sample.labels)
    const other = index.get(signature)
    if (other) throw duplicateSeries(matching, side, sample.labels, other.labels)
    index.set(signature, sample)
  }
  return index
}

function duplicateSeries(matching: Matching, side: string, found: Labels, other: Labels): PromqlError {
  const group = sayLabels(
    matching.isOn ? only(found, matching.labels) : without(found, new Set([...matching.labels, METRIC_NAME])),
  )
  return new PromqlError(
    'execution',
    `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: ` +
      `[${sayLabels(found)}, ${sayLabels(other)}];many-to-many matching not allowed: matching labels must be unique on one side`,
  )
}

function resultLabels(matching: Matching, labels: Labels, partner: Labels): Labels {
  if (matching.card === 'one-to-one') {
    if (matching.isOn) return only(labels, matching.labels)
    return matching.labels.length > 0 ? without(labels, new Set(matching.labels)) : labels
  }
  if (matching.include.length === 0) return labels
  const copied = matching.include.map((name) => [name, partner[name] ?? ''] as const)
  return labelsOf([...Object.entries(without(labels, new Set(matching.include))), ...copied])
}

function refuseTwice(
  matching: Matching,
  seen: Map<string, Set<string>>,
  signature: string,
  labels: Labels,
  origin: Labels,
): void {
  const results = seen.get(signature)
  const key = labelKey(labels)
  if (!results) {
    seen.set(signature, new Set([key]))
    return
  }
  if (matching.card === 'one-to-one')
    throw new PromqlError(
      'execution',
      'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
    )
  if (results.has(key))
    throw new PromqlError(
      'execution',
      `multiple matches for labels: grouping labels must ensure unique matches (${sayLabels(origin)})`,
    )
  results.add(key)
}
