import assert from 'node:assert/strict'
import { DEFAULT_LIMITS, raiseRefusal } from '@kubewise/policy'
import * as fc from 'fast-check'
import { contextOf, signal, WEB, type World } from '../fixture/context.ts'
import { deployment, pod, replicaSet, template } from '../fixture/objects.ts'
import { lastHealthyRevision } from './last-healthy.ts'
import { memoryFacts, nextLimitBytes } from './memory-facts.ts'

const MIB = 1024 ** 2

describe('the next memory limit', () => {
  const cases: [string, number, number, number][] = [
    ['half as much again', 64, 64, 96],
    ['again half as much', 96, 64, 144],
    ['in whole Mi, rounded up', 65, 65, 98],
    ['at most four times what it was before the incident', 200, 64, 256],
    ['nothing where that is reached', 256, 64, 0],
    ['nothing where there is no limit', 0, 0, 0],
    ['at most doubled: a tiny one cannot become a whole Mi', 0.4, 0.4, 0],
  ]
  for (const [what, limit, original, expected] of cases)
    it(`is ${what}: ${limit} Mi of ${original} Mi → ${expected} Mi`, () =>
      assert.equal(nextLimitBytes(limit * MIB, original * MIB, DEFAULT_LIMITS) / MIB, expected))

  it('is always one that the guard of the executor lets pass, or none', () => {
    const amounts = fc.integer({ min: 1, max: 2 ** 42 })
    fc.assert(
      fc.property(amounts, fc.double({ min: 1, max: 5, noNaN: true }), (original, factor) => {
        const current = Math.floor(original * factor)
        const next = nextLimitBytes(current, original, DEFAULT_LIMITS)
        assert.ok(next === 0 || raiseRefusal({ original, current, next }, DEFAULT_LIMITS) === undefined)
        assert.ok(next === 0 || next > current)
        assert.equal(next % MIB, 0)
      }),
    )
  })
})

describe('the facts of deaths for memory', () => {
  const current = template({ memory: '64Mi' })
  const web = deployment(current)
  const rs = replicaSet(web, 2, current)
  const oom = (agoSeconds: number, ranSeconds: number) => ({
    agoSeconds,
    ranSeconds,
    exitCode: 137,
    reason: 'OOMKilled',
  })
  const facts = (world: Partial<World>) => {
    const context = contextOf({ target: web, children: [rs], ...world })
    return memoryFacts(context, lastHealthyRevision(context), DEFAULT_LIMITS)
  }
  const twice = pod(rs, 'h2', { restarts: 1, dead: oom(1, 20), last: oom(22, 30) })

  it('are empty where nobody was killed', () =>
    assert.deepEqual(
      facts({
        pods: [pod(rs, 'h2', { last: { agoSeconds: 1, ranSeconds: 1, exitCode: 137, reason: 'Error' }, restarts: 4 })],
      }).kills,
      0,
    ))

  it('see two deaths in a pod’s status, each soon after its start: steady', () => {
    const { container, kills, steady, limitBytes, nextLimit, loweredByRollout } = facts({ pods: [twice] })
    assert.deepEqual(
      { container, kills, steady, limitBytes, nextLimit, loweredByRollout },
      { container: 'app', kills: 2, steady: true, limitBytes: 64 * MIB, nextLimit: '96Mi', loweredByRollout: false },
    )
  })

  it('do not take one death for steady', () =>
    assert.deepEqual(
      [facts({ pods: [pod(rs, 'h2', { last: oom(1, 2), restarts: 1 })] })].map(({ kills, steady }) => [kills, steady]),
      [[1, false]],
    ))

  it('do not take deaths after long lives for steady by themselves', () =>
    assert.equal(
      facts({ pods: [pod(rs, 'h2', { restarts: 1, dead: oom(1, 600), last: oom(602, 700) })] }).steady,
      false,
    ))

  it('take one death in each of three pods after long lives for no pattern yet: only the detector saw their use', () => {
    const pods = [1, 2, 3].map(() => pod(rs, 'h2', { restarts: 1, dead: oom(1, 90_000) }))
    assert.equal(facts({ pods }).kills, 1)
  })

  it('believe the detector, which remembers more', () => {
    const signals = [signal('memory-kill', 'web-h2-x')]
    const seen = (steady: boolean) =>
      facts({ pods: [twice], signals, features: { 'memory-kill': { container: 'app', kills: 5, steady } } })
    assert.deepEqual(
      [seen(true), seen(false)].map(({ kills, steady }) => [kills, steady]),
      [
        [5, true],
        [5, false],
      ],
    )
  })

  it('forget a signal that has ended', () => {
    const signals = [signal('memory-kill', 'web-h2-x', { resolvedMs: 1 })]
    assert.equal(facts({ signals, features: { 'memory-kill': { container: 'app', kills: 5, steady: true } } }).kills, 0)
  })

  it('bound a raise by the value before the incident', () => {
    const targetRecord = {
      _id: 'x',
      version: 1,
      target: WEB,
      epoch: 1,
      coolingUntilMs: 0,
      failures: 0,
      actedMs: [],
      originals: { 'app/memory': '32Mi' },
      originalsOf: 'incident-1',
    }
    const { originalLimitBytes, nextLimitBytes: next } = facts({ pods: [twice], targetRecord })
    assert.deepEqual([originalLimitBytes / MIB, next / MIB], [32, 96])
    const another = facts({ pods: [twice], targetRecord: { ...targetRecord, originalsOf: 'incident-0' } })
    assert.equal(another.originalLimitBytes / MIB, 64)
  })

  it('say when the release lowered the limit', () => {
    for (const [memory, expected] of [
      ['128Mi', true],
      ['64Mi', false],
      ['32Mi', false],
      [undefined, true],
    ] as const) {
      const before = template({ image: 'web:0', ...(memory && { memory }) })
      const old = replicaSet(web, 1, before, { wanted: 1 })
      const { loweredByRollout } = facts({ children: [old, rs], pods: [twice, pod(old, 'h1')] })
      assert.equal(loweredByRollout, expected, memory ?? 'no limit')
    }
  })

  it('offer no raise where there is no limit to raise', () => {
    const free = template()
    const bare = deployment(free)
    assert.equal(facts({ target: bare, children: [replicaSet(bare, 1, free)], pods: [twice] }).nextLimit, '')
  })
})
