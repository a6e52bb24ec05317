import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { DEFAULT_LIMITS } from './limits.ts'
import { raiseRefusal, type Raise } from './raise.ts'

const MI = 2 ** 20

describe('raising a limit', () => {
  const cases: [string, Raise, string | undefined][] = [
    ['half as much again', { original: 64 * MI, current: 64 * MI, next: 96 * MI }, undefined],
    ['twice', { original: 64 * MI, current: 64 * MI, next: 128 * MI }, undefined],
    ['more than twice', { original: 64 * MI, current: 64 * MI, next: 129 * MI }, 'limit-step'],
    ['to four times in all', { original: 64 * MI, current: 128 * MI, next: 256 * MI }, undefined],
    ['to more than four times in all', { original: 64 * MI, current: 192 * MI, next: 257 * MI }, 'limit-total'],
    ['lowered', { original: 64 * MI, current: 64 * MI, next: 32 * MI }, 'limit-lowered'],
    ['from nothing', { original: 0, current: 0, next: 32 * MI }, 'limit-unknown'],
    ['to no number', { original: 64, current: 64, next: Number.NaN }, 'limit-unknown'],
  ]
  for (const [given, raise, code] of cases)
    it(`${given} → ${code ?? 'passes'}`, () => assert.equal(raiseRefusal(raise, DEFAULT_LIMITS)?.code, code))

  it('never passes four times the original, however often it is raised', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.5, max: 3, noNaN: true }), { maxLength: 10 }), (factors) => {
        let current = 64 * MI
        for (const factor of factors) {
          const next = current * factor
          if (!raiseRefusal({ original: 64 * MI, current, next }, DEFAULT_LIMITS)) current = next
        }
        return current <= 256 * MI
      }),
    )
  })
})
