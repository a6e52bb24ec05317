import assert from 'node:assert/strict'
import type { ReplicaSet } from '@kubewise/kube'
import * as fc from 'fast-check'
import { rolloutBounds } from './bounds.ts'
import { proportionalScalings } from './proportional.ts'
import { newSetReplicas, oldSetReplicas } from './rolling.ts'

const set = (replicas: number, available: number): ReplicaSet => ({
  spec: { replicas },
  status: { availableReplicas: Math.min(available, replicas) },
})
const sizes = fc.tuple(fc.nat(12), fc.nat(12)).map(([replicas, available]) => set(replicas, available))
const bounds = fc
  .record({ wanted: fc.integer({ min: 1, max: 12 }), maxSurge: fc.nat(4), maxUnavailable: fc.nat(4) })
  .filter(({ maxSurge, maxUnavailable }) => maxSurge + maxUnavailable > 0)

const total = (sets: readonly ReplicaSet[]) => sets.reduce((sum, one) => sum + (one.spec?.replicas ?? 0), 0)
const available = (sets: readonly ReplicaSet[]) =>
  sets.reduce((sum, one) => sum + (one.status?.availableReplicas ?? 0), 0)

describe('rolling update', () => {
  const cases: [string, object, { wanted: number; maxSurge: number; maxUnavailable: number }][] = [
    ['25 % of 4', { replicas: 4 }, { wanted: 4, maxSurge: 1, maxUnavailable: 1 }],
    ['25 % of 3: surge rounds up, unavailable down', { replicas: 3 }, { wanted: 3, maxSurge: 1, maxUnavailable: 0 }],
    ['one replica', { replicas: 1 }, { wanted: 1, maxSurge: 1, maxUnavailable: 0 }],
    [
      'numbers',
      { replicas: 5, strategy: { rollingUpdate: { maxSurge: 2, maxUnavailable: 3 } } },
      { wanted: 5, maxSurge: 2, maxUnavailable: 3 },
    ],
    [
      'both nothing: one must give',
      { replicas: 3, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '10%' } } },
      { wanted: 3, maxSurge: 0, maxUnavailable: 1 },
    ],
    ['none wanted', { replicas: 0 }, { wanted: 0, maxSurge: 0, maxUnavailable: 0 }],
  ]
  for (const [given, spec, expected] of cases) it(given, () => assert.deepEqual(rolloutBounds({ spec }), expected))

  it('never grows the new set beyond what is wanted or over the surge', () => {
    fc.assert(
      fc.property(bounds, sizes, fc.array(sizes, { maxLength: 3 }), (given, newSet, old) => {
        const current = newSet.spec?.replicas ?? 0
        fc.pre(current <= given.wanted)
        const next = newSetReplicas(given, false, current, [newSet, ...old])
        assert.ok(next >= current && next <= given.wanted)
        if (next > current) assert.ok(total(old) + next <= given.wanted + given.maxSurge)
      }),
    )
  })

  it('never takes an available pod that is needed', () => {
    fc.assert(
      fc.property(bounds, sizes, fc.array(sizes, { maxLength: 3 }), (given, newSet, old) => {
        const scalings = oldSetReplicas(given, newSet, old)
        for (const { set: scaled, replicas } of scalings)
          assert.ok(replicas >= 0 && replicas < (scaled.spec?.replicas ?? 0))
        const lost = scalings.reduce(
          (sum, { set: scaled, replicas }) => sum + Math.max(0, (scaled.status?.availableReplicas ?? 0) - replicas),
          0,
        )
        if (lost > 0) assert.ok(available([newSet, ...old]) - lost >= given.wanted - given.maxUnavailable)
      }),
    )
  })

  it('shares a change of size out, never away from what is allowed', () => {
    const replicas = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(bounds, replicas, (given, counts) => {
        const scalings = proportionalScalings(
          given,
          undefined,
          counts.map((count) => set(count, 0)),
        )
        const [before, allowed] = [counts.reduce((sum, count) => sum + count, 0), given.wanted + given.maxSurge]
        const after = scalings.reduce((sum, scaling) => sum + scaling.replicas, 0)
        assert.ok(scalings.every((scaling) => scaling.replicas >= 0))
        assert.ok(Math.abs(after - allowed) <= Math.abs(before - allowed), `${before} → ${after}, allowed ${allowed}`)
      }),
    )
  })
})
