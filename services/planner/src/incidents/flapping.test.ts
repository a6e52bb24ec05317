import assert from 'node:assert/strict'
import { incidentOf, WEB } from '../fixture/context.ts'
import { NOW } from '../fixture/objects.ts'
import { FLAPPING, flapsOf } from './flapping.ts'

const MINUTE = 60_000
const now = incidentOf(WEB, [], { _id: 'now', openedMs: NOW })
/** One that began and ended so many minutes ago. */
const past = (from: number, to: number, rest: object = {}) =>
  incidentOf(WEB, [], {
    _id: `${from}`,
    status: 'resolved',
    openedMs: NOW - from * MINUTE,
    resolvedMs: NOW - to * MINUTE,
    ...rest,
  })
const thrice = [past(30, 25), past(20, 15), past(10, 5)]
const told = { atMs: NOW, outcome: 'escalate' as const, code: FLAPPING, say: 's', hash: 'h' }

describe('flapping', () => {
  const cases: [string, Parameters<typeof flapsOf>[1], number | undefined][] = [
    ['three that came again within minutes', thrice, 3],
    ['in whatever order they are read, itself among them', [now, ...thrice.toReversed()], 3],
    ['two are none', thrice.slice(1), undefined],
    [
      'a long rest ends the row',
      [past(60, 55), past(50, 45), past(30, 25), past(20, 15), past(10, 5)].filter((_, i) => i !== 2),
      undefined,
    ],
    [
      'what was repaired in between did not come and go by itself',
      [...thrice.slice(0, 2), past(10, 5, { attempts: 1 })],
      undefined,
    ],
    ['one that became a symptom did not end', [...thrice.slice(1), past(30, 25, { mergedInto: 'x' })], undefined],
  ]
  for (const [what, lately, count] of cases) it(what, () => assert.equal(flapsOf(now, lately, NOW)?.count, count))

  it('is told once in a row', () => {
    assert.equal(flapsOf(now, thrice, NOW)?.isTold, false)
    assert.equal(flapsOf(now, [...thrice, past(40, 35, { decision: told })], NOW)?.isTold, true)
  })

  it('is no more what has come to stay', () => {
    assert.equal(flapsOf(now, thrice, NOW + 9 * MINUTE)?.count, 3)
    assert.equal(flapsOf(now, thrice, NOW + 10 * MINUTE), undefined)
  })
})
