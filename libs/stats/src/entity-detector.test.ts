import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { EntityDetector, type EntityScore, type EntityState } from './index.ts'

/** A reproducible stream of numbers in [-1, 1). */
function randomness(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
}

interface Stream {
  values: Float64Array[]
  surprises: Float64Array[]
}

/** Metrics that follow one load, each with some noise of its own. */
function follow(metrics: number, length: number, seed = 1): Stream {
  const random = randomness(seed)
  const rows = Array.from({ length }, () => {
    const load = random()
    return {
      values: Float64Array.from({ length: metrics }, (_, j) => 50 + 10 * load * (j % 2 === 0 ? 1 : -1) + random()),
      surprises: Float64Array.from({ length: metrics }, () => 2 * random()),
    }
  })
  return { values: rows.map(({ values }) => values), surprises: rows.map(({ surprises }) => surprises) }
}

function play(detector: EntityDetector, index: number, { values, surprises }: Stream): EntityScore[] {
  return values.map((row, t) => ({ ...detector.learn(index, row, surprises[t]!) }))
}

function startWith(stream: Stream): { detector: EntityDetector; scores: EntityScore[] } {
  const detector = new EntityDetector(stream.values[0]!.length)
  return { detector, scores: play(detector, detector.add(), stream) }
}

const close = (a: number, b: number, tolerance: number) => Math.abs(a - b) <= tolerance * (1 + Math.abs(b))

function assertSame(actual: EntityScore[], expected: EntityScore[], tolerance: number): void {
  const at = actual.findIndex(({ score }, t) => !close(score, expected[t]!.score, tolerance))
  assert.equal(at, -1, `sample ${at}: expected ${expected[at]?.score}, got ${actual[at]?.score}`)
}

const small = fc.record({ metrics: fc.integer({ min: 1, max: 6 }), seed: fc.nat(1e6) })

describe('EntityDetector', () => {
  it('says nothing while it warms up, and is near one in ordinary times', () => {
    const { scores } = startWith(follow(6, 1500))
    assert.ok(scores.slice(0, 60).every(({ score, isWarm }) => score === 0 && !isWarm))
    const settled = scores.slice(500).map(({ score }) => score)
    assert.ok(settled.every((score) => score > 0.7 && score < 2.5))
  })

  it('sees a metric that leaves the company of the others, though its value is an ordinary one', () => {
    const stream = follow(6, 2000)
    const { detector, scores } = startWith(stream)
    const usual = Math.max(...scores.slice(500).map(({ structure }) => structure))
    const broken = Float64Array.from(stream.values.at(-1)!, (_, j) => (j % 2 === 0 ? 58 : 42))
    broken[3] = 58
    const { structure } = detector.learn(0, broken, new Float64Array(6))
    assert.ok(structure > 1.5 * usual, `expected far above ${usual}, got ${structure}`)
    assert.equal(detector.contributions(0)[0]?.metric, 3)
  })

  it('takes what tier 1 did not foresee into its score, and names the metric', () => {
    const stream = follow(6, 1000)
    const { detector, scores } = startWith(stream)
    const before = scores.at(-1)!.score
    const surprises = Float64Array.of(0, 0, 0, 0, 40, 0)
    const after = [1, 2, 3].map(() => detector.learn(0, stream.values[7]!, surprises).score).at(-1)!
    assert.ok(after > before)
    const named = detector.contributions(0)
    assert.equal(named[0]?.metric, 4)
    assert.equal(named.length, 5)
    assert.ok(named.every(({ share }, i) => share >= 0 && share <= (named[i - 1]?.share ?? 1)))
  })

  it("smooths the root of its views' squares over five samples, a jump at half its length", () => {
    const { detector, scores } = startWith(follow(3, 500))
    let score = scores.at(-1)!.score
    const jumping = [40, 60, 41, 62].map((value) => ({
      ...detector.learn(0, Float64Array.of(value, 50, 50), Float64Array.of(2, 0, 9)),
    }))
    for (const { structure, surprise, jump, score: got } of jumping) {
      assert.ok(jump > 0.5)
      score += (Math.hypot(structure, surprise, jump / 2) - score) / 5
      assert.ok(close(got, score, 1e-12))
    }
  })

  it('has no opinion on the unit of a metric', () => {
    fc.assert(
      fc.property(
        small,
        fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 6, maxLength: 6 }),
        (what, powers) => {
          const stream = follow(what.metrics, 400, what.seed)
          const scaled = stream.values.map((row) => row.map((value, j) => value * 2 ** powers[j]!))
          assertSame(startWith({ ...stream, values: scaled }).scores, startWith(stream).scores, 1e-9)
        },
      ),
      { numRuns: 20 },
    )
  })

  it('has no opinion on the order of metrics', () => {
    fc.assert(
      fc.property(small, (what) => {
        const stream = follow(what.metrics, 400, what.seed)
        const turned = (rows: Float64Array[]) => rows.map((row) => row.toReversed())
        const reversed = { values: turned(stream.values), surprises: turned(stream.surprises) }
        assertSame(startWith(reversed).scores, startWith(stream).scores, 1e-3)
      }),
      { numRuns: 20 },
    )
  })

  it('goes on elsewhere with the same scores to the bit', () => {
    fc.assert(
      fc.property(small, fc.integer({ min: 1, max: 399 }), (what, cut) => {
        const stream = follow(what.metrics, 400, what.seed)
        const part = (from: number, to?: number) => ({
          values: stream.values.slice(from, to),
          surprises: stream.surprises.slice(from, to),
        })
        const { detector } = startWith(part(0, cut))
        const state: EntityState = JSON.parse(JSON.stringify(detector.stateOf(0)))
        const other = new EntityDetector(what.metrics, 1)
        other.add()
        const index = other.add()
        other.restore(index, state)
        assert.deepEqual(other.contributions(index), detector.contributions(0))
        assert.deepEqual(play(other, index, part(cut)), play(detector, 0, part(cut)))
        assert.deepEqual(other.stateOf(index), detector.stateOf(0))
      }),
      { numRuns: 20 },
    )
  })

  it('keeps entities apart, and forgets one without touching the others', () => {
    const [a, b] = [follow(3, 300, 1), follow(3, 300, 2)]
    const alone = startWith(a).scores
    const detector = new EntityDetector(3, 1)
    const [first, second] = [detector.add(), detector.add()]
    const together = a.values.map((row, t) => {
      const { score } = detector.learn(first, row, a.surprises[t]!)
      detector.learn(second, b.values[t]!, b.surprises[t]!)
      return score
    })
    assert.deepEqual(
      together,
      alone.map(({ score }) => score),
    )
    const kept = detector.stateOf(first)
    detector.reset(second)
    assert.deepEqual(detector.stateOf(first), kept)
    assert.equal(detector.samples(second), 0)
    assertSame(play(detector, second, a), alone, 0)
  })

  it('stays finite on constant and doubled columns, and on numbers of any size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e150, max: 1e150, noNaN: true }), { minLength: 100, maxLength: 300 }),
        (values) => {
          const rows = values.map((value) => Float64Array.of(value, value, 7, 0))
          const { detector, scores } = startWith({ values: rows, surprises: rows.map(() => new Float64Array(4)) })
          assert.ok(scores.every(({ score }) => Number.isFinite(score) && score >= 0))
          assert.ok(detector.contributions(0).every(({ share, z }) => Number.isFinite(share) && Number.isFinite(z)))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('scores a constant metric that moves, and is silent on one that does not', () => {
    const constant: Stream = {
      values: Array.from({ length: 300 }, () => Float64Array.of(5)),
      surprises: Array.from({ length: 300 }, () => Float64Array.of(0)),
    }
    const { detector, scores } = startWith(constant)
    assert.ok(scores.every(({ score }) => score === 0))
    assert.ok(detector.learn(0, Float64Array.of(6), Float64Array.of(0)).score > 3)
  })

  it('carries a missing value for three steps, then takes the metric as usual', () => {
    const stream = follow(4, 600)
    const { detector } = startWith(stream)
    const odd = Float64Array.of(90, 50, 50, 50)
    const none = new Float64Array(4)
    detector.learn(0, odd, none)
    const gap = Float64Array.of(Number.NaN, 50, 50, 50)
    const present = Uint8Array.of(0, 1, 1, 1)
    const structures = [1, 2, 3, 4].map(() => detector.learn(0, gap, none, present).structure)
    assert.ok(structures.slice(0, 3).every((structure) => structure > 3))
    assert.ok(structures[3]! < 2, `expected an ordinary one, got ${structures[3]}`)
  })

  it('refuses what is not a number or of another length, and learns nothing of it', () => {
    const stream = follow(2, 100)
    const { detector } = startWith(stream)
    const before = detector.stateOf(0)
    const ok = Float64Array.of(1, 2)
    const bad = Float64Array.of(1, Number.NaN)
    assert.throws(() => detector.learn(0, bad, ok), /values\[1\]: expected a finite number .*, got NaN/)
    assert.throws(
      () => detector.learn(0, Float64Array.of(1e308, 1), ok),
      /values\[0\]: .* at most 1e\+150, got 1e\+308/,
    )
    assert.throws(() => detector.learn(0, ok, Float64Array.of(Infinity, 0)), /surprises\[0\]: expected a finite/)
    assert.throws(() => detector.learn(0, Float64Array.of(1), ok), /expected 2 metrics, got 1 values, 2 surprises/)
    assert.throws(() => detector.learn(0, ok, ok, Uint8Array.of(0, 0)), /expected at least one metric/)
    assert.throws(() => detector.restore(0, { ...before, recent: [] }), /expected parts of .* for 2 metrics, got/)
    assert.throws(() => new EntityDetector(0), /expected a positive integer, got 0/)
    assert.deepEqual(detector.stateOf(0), before)
  })
})
