import assert from 'node:assert/strict'
import type { Incident } from '@kubewise/contracts'
import { DEFAULT_LIMITS } from './limits.ts'
import { isFrozen, stormStateOf } from './storm.ts'

const NOW = Date.UTC(2026, 0, 5, 12)
const MINUTE = 60_000
const names = Array.from({ length: 20 }, (_, index) => `app-${index}`)
const census = { targets: new Set(names.map((name) => `prod/shop/Deployment/${name}`)), nodes: 5, illNodes: 0 }

const ill = (index: number, rest: Partial<Incident> = {}): Incident => ({
  _id: `i${index}`,
  version: 1,
  cluster: 'prod',
  target: { cluster: 'prod', kind: 'Deployment', namespace: 'shop', name: `app-${index}` },
  status: 'open',
  openedMs: NOW - MINUTE,
  updatedMs: NOW,
  severity: 'critical',
  say: 'ill',
  signals: [],
  plans: [],
  attempts: 0,
  ...rest,
})
const many = (count: number, rest: Partial<Incident> = {}) => Array.from({ length: count }, (_, i) => ill(i, rest))
const state = (incidents: readonly Incident[], nowMs = NOW) => stormStateOf(census, incidents, nowMs, DEFAULT_LIMITS)
const frozen = (incidents: readonly Incident[], nowMs = NOW) => isFrozen(state(incidents, nowMs), nowMs, DEFAULT_LIMITS)

describe('a storm', () => {
  it('is six of twenty within five minutes, and not five', () => {
    assert.deepEqual([state(many(6)).illTargets, frozen(many(6)), frozen(many(5))], [6, true, false])
  })

  it('counts each target once, and only those that opted in', () => {
    const twice = many(5).flatMap((each) => [each, { ...each, _id: `${each._id}-2` }])
    const foreign = ill(0, { target: { cluster: 'prod', kind: 'Deployment', namespace: 'else', name: 'x' } })
    assert.equal(state([...twice, foreign]).illTargets, 5)
  })

  it('goes on while the signals of its symptoms do, though their incidents are closed', () => {
    const signal = {
      anomaly: 'a',
      rule: 'r',
      entity: ill(0).target,
      source: 'state' as const,
      severity: 'critical' as const,
    }
    const at = { startedMs: NOW - MINUTE, detectedMs: NOW - MINUTE, say: 's' }
    const merged = {
      status: 'resolved' as const,
      resolvedMs: NOW,
      mergedAs: { relation: 'storm' as const, say: 's', sinceMs: NOW },
    }
    const going = many(6, { ...merged, signals: [{ ...signal, ...at }] })
    assert.equal(state(going).illTargets, 6)
    const ended = many(6, { ...merged, signals: [{ ...signal, ...at, resolvedMs: NOW }] })
    assert.equal(state(ended).illTargets, 0)
    assert.equal(frozen(ended), true, 'frozen a while longer')
  })

  it('does not count symptoms whose cause is known', () => {
    const merged = many(6, {
      status: 'resolved',
      resolvedMs: NOW - 30_000,
      mergedAs: { relation: 'dependency', say: 's', sinceMs: NOW },
    })
    assert.equal(state(merged).illTargets, 0)
  })

  it('thaws five minutes after it fell below', () => {
    const over = many(6, { openedMs: NOW - MINUTE, status: 'resolved', resolvedMs: NOW })
    assert.equal(frozen(over, NOW + 4 * MINUTE), true)
    assert.equal(frozen(over, NOW + 5 * MINUTE), false)
  })

  it('falls below by age alone: what has long been ill is no storm', () => {
    const last = NOW - MINUTE + DEFAULT_LIMITS.stormWindowMs
    assert.equal(state(many(6), last - 1).illTargets, 6)
    assert.equal(state(many(6), last).illTargets, 0)
    assert.equal(frozen(many(6), last + DEFAULT_LIMITS.stormThawMs), false)
  })

  it('is two lost nodes of five, remembered by who saw them', () => {
    const lost = stormStateOf({ ...census, illNodes: 2 }, [], NOW, DEFAULT_LIMITS)
    assert.equal(isFrozen(lost, NOW, DEFAULT_LIMITS), true)
    const after = stormStateOf(census, [], NOW + 4 * MINUTE, DEFAULT_LIMITS, NOW)
    assert.equal(isFrozen(after, NOW + 4 * MINUTE, DEFAULT_LIMITS), true)
  })
})
