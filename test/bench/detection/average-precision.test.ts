import assert from 'node:assert/strict'
import { averagePrecision } from './average-precision.ts'

const of = (scores: number[], labels: number[]) => averagePrecision(Float64Array.from(scores), Uint8Array.from(labels))

describe('averagePrecision', () => {
  const CASES: [say: string, scores: number[], labels: number[], expected: number][] = [
    ['all found before anything false', [3, 2, 1, 0], [1, 1, 0, 0], 1],
    ['one false between two', [0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0], (1 + 2 / 3) / 2],
    ['found last of all', [4, 3, 2, 1], [0, 0, 0, 1], 1 / 4],
    ['equal scores are one threshold, whatever their order', [1, 1, 1, 1], [1, 0, 0, 0], 1 / 4],
    ['equal scores among others', [2, 1, 1, 0], [1, 0, 1, 1], (1 + 2 / 3 + 3 / 4) / 3],
  ]
  for (const [say, scores, labels, expected] of CASES)
    it(say, () => assert.ok(Math.abs(of(scores, labels) - expected) < 1e-15))

  it('refuses what cannot be measured', () => {
    assert.throws(() => of([1, 2], [0, 0]), /expected at least one anomalous sample/)
    assert.throws(() => of([1, 2], [1]), /labels: expected 2, one for each score, got 1/)
    assert.throws(() => of([1, Number.NaN], [1, 0]), /scores\[1\]: expected a finite number, got NaN/)
  })
})
