import assert from 'node:assert/strict'
import { FORECAST_RULES } from '@kubewise/detector/metrics/trends'
import { FORECASTS } from '@kubewise/planner/context/limit-facts'

describe('the forecasts that the planner knows', () => {
  it('are those that the detector gives, name by name', () =>
    assert.deepEqual(Object.keys(FORECASTS).toSorted(), [...FORECAST_RULES].toSorted()))
})
