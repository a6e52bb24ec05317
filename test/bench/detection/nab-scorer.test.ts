import assert from 'node:assert/strict'
import type { NabSeries } from './nab-corpus.ts'
import { NabScorer } from './nab-scorer.ts'

const COSTS = { tpWeight: 1, fpWeight: 0.11, fnWeight: 1 }
/** 100 rows, the first 15 of them probation, one window. */
const SERIES: NabSeries = {
  name: 'a/b.csv',
  times: Float64Array.from({ length: 100 }, (_, i) => i),
  values: new Float64Array(100),
  windows: [[40, 49]],
}
const at = (...rows: number[]) => Float64Array.from({ length: 100 }, (_, i) => (rows.includes(i) ? 1 : 0))

describe('NabScorer', () => {
  const scorer = new NabScorer([SERIES])
  const cases: [string, number[], number][] = [
    ['gives 0 for no alert', [], 0],
    ['gives 100 for one at the very start of the window', [40], 100],
    ['counts only the first alert in a window', [40, 44, 49], 100],
    ['gives less for a late one', [49], 50 + 50 * ((2 / (1 + Math.exp(-0.5)) - 1) / (2 / (1 + Math.exp(-5)) - 1))],
    ['takes half of the weight for one far outside', [30], -5.5],
    ['takes less shortly after a window', [50], 5.5 * (2 / (1 + Math.exp(5 / 9)) - 1)],
    ['leaves the probation out', [3], 0],
  ]
  for (const [what, rows, expected] of cases)
    it(what, () => assert.ok(Math.abs(scorer.at(1, [at(...rows)], COSTS) - expected) < 1e-9))

  it('finds the best threshold, equal scores together', () => {
    const scores = at(40).map((score, row) => (row === 30 || row === 20 ? 0.5 : score))
    assert.deepEqual(scorer.best([scores], COSTS), { threshold: 1, score: 100 })
    const inverted = at(30).map((score, row) => (row === 40 ? 0.5 : score))
    const { threshold, score } = scorer.best([inverted], COSTS)
    assert.equal(threshold, 0.5)
    assert.ok(Math.abs(score - 94.5) < 1e-9)
  })

  it('prefers no alert where every one costs', () =>
    assert.deepEqual(scorer.best([at(20)], COSTS), { threshold: Infinity, score: 0 }))
})
