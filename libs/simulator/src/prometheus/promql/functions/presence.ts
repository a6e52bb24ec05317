import { labelsOf, type Labels } from '../../series/labels.ts'
import { matrixAt, samplesAt, scalarAt, vectorOf, type FunctionSpec } from '../function.ts'
import type { Expression } from '../syntax.ts'
import { fixedLabels } from './label.ts'

const NO_LABELS = labelsOf([])

function labelsOfAbsent(expression: Expression | undefined): Labels {
  if (expression?.type === 'group') return labelsOfAbsent(expression.operand)
  if (expression?.type === 'selector') return fixedLabels(expression.matchers)
  return expression?.type === 'range' ? fixedLabels(expression.selector.matchers) : NO_LABELS
}

export const PRESENCE_FUNCTIONS: Record<string, FunctionSpec> = {
  absent: {
    arguments: ['instant vector'],
    returns: 'instant vector',
    call: ({ values, expressions }) =>
      vectorOf(samplesAt(values, 0).length > 0 ? [] : [{ labels: labelsOfAbsent(expressions[0]), value: 1 }]),
  },
  absent_over_time: {
    arguments: ['range vector'],
    returns: 'instant vector',
    call: ({ values, expressions }) =>
      vectorOf(matrixAt(values, 0).series.length > 0 ? [] : [{ labels: labelsOfAbsent(expressions[0]), value: 1 }]),
  },
  scalar: {
    arguments: ['instant vector'],
    returns: 'scalar',
    call({ values }) {
      const [only, ...others] = samplesAt(values, 0)
      return { type: 'scalar', value: only && others.length === 0 ? only.value : Number.NaN }
    },
  },
  vector: {
    arguments: ['scalar'],
    returns: 'instant vector',
    call: ({ values }) => ({ type: 'vector', samples: [{ labels: NO_LABELS, value: scalarAt(values, 0) }] }),
  },
}
