import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { Episodes } from './index.ts'

const MINUTE = 60_000

/** What happened at each sample: `!` an onset, `+` became worse, `-` open, `x` closed, `.` nothing. */
function play(scores: readonly number[], stepMs = MINUTE, theta = 1): string {
  const episodes = new Episodes(1)
  const member = episodes.add()
  return scores.map((score, i) => mark(episodes, member, i * stepMs, score, theta)).join('')
}

function mark(episodes: Episodes, member: number, timeMs: number, score: number, theta: number): string {
  const step = episodes.learn(member, timeMs, score, theta)
  return step.isOnset ? '!' : step.isWorse ? '+' : step.isClosed ? 'x' : step.isOpen ? '-' : '.'
}

const many = (count: number, score: number) => Array.from({ length: count }, () => score)

describe('Episodes', () => {
  it('begin at theta, and stay open at 0.7 of it', () => {
    assert.equal(play([0.9, 0.99, 1, 0.9, ...many(40, 0.7)]), `..!-${'-'.repeat(40)}`)
  })
  it('end after a quarter of an hour and twelve samples below, whichever is later', () => {
    assert.equal(play([2, ...many(20, 0)]), `!${'-'.repeat(15)}x....`)
    assert.equal(play([2, ...many(20, 0)], 5 * MINUTE), `!${'-'.repeat(11)}x........`)
    assert.equal(play([2, ...many(62, 0)], 15_000), `!${'-'.repeat(60)}x.`)
  })
  it('do not end while the score comes back, and a return is no new alert', () => {
    assert.equal(play([2, ...many(14, 0), 1.2, ...many(14, 0), 2.2, 0]), `!${'-'.repeat(31)}`)
  })
  it('fire anew after their end, at any height', () => {
    assert.equal(play([5, ...many(16, 0), 1]), `!${'-'.repeat(15)}x!`)
  })
  it('fire again while open only for 1.3 times what they were known for', () => {
    const calm = many(16, 0.8)
    assert.equal(play([1, ...calm, 1.29, 1.3, 1.5]), `!${'-'.repeat(17)}+-`)
    assert.equal(play([1, ...many(9, 1.2), ...many(9, 2), ...calm, 2.5, 2.7]), `!${'-'.repeat(35)}+`)
  })
  it('take what still climbs as one alert', () => {
    assert.equal(play([1, 1.4, 2, 3, 5, 9]), '!-----')
  })
  it('need no more than one alert for each quarter of an hour, whatever the scores', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 300 }),
        fc.integer({ min: 1, max: 600 }),
        (scores, stepS) => {
          const marks = play(scores, stepS * 1000)
          const fired = Array.from(marks).flatMap((m, i) => (m === '!' || m === '+' ? [i] : []))
          for (const [n, at] of fired.entries())
            if (n > 0) assert.ok((at - fired[n - 1]!) * stepS * 1000 >= 15 * MINUTE, marks)
        },
      ),
    )
  })
  it('go on after a restore as if nothing had been', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: 2, maxLength: 120 }),
        fc.nat(),
        (scores, cut) => {
          const at = cut % scores.length
          const first = new Episodes(1)
          first.add()
          const before = scores.slice(0, at).map((score, i) => mark(first, 0, i * MINUTE, score, 1))
          const second = new Episodes(4)
          second.add()
          second.restore(0, JSON.parse(JSON.stringify(first.stateOf(0))) as number[])
          const after = scores.slice(at).map((score, i) => mark(second, 0, (at + i) * MINUTE, score, 1))
          assert.equal([...before, ...after].join(''), play(scores))
        },
      ),
    )
  })
  it('refuse what is no score', () => {
    const episodes = new Episodes(1)
    episodes.add()
    assert.throws(() => episodes.learn(0, 0, Number.NaN, 1), /score: expected a finite number, got NaN/)
    assert.throws(() => episodes.learn(0, 0, 1, 0), /theta: expected a number above 0, got 0/)
    assert.throws(() => episodes.restore(0, [1]), /expected 6 numbers, got 1/)
  })
})
