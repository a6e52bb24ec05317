import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { AlertGuard, rolloutFactor } from './index.ts'

const HOUR = 3_600_000

/** Alerts of each hour, under a budget of 12 a day. @returns the factor at the end of each */
function factors(perHour: readonly number[], perDay = 12): number[] {
  const guard = new AlertGuard()
  return perHour.map((count, hour) => {
    for (let i = 0; i < count; i++) guard.open(hour * HOUR + i, perDay)
    return guard.standing((hour + 1) * HOUR, perDay).factor
  })
}

describe('AlertGuard', () => {
  it('leaves thresholds alone while alerts keep to their budget, or to thrice of it', () => {
    assert.ok(factors(Array.from({ length: 48 }, () => 1)).every((factor) => factor === 1))
  })
  it('raises all of them, by half at most, while there are more, and lets them down again', () => {
    const storm = [...Array.from({ length: 12 }, () => 4), ...Array.from({ length: 20 }, () => 0)]
    const seen = factors(storm)
    assert.ok(seen[1] === 1 && seen[2]! > 1)
    assert.equal(Math.max(...seen), 1.5)
    assert.equal(seen.at(-1), 1)
  })
  it('takes a few alerts of a small cluster for chance', () => {
    assert.ok(factors([2, 1, 2, 0, 0, 0, 0], 0.1).every((factor) => factor === 1))
  })
  it('stays within its bounds and goes on after a restore, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { minLength: 1, maxLength: 60 }), fc.nat(), (perHour, cut) => {
        const whole = factors(perHour)
        assert.ok(whole.every((factor) => factor >= 1 && factor <= 1.5))
        const at = cut % perHour.length
        const first = new AlertGuard()
        for (const [hour, count] of perHour.slice(0, at).entries())
          for (let i = 0; i < count; i++) first.open(hour * HOUR + i, 12)
        const second = new AlertGuard()
        second.restore(first.state())
        for (let hour = at; hour < perHour.length; hour++)
          for (let i = 0; i < perHour[hour]!; i++) second.open(hour * HOUR + i, 12)
        assert.equal(second.standing(perHour.length * HOUR, 12).factor, whole.at(-1))
      }),
    )
  })
  it('is as new after a week', () => {
    const guard = new AlertGuard()
    for (let i = 0; i < 100; i++) guard.open(i * HOUR, 1)
    assert.equal(guard.standing(400 * HOUR, 1).factor, 1)
  })
})

describe('rolloutFactor', () => {
  it('holds for a quarter of an hour after the change', () => {
    assert.deepEqual([-1, 0, 899_999, 900_000, Infinity].map(rolloutFactor), [1, 1.5, 1.5, 1, 1])
  })
})
