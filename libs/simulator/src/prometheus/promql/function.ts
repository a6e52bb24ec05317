import { labelKey, withoutName, type Labels } from '../series/labels.ts'
import { PromqlError } from './error.ts'
import type { Expression, ValueType } from './syntax.ts'
import type { Matrix, RangeSeries, Value, VectorSample } from './value.ts'

/** One call of a function at one instant. */
export interface CallInput {
  values: Value[]
  expressions: readonly Expression[]
  atMs: number
}

export interface FunctionSpec {
  arguments: readonly ValueType[]
  returns: ValueType
  /** How many of the last arguments may be left out. */
  optional?: number
  /** Whether the last argument may be repeated. */
  isVariadic?: boolean
  call(input: CallInput): Value
}

export const scalarAt = (values: readonly Value[], index: number): number => {
  const value = values[index]
  return value?.type === 'scalar' ? value.value : Number.NaN
}

export const stringAt = (values: readonly Value[], index: number): string => {
  const value = values[index]
  return value?.type === 'string' ? value.value : ''
}

export const samplesAt = (values: readonly Value[], index: number): VectorSample[] => {
  const value = values[index]
  return value?.type === 'vector' ? value.samples : []
}

export function matrixAt(values: readonly Value[], index: number): Matrix {
  const value = values[index]
  if (value?.type !== 'matrix') throw new TypeError(`argument ${index}: expected a range vector, got ${value?.type}`)
  return value
}

/** A vector as a function returns it. @throws PromqlError if two samples have the same labels now that the names are gone */
export function vectorOf(samples: VectorSample[]): Value {
  const keys = new Set(samples.map((sample) => labelKey(sample.labels)))
  if (keys.size < samples.length)
    throw new PromqlError('execution', 'vector cannot contain metrics with the same labelset')
  return { type: 'vector', samples }
}

/** A function of each sample of a vector; further scalars are handed over. */
export function ofEach(map: (value: number, ...scalars: number[]) => number, scalars = 0, optional = 0): FunctionSpec {
  return {
    arguments: ['instant vector', ...Array.from({ length: scalars }, () => 'scalar' as const)],
    optional,
    returns: 'instant vector',
    call({ values }) {
      const rest = values.slice(1).map((_, index) => scalarAt(values, index + 1))
      return vectorOf(
        samplesAt(values, 0).map(({ labels, value }) => ({ labels: withoutName(labels), value: map(value, ...rest) })),
      )
    },
  }
}

/** A function of each series of a range vector; undefined drops the series. */
export function ofRange(
  fold: (series: RangeSeries, window: Matrix, input: CallInput) => number | undefined,
  shape: { arguments?: readonly ValueType[]; rangeIndex?: number; keepsName?: boolean } = {},
): FunctionSpec {
  const name: (labels: Labels) => Labels = shape.keepsName ? (labels) => labels : withoutName
  return {
    arguments: shape.arguments ?? ['range vector'],
    returns: 'instant vector',
    call(input) {
      const window = matrixAt(input.values, shape.rangeIndex ?? 0)
      const samples: VectorSample[] = []
      for (const series of window.series) {
        const value = fold(series, window, input)
        if (value !== undefined) samples.push({ labels: name(series.labels), value })
      }
      return vectorOf(samples)
    },
  }
}
