import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { AlertBudget, BLOCK_MS, BlockMaxima, Episodes, type BudgetGroupState, type BudgetSettings } from './index.ts'

const SETTINGS: BudgetSettings = {
  halfLifeDays: 14,
  pseudoBlocks: 48,
  priorBlocks: 4,
  ownBlocks: 72,
  parentMargin: 1.05,
  holdMs: 6 * BLOCK_MS,
  prior: { median: 1, rare: 3 },
}
const STEP_MS = 300_000

/** A reproducible stream of numbers in (0, 1). */
function randomness(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
}

const gaussian = (random: () => number) => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())

const STREAMS: Record<string, (random: () => number) => () => number> = {
  exponential: (random) => () => -Math.log(random()),
  lognormal: (random) => () => Math.exp(0.5 * gaussian(random)),
  'heavy-tailed': (random) => () => 0.5 * random() ** (-1 / 3),
  autocorrelated: (random) => {
    let level = 0
    return () => {
      level = 0.9 * level + Math.sqrt(1 - 0.81) * gaussian(random)
      return Math.exp(0.5 * level)
    }
  },
}

/** Members that share one group under a root, over some days. @returns alerts for each member and day after the first week */
function rateOf(stream: (typeof STREAMS)[string], perDay: number, { members = 10, days = 60, seed = 1 } = {}): number {
  const budget = new AlertBudget(SETTINGS)
  const group = budget.add(budget.add())
  const maxima = new BlockMaxima()
  const episodes = new Episodes()
  const streams = Array.from({ length: members }, (_, i) => stream(randomness(seed * 1000 + i * 77)))
  for (let i = 0; i < members; i++) {
    maxima.add()
    episodes.add()
  }
  let alerts = 0
  for (let timeMs = 0; timeMs < days * 24 * BLOCK_MS; timeMs += STEP_MS)
    for (const [member, next] of streams.entries()) {
      const score = next()
      const step = episodes.learn(member, timeMs, score, budget.threshold(group, perDay))
      if (step.isOnset && timeMs >= 7 * 24 * BLOCK_MS) alerts++
      const block = maxima.learn(member, timeMs, score, step.isOnset)
      if (block) budget.learn(group, block.endMs, block.maximum, block.hasAlerted)
    }
  return alerts / (members * (days - 7))
}

const score = fc.double({ min: 0, max: 100, noNaN: true })
const perDay = fc.double({ min: 0.001, max: 12, noNaN: true })

function budgetOf(maxima: readonly number[], settings = SETTINGS): AlertBudget {
  const budget = new AlertBudget(settings, 1)
  budget.add(budget.add())
  for (const [i, maximum] of maxima.entries()) budget.learn(1, i * BLOCK_MS, maximum)
  return budget
}

describe('AlertBudget', () => {
  for (const [name, stream] of Object.entries(STREAMS))
    for (const wanted of [0.1, 0.5])
      it(`keeps to ${wanted} alerts a day on ${name} scores, within 1.5 times`, () => {
        const rate = rateOf(stream, wanted)
        assert.ok(rate < 1.5 * wanted && rate > wanted / 2.5, `${rate} a day`)
      }).timeout(20_000)

  it('asks for more the fewer alerts it may give', () => {
    fc.assert(
      fc.property(fc.array(score, { maxLength: 200 }), perDay, perDay, (maxima, one, other) => {
        const budget = budgetOf(maxima)
        const few = budget.threshold(1, Math.min(one, other))
        assert.ok(few >= budget.threshold(1, Math.max(one, other)))
        assert.ok(Number.isFinite(few) && few > 0)
      }),
    )
  })
  it('starts from its prior, and a group without history from its parent', () => {
    const empty = budgetOf([])
    assert.ok(Math.abs(empty.exceedance(0, 1) - 0.5) < 0.05)
    const root = new AlertBudget(SETTINGS)
    root.add()
    const old = root.add(0)
    for (let i = 0; i < 1000; i++) root.learn(old, i * BLOCK_MS, 4 + (i % 100) / 50)
    const young = root.add(0)
    assert.ok(root.threshold(young, 0.05) > 6 && root.threshold(young, 0.05) < 9)
  })
  it('keeps a young group above its parent, and lets an old one be itself', () => {
    const budget = new AlertBudget(SETTINGS)
    budget.add()
    const noisy = budget.add(0)
    const quiet = budget.add(0)
    for (let i = 0; i < 60; i++)
      for (const [g, at] of [
        [noisy, 8],
        [quiet, 1],
      ] as const)
        budget.learn(g, i * BLOCK_MS, at)
    assert.ok(budget.threshold(quiet, 0.05) >= 1.05 * budget.threshold(0, 0.05) - 1e-9)
    for (let i = 60; i < 1200; i++) budget.learn(quiet, i * BLOCK_MS, 1 + (i % 7) / 100)
    assert.ok(budget.threshold(quiet, 0.5) < 2)
  })
  it('judges a group that never fills a block by what its parent has learnt since', () => {
    const budget = new AlertBudget(SETTINGS)
    budget.add()
    const early = budget.add(0)
    const before = budget.threshold(early, 0.05)
    const other = budget.add(0)
    for (let i = 0; i < 1000; i++) budget.learn(other, i * BLOCK_MS, 40 + (i % 100))
    assert.ok(budget.threshold(early, 0.05) > 2 * before)
    assert.equal(budget.threshold(early, 0.05), budget.threshold(budget.add(0), 0.05))
  })
  it('learns what alerted six hours later', () => {
    const budget = budgetOf(Array.from({ length: 100 }, (_, i) => 1 + (i % 10) / 20))
    const before = budget.exceedance(1, 10)
    for (let i = 100; i < 105; i++) budget.learn(1, i * BLOCK_MS, 20, true)
    assert.equal(budget.exceedance(1, 10), before)
    budget.learn(1, 111 * BLOCK_MS, 1)
    assert.ok(budget.exceedance(1, 10) > 0.02)
  })
  it('goes on beyond what was seen as a heavy tail does', () => {
    const budget = budgetOf(Array.from({ length: 1000 }, (_, i) => ((i + 0.5) / 1000) ** -0.4))
    const theta = budget.threshold(0, 24 / 20_000)
    assert.ok(theta > 27 && theta < 80, `${theta}, 52 is right`)
  })
  it('forgets half within the half-life', () => {
    const budget = budgetOf(Array.from({ length: 24 }, () => 5))
    budget.learn(1, (14 * 24 + 1) * BLOCK_MS, 5)
    assert.equal(budget.blocks(1), 24 / 2 + 1)
  })
  it('goes on after a restore to the bit, and never looks ahead', () => {
    const block = fc.tuple(score, fc.boolean())
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 150 }), fc.nat(), (blocks, cut) => {
        const at = cut % blocks.length
        const whole = new AlertBudget(SETTINGS)
        const part = new AlertBudget(SETTINGS)
        const later = new AlertBudget(SETTINGS)
        for (const each of [whole, part, later]) each.add(each.add())
        const learn = (to: AlertBudget, i: number) => {
          to.learn(1, i * 3 * BLOCK_MS, ...blocks[i]!)
          return [to.threshold(1, 0.05), to.threshold(0, 0.05), to.exceedance(1, 2)]
        }
        for (let i = 0; i < at; i++) assert.deepEqual(learn(whole, i), learn(part, i))
        for (const group of [0, 1])
          later.restore(group, JSON.parse(JSON.stringify(part.stateOf(group))) as BudgetGroupState)
        for (let i = at; i < blocks.length; i++) assert.deepEqual(learn(later, i), learn(whole, i))
      }),
    )
  })
  it('refuses what it cannot learn', () => {
    const budget = budgetOf([])
    for (const maximum of [Number.NaN, Infinity, -1])
      assert.throws(() => budget.learn(1, 0, maximum), /maximum: expected a finite number of 0 or more/)
    assert.throws(() => budget.threshold(1, 0), /perDay: expected a number above 0, got 0/)
    assert.throws(() => budget.add(7), /parent: expected -1 or a group that exists, got 7/)
    assert.throws(() => new AlertBudget({ ...SETTINGS, prior: { median: 3, rare: 1 } }), /0 < median < rare/)
    assert.throws(() => budget.restore(1, { counts: [1], columns: [], held: [] }), /expected 64 bins/)
  })
})

describe('BlockMaxima', () => {
  it('gives the highest score of each whole hour of the clock', () => {
    const maxima = new BlockMaxima()
    maxima.add()
    const closed = Array.from({ length: 300 }, (_, minute) =>
      maxima.learn(0, (minute + 30) * 60_000, minute, minute === 100),
    ).filter((block) => block !== undefined)
    assert.deepEqual(closed, [
      { endMs: 2 * BLOCK_MS, maximum: 89, hasAlerted: false },
      { endMs: 3 * BLOCK_MS, maximum: 149, hasAlerted: true },
      { endMs: 4 * BLOCK_MS, maximum: 209, hasAlerted: false },
      { endMs: 5 * BLOCK_MS, maximum: 269, hasAlerted: false },
    ])
  })
  it('goes on after a restore', () => {
    const one = new BlockMaxima()
    const other = new BlockMaxima()
    one.add()
    other.add()
    for (let minute = 0; minute < 30; minute++) one.learn(0, minute * 60_000, 3, false)
    other.restore(0, one.stateOf(0))
    for (let minute = 30; minute < 60; minute++) other.learn(0, minute * 60_000, 2, false)
    assert.equal(other.learn(0, BLOCK_MS, 0, false)?.maximum, 3)
  })
})
