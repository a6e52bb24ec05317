import { withoutName, type Labels } from '../series/labels.ts'
import { ARITHMETIC, COMPARE, isComparison } from './arithmetic.ts'
import { combineSets, matchVectors } from './vector-matching.ts'
import { SET_OPERATORS, type ArithmeticOperator, type Binary, type SetOperator } from './syntax.ts'
import type { Value, VectorSample } from './value.ts'

/** One operation on two evaluated sides: scalars, a vector with a scalar, or two vectors. */
export function operate(node: Binary, left: Value, right: Value): Value {
  if (left.type === 'scalar' && right.type === 'scalar')
    return { type: 'scalar', value: ofScalars(node, left.value, right.value) }
  if (left.type === 'vector' && right.type === 'vector')
    return { type: 'vector', samples: ofVectors(node, left.samples, right.samples) }
  if (left.type === 'vector' && right.type === 'scalar') return withScalar(node, left.samples, right.value, false)
  if (left.type === 'scalar' && right.type === 'vector') return withScalar(node, right.samples, left.value, true)
  throw new TypeError(`cannot apply ${node.operator} to ${left.type} and ${right.type}`)
}

function ofScalars({ operator }: Binary, left: number, right: number): number {
  return isComparison(operator)
    ? Number(COMPARE[operator](left, right))
    : ARITHMETIC[operator as ArithmeticOperator](left, right)
}

function withScalar(node: Binary, samples: VectorSample[], scalar: number, isScalarLeft: boolean): Value {
  const kept: VectorSample[] = []
  for (const sample of samples) {
    const [left, right] = isScalarLeft ? [scalar, sample.value] : [sample.value, scalar]
    const value = valueOf(node, left, right, sample.value)
    if (value !== undefined) kept.push({ labels: resultLabels(node, sample.labels), value })
  }
  return { type: 'vector', samples: kept }
}

/** @returns undefined when a comparison without `bool` drops the sample; else what it keeps, which is the vector's own value */
function valueOf({ operator, isBool }: Binary, left: number, right: number, kept: number): number | undefined {
  if (!isComparison(operator)) return ARITHMETIC[operator as ArithmeticOperator](left, right)
  const isTrue = COMPARE[operator](left, right)
  if (isBool) return Number(isTrue)
  return isTrue ? kept : undefined
}

/** Arithmetic makes another quantity, which the name would lie about. */
function resultLabels(node: Binary, labels: Labels): Labels {
  return node.isBool || !isComparison(node.operator) ? withoutName(labels) : labels
}

function ofVectors(node: Binary, left: VectorSample[], right: VectorSample[]): VectorSample[] {
  const matching = node.matching ?? { labels: [], isOn: false, card: 'one-to-one', include: [] }
  if (SET_OPERATORS.has(node.operator)) return combineSets(node.operator as SetOperator, matching, left, right)
  return matchVectors(matching, left, right, {
    valueOf: (leftValue, rightValue) => valueOf(node, leftValue, rightValue, leftValue),
    labelsOf: (labels) => resultLabels(node, labels),
  })
}
