import assert from 'node:assert/strict'
import { keyOf } from '@kubewise/contracts'
import { around, pod, T0, web } from '../signals.test-data.ts'
import { Rollouts } from './rollouts.ts'

const MINUTE = 60_000
const key = keyOf(web)

const workload = (atMs: number, wanted: number) =>
  around(atMs, 'Deployment', web, {
    type: 'Workload',
    generation: 1,
    observedGeneration: 1,
    wanted,
    ready: wanted,
    available: wanted,
    updated: wanted,
    isPaused: false,
    conditions: [],
  })

describe('Rollouts', () => {
  it('raise thresholds for a quarter of an hour after a revision or a size that was not there', () => {
    const rollouts = new Rollouts()
    rollouts.observe(pod(T0, { revision: 'a' }), T0)
    rollouts.observe(workload(T0, 3), T0)
    assert.equal(rollouts.factorOf(key, T0 + MINUTE), 1)
    rollouts.observe(pod(T0, { revision: 'b' }), T0 + 10 * MINUTE)
    assert.equal(rollouts.factorOf(key, T0 + 11 * MINUTE), 1.5)
    assert.equal(rollouts.factorOf(key, T0 + 26 * MINUTE), 1)
    // Pods of the old revision are told again until they are gone.
    rollouts.observe(pod(T0, { revision: 'a' }), T0 + 80 * MINUTE)
    rollouts.observe(workload(T0, 3), T0 + 80 * MINUTE)
    assert.equal(rollouts.factorOf(key, T0 + 81 * MINUTE), 1)
    rollouts.observe(workload(T0, 4), T0 + 82 * MINUTE)
    assert.equal(rollouts.factorOf(key, T0 + 83 * MINUTE), 1.5)
  })
  it('know the sizes of several workloads under one custom resource', () => {
    const rollouts = new Rollouts()
    const under = (name: string, wanted: number) => {
      const state = workload(T0, wanted)
      return { ...state, entity: { ...state.entity, name } }
    }
    for (let minute = 0; minute < 60; minute++)
      for (const [i, name] of ['broker', 'operator'].entries())
        rollouts.observe(under(name, 1 + 2 * i), T0 + minute * MINUTE)
    assert.equal(rollouts.factorOf(key, T0 + 5 * MINUTE), 1)
    rollouts.observe(under('broker', 5), T0 + 61 * MINUTE)
    assert.equal(rollouts.factorOf(key, T0 + 62 * MINUTE), 1.5)
  })
  it('do so for a quarter of each hour at most, however often a size changes', () => {
    const rollouts = new Rollouts()
    let raised = 0
    for (let minute = 0; minute < 600; minute++) {
      rollouts.observe(workload(T0, 2 + (minute % 3)), T0 + minute * MINUTE)
      if (rollouts.factorOf(key, T0 + minute * MINUTE) > 1) raised += 1
    }
    assert.equal(raised, 150)
  })
})
