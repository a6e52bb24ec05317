import assert from 'node:assert/strict'
import { METRICS, UNKNOWN, type Metric } from '@kubewise/metrics'
import * as fc from 'fast-check'
import { shardOf, shareOf } from './shares.ts'

const members = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 6 })
const shards = fc.integer({ min: 1, max: 8 })
const metric: Metric = { ...UNKNOWN, name: 'm', query: 'm', intervalMs: 1 }

describe('shareOf', () => {
  it('gives every shard of every query to exactly one member', () => {
    fc.assert(
      fc.property(members, shards, (names, count) => {
        const given = names.flatMap((name) =>
          [...shareOf(name, names, METRICS, count)].flatMap(([query, mine]) => [...mine].map((s) => `${query}/${s}`)),
        )
        const all = METRICS.flatMap(({ name }) => Array.from({ length: count }, (_, s) => `${name}/${s}`))
        assert.deepEqual(given.sort(), all.sort())
      }),
      { numRuns: 30 },
    )
  })
  it('leaves nobody without work: the catalogue is shared about evenly', () => {
    const names = ['a4c5', '90bd', '77e1']
    for (const name of names) {
      const { size } = shareOf(name, names, METRICS, 1)
      assert.ok(size >= METRICS.length / 6 && size <= METRICS.length / 1.7, `${size} of ${METRICS.length}`)
    }
  })
})

describe('shardOf', () => {
  it('is of the namespace alone, and of the one that the series is about', () => {
    const owners = [{ kind: 'Service', namespace: 'exported_namespace', name: 'exported_service' }]
    const of = (labels: Record<string, string>) => shardOf({ owners }, labels, 64)
    assert.equal(of({ namespace: 'shop', pod: 'a' }), of({ namespace: 'shop', pod: 'b' }))
    assert.equal(
      of({ namespace: 'ingress', exported_namespace: 'shop', exported_service: 'cart' }),
      of({ namespace: 'shop' }),
    )
    assert.equal(of({ namespace: 'ingress', exported_namespace: 'shop' }), of({ namespace: 'ingress' }))
    assert.equal(of({ node: 'a' }), of({ node: 'b' }))
  })
  it('spreads namespaces', () => {
    const used = new Set(Array.from({ length: 100 }, (_, i) => shardOf(metric, { namespace: `team-${i}` }, 4)))
    assert.equal(used.size, 4)
  })
  it('is one of the shards whatever the labels hold', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), shards, (labels, count) => {
        const shard = shardOf(metric, labels, count)
        assert.ok(Number.isInteger(shard) && shard >= 0 && shard < count)
      }),
    )
  })
})
