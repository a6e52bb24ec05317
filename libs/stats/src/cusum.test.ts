import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { Cusum } from './index.ts'

const MINUTE = 60_000

/** @returns the index of the first alarm, -1 for none */
function firstAlarm(z: readonly number[]): number {
  const cusum = new Cusum(1)
  cusum.add()
  return z.findIndex((value, i) => cusum.learn(0, i * MINUTE, value).isAlarm)
}

describe('Cusum', () => {
  it('hears a lasting shift of two deviations and a half within twelve samples, in either direction', () => {
    for (const sign of [1, -1]) {
      const cusum = new Cusum(1)
      cusum.add()
      let last = cusum.learn(0, 0, 0)
      for (let i = 1; i <= 12; i++) last = cusum.learn(0, i * MINUTE, 2.5 * sign)
      assert.deepEqual(last, { sum: 12, direction: sign, sinceMs: MINUTE, isAlarm: true })
    }
  })
  it('says nothing of what stays within its slack, however long', () => {
    const within = fc.array(fc.double({ min: -1.5, max: 1.5, noNaN: true }), { maxLength: 500 })
    fc.assert(fc.property(within, (z) => firstAlarm(z) === -1))
  })
  it('needs five samples at least, however wild they are', () => {
    const wild = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { maxLength: 60 })
    fc.assert(
      fc.property(wild, (z) => {
        const at = firstAlarm(z)
        assert.ok(at === -1 || at >= 4)
      }),
    )
  })
  it('falls silent within sixteen samples after the shift is over', () => {
    const z = [...Array.from({ length: 100 }, () => 4), ...Array.from({ length: 16 }, () => 0)]
    const cusum = new Cusum(1)
    cusum.add()
    const alarms = z.map((value, i) => cusum.learn(0, i * MINUTE, value).isAlarm)
    assert.deepEqual([alarms[99], alarms.at(-1)], [true, false])
  })
  it('goes on after a restore to the bit, and treats series apart', () => {
    const z = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(z, fc.nat(), (values, cut) => {
        const at = cut % values.length
        const whole = new Cusum(1)
        const first = new Cusum(1)
        const second = new Cusum(1)
        for (const each of [whole, first, second]) for (let i = 0; i < 3; i++) each.add()
        for (const [i, value] of values.entries()) {
          if (i === at) second.restore(2, JSON.parse(JSON.stringify(first.stateOf(1))) as number[])
          whole.learn(0, i, -value)
          const expected = { ...whole.learn(1, i, value) }
          assert.deepEqual(i < at ? first.learn(1, i, value) : second.learn(2, i, value), expected)
        }
      }),
    )
  })
  it('refuses what is no number', () => {
    const cusum = new Cusum(1)
    cusum.add()
    assert.throws(() => cusum.learn(0, 0, Infinity), /z: expected a finite number, got Infinity/)
    assert.throws(() => cusum.restore(0, []), /expected 4 numbers, got 0/)
  })
})
