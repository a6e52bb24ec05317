import { AGGREGATIONS } from '../aggregate.ts'
import { ofRange, scalarAt, type FunctionSpec } from '../function.ts'
import { quantileOf } from '../quantile.ts'
import type { RangeSeries } from '../value.ts'

/** The same fold as the aggregation operator of that name, over time instead of over series. */
function likeAggregation(operator: string): FunctionSpec {
  return ofRange(({ labels, values }) => {
    const samples = values.map((value) => ({ labels, value }))
    return AGGREGATIONS[operator]?.aggregate({ labels, samples }, undefined)[0]?.value
  })
}

export const OVER_TIME_FUNCTIONS: Record<string, FunctionSpec> = {
  sum_over_time: likeAggregation('sum'),
  avg_over_time: likeAggregation('avg'),
  min_over_time: likeAggregation('min'),
  max_over_time: likeAggregation('max'),
  stddev_over_time: likeAggregation('stddev'),
  stdvar_over_time: likeAggregation('stdvar'),
  count_over_time: likeAggregation('count'),
  present_over_time: likeAggregation('group'),
  last_over_time: ofRange(({ values }: RangeSeries) => values.at(-1), { keepsName: true }),
  quantile_over_time: ofRange((series, _, { values }) => quantileOf(scalarAt(values, 0), series.values), {
    arguments: ['scalar', 'range vector'],
    rangeIndex: 1,
  }),
}
