import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { FlatSeries } from './index.ts'

function learnMany(
  flat: FlatSeries,
  series: number,
  values: readonly number[],
): { isFlat: boolean; surprise: number }[] {
  return values.map((value) => ({ ...flat.learn(series, value) }))
}

const same = (count: number, value: number) => Array.from({ length: count }, () => value)

describe('FlatSeries', () => {
  it('finds the first change of a constant series, and less in each of many', () => {
    const flat = new FlatSeries(1)
    flat.add()
    const series = flat.add()
    const [first] = learnMany(flat, series, [...same(2000, 3), 4]).slice(-1)
    assert.ok(first!.surprise > 2.9 && first!.surprise <= 3, `${first!.surprise}`)
    const changes = Array.from(
      { length: 20 },
      (_, i) => learnMany(flat, series, [...same(30, i), i + 1]).at(-1)!.surprise,
    )
    assert.ok(
      changes.at(-1)! < 1.7 && changes.every((surprise, i) => i === 0 || surprise < changes[i - 1]!),
      changes.join(' '),
    )
  })

  it('takes a change below a hundredth, or below the floor, for none', () => {
    const flat = new FlatSeries()
    const series = flat.add()
    learnMany(flat, series, same(500, 1000))
    assert.equal(flat.learn(series, 1009).surprise, 0)
    assert.ok(flat.learn(series, 1030).surprise > 2)
    assert.equal(flat.learn(series, 1000, 50).surprise, 0)
  })

  it('does not judge what changes all the time, nor before it knows', () => {
    const flat = new FlatSeries()
    const series = flat.add()
    assert.ok(learnMany(flat, series, [...same(90, 1), 2]).every(({ isFlat, surprise }) => !isFlat && surprise === 0))
    const lively = flat.add()
    const all = learnMany(
      flat,
      lively,
      Array.from({ length: 600 }, (_, i) => i % 7),
    )
    assert.ok(all.every(({ isFlat, surprise }) => !isFlat && surprise === 0))
  })

  it('never goes beyond three decades, and goes on elsewhere the same', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 300 }), (values) => {
        const flat = new FlatSeries()
        const [one, two] = [flat.add(), flat.add()]
        learnMany(flat, one, same(1000, 0))
        flat.restore(two, JSON.parse(JSON.stringify(flat.stateOf(one))) as number[])
        const scores = learnMany(flat, one, values)
        assert.ok(scores.every(({ surprise }) => surprise >= 0 && surprise <= 3))
        assert.deepEqual(learnMany(flat, two, values), scores)
      }),
    )
    const flat = new FlatSeries()
    flat.add()
    flat.reset(0)
    assert.throws(() => flat.learn(0, Number.NaN), /expected a finite number, got NaN/)
    assert.throws(() => flat.restore(0, []), /expected 3 numbers, got 0/)
  })
})
