import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { vusPr } from './vus-pr.ts'

const of = (scores: number[], labels: number[], window: number) =>
  vusPr(Float64Array.from(scores), Uint8Array.from(labels), window)

/** The definition word by word: every buffer, every threshold, every sample. */
function byDefinition(scores: number[], labels: number[], window: number): number {
  const n = scores.length
  const sorted = scores.toSorted((a, b) => b - a)
  const starts = labels.flatMap((label, i) => (label === 1 && labels[i - 1] !== 1 ? [i] : []))
  const ends = labels.flatMap((label, i) => (label === 1 && labels[i + 1] !== 1 ? [i] : []))
  const given = labels.filter((label) => label === 1).length
  let volume = 0
  for (let w = 0; w <= window; w++) {
    const half = Math.floor(w / 2)
    const soft = labels.map((label, i) => {
      let sum = label
      for (const [s, start] of starts.entries()) {
        const away = i > ends[s]! ? i - ends[s]! : start - i
        if (away > 0 && away <= half) sum += Math.sqrt(1 - away / w)
      }
      return Math.min(1, sum)
    })
    // A range is a segment with its buffer; ranges that share a sample are one.
    const groups: number[][] = []
    for (const s of starts.keys())
      if (s > 0 && ends[s - 1]! + half >= starts[s]! - half) groups.at(-1)!.push(s)
      else groups.push([s])
    const isInGroup = (i: number, group: number[]) => i >= starts[group[0]!]! - half && i <= ends[group.at(-1)!]! + half
    let before = 0
    for (let k = 0; k < 250; k++) {
      const threshold = sorted[k === 249 ? n - 1 : Math.trunc(k * ((n - 1) / 249))]!
      const isAlert = (i: number) => scores[i]! >= threshold
      const indices = [...scores.keys()]
      const found = indices.filter(isAlert).reduce((sum, i) => sum + soft[i]!, 0)
      const counted = indices.reduce((sum, i) => sum + (labels[i] === 1 ? 1 : isAlert(i) ? soft[i]! : 0), 0)
      const reached = groups.filter((group) => indices.some((i) => isAlert(i) && isInGroup(i, group))).length
      const recall = Math.min(found / ((given + counted) / 2), 1) * (reached / groups.length)
      volume += (recall - before) * (found / indices.filter(isAlert).length)
      before = recall
    }
  }
  return volume / (window + 1)
}

describe('vusPr', () => {
  it('is one when the anomaly alone stands out', () => assert.equal(of([0, 0, 1, 0, 0], [0, 0, 1, 0, 0], 2), 1))

  it('gives a part for an alert one sample too early, from the buffer of two samples on', () => {
    // Buffers 0 and 1: only the lowest threshold finds it, with precision 1/5. Buffer 2: labels √½, 1, √½; at the alert precision is
    // √½ and recall √½ / (1 + √½ / 2), below it 1 at (1 + 2 √½) / 5. Together exactly 0.6.
    assert.ok(Math.abs(of([0, 1, 0, 0, 0], [0, 0, 1, 0, 0], 2) - (0.2 + 0.2 + 0.6) / 3) < 1e-12)
  })

  it('counts a segment of which nothing was found against recall', () => {
    // Two segments; the alert finds one, so recall is 1/2 × 1/2 at precision 1, and the rest at 2/6.
    const expected = 0.25 + 0.75 * (2 / 6)
    assert.ok(Math.abs(of([1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 1], 0) - expected) < 1e-12)
  })

  it('is what the definition says, word by word', () => {
    const sample = fc.record({ score: fc.integer({ min: 0, max: 6 }), label: fc.constantFrom(0, 0, 0, 1) })
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 2, maxLength: 40 }).filter((all) => all.some(({ label }) => label === 1)),
        fc.integer({ min: 0, max: 9 }),
        (all, window) => {
          const scores = all.map(({ score }) => score)
          const labels = all.map(({ label }) => label)
          const [got, expected] = [of(scores, labels, window), byDefinition(scores, labels, window)]
          assert.ok(Math.abs(got - expected) < 1e-12, `expected ${expected}, got ${got}`)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('refuses what cannot be measured', () => {
    assert.throws(() => of([1, 2], [0, 0], 4), /expected at least one anomalous sample/)
  })
})
