import assert from 'node:assert/strict'
import type { Outcome } from '@kubewise/contracts'
import * as fc from 'fast-check'
import { WEB } from '../fixture/context.ts'
import { NOW } from '../fixture/objects.ts'
import { playbooks } from '../fixture/worlds.ts'
import { calibrated } from './calibration.ts'
import { ranked } from './rank.ts'
import { orderShift, standingOf } from './standing.ts'

const DAY = 24 * 60 * 60_000
const remedied = { cause: 'bad-rollout', action: 'rollback@1', workloadKind: 'Deployment' }

const outcome = (result: Outcome['result'], daysAgo: number, rest: Partial<Outcome> = {}): Outcome => ({
  _id: `${result}-${daysAgo}-${rest.action ?? ''}`,
  version: 1,
  cluster: 'prod',
  target: WEB,
  ...remedied,
  result,
  confidence: 0.9,
  endedMs: NOW - daysAgo * DAY,
  ...rest,
})
const good = (daysAgo: number) => outcome('recovered', daysAgo)
const bad = (daysAgo: number) => outcome('not-recovered', daysAgo)

describe('the standing of a remedy', () => {
  const cases: [given: string, outcomes: Outcome[], isDemoted: boolean][] = [
    ['nothing known', [], false],
    ['failed twice', [bad(1), bad(2)], false],
    ['failed three times in a row', [bad(1), bad(2), bad(3)], true],
    ['nobody could tell three times in a row', [1, 2, 3].map((days) => outcome('inconclusive', days)), true],
    ['helped last, failed before', [good(0), bad(1), bad(2), bad(3)], false],
    ['helped long before', [bad(1), bad(2), bad(3), good(4)], true],
    ['failures of long ago', [bad(40), bad(41), bad(42)], false],
    ['failures of another cause', [1, 2, 3].map((days) => ({ ...bad(days), cause: 'other' })), false],
    ['failures on another kind', [1, 2, 3].map((days) => ({ ...bad(days), workloadKind: 'DaemonSet' })), false],
  ]
  for (const [given, outcomes, isDemoted] of cases)
    it(`${given} → ${isDemoted ? 'demoted, with the reason' : 'as it was'}`, () => {
      const { demotion } = standingOf(remedied, outcomes, NOW)
      assert.equal(demotion?.code, isDemoted ? 'demoted' : undefined)
      if (isDemoted) assert.match(demotion?.say ?? '', /rollback@1 for bad-rollout on a Deployment did not help/)
    })

  const results = fc.array(
    fc.record({ result: fc.constantFrom('recovered', 'not-recovered', 'inconclusive'), days: fc.nat(100) }),
  )
  it('stays within its bounds, falls with failures, rises with successes, whatever came before', () =>
    fc.assert(
      fc.property(results, (given) => {
        const past = given.map(({ result, days }) => outcome(result, days + 1))
        const rate = (more: Outcome[]) => standingOf(remedied, [...past, ...more], NOW).rate
        assert.ok(rate([]) >= 0.1 && rate([]) <= 0.99)
        assert.ok(rate([bad(0)]) <= rate([]))
        assert.ok(rate([good(0)]) >= rate([]))
        const shift = orderShift(standingOf(remedied, past, NOW))
        assert.ok(shift >= 0 && shift <= 9)
      }),
    ))
})

describe('the order of playbooks', () => {
  const names = (outcomes: Outcome[]) => ranked(playbooks, 'Deployment', outcomes, NOW).map(({ name }) => name)

  it('is their own while nothing was learnt', () =>
    assert.deepEqual(
      names([]),
      playbooks.map(({ name }) => name),
    ))

  it('moves one that keeps failing back, but not past what leaves things alone or calls a person', () => {
    const before = names([])
    const after = names([bad(1), bad(2), bad(3)])
    const rest = (all: string[]) => all.filter((name) => !name.startsWith('rollback'))
    assert.deepEqual(rest(after), rest(before))
    assert.ok(after.indexOf('rollback-broken-rollout') >= before.indexOf('rollback-broken-rollout'))
    assert.ok(after.indexOf('rollback-broken-rollout') > after.indexOf('paused'))
    assert.ok(after.indexOf('rollback-broken-rollout') < after.indexOf('crash-unexplained'))
  })
})

describe('the calibration of confidence', () => {
  it('changes nothing while nothing is known', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        (value) => Math.abs(calibrated(value, []) - value) < 1e-9,
      ),
    ))

  it('comes to what plans of that confidence have been worth', () => {
    const half = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? good(1) : bad(1)))
    assert.ok(Math.abs(calibrated(0.9, half) - 0.5) < 0.03)
    assert.equal(calibrated(0.5, half), 0.5)
  })

  it('stays between 0 and 1', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.record({ confidence: fc.double({ min: 0, max: 1, noNaN: true }), ok: fc.boolean() })),
        (value, past) => {
          const result = calibrated(
            value,
            past.map(({ confidence, ok }) => ({ confidence, result: ok ? 'recovered' : 'not-recovered' })),
          )
          return result >= 0 && result <= 1
        },
      ),
    ))
})
