import assert from 'node:assert/strict'
import { decodeMetricBatch, type MetricBatch } from '@kubewise/contracts'
import * as fc from 'fast-check'
import { Batches, SAMPLES_PER_BATCH } from './batches.ts'
import { entityOf, SeriesIndex } from './series-index.ts'

const web = { cluster: 'c', kind: 'Deployment', namespace: 'shop', name: 'web' }
const ownerOf = (namespace: string, pod: string) => (namespace === 'shop' && pod.startsWith('web-') ? web : undefined)
const query = { name: 'm', query: 'm', intervalMs: 15_000 }

describe('entityOf', () => {
  const cases: [Record<string, string>, string | undefined, string | undefined][] = [
    [{ namespace: 'shop', pod: 'web-1' }, 'Pod/web-1', 'Deployment/web'],
    [{ namespace: 'shop', pod: 'stranger' }, undefined, undefined],
    [{ namespace: 'shop', deployment: 'web' }, 'Deployment/web', 'Deployment/web'],
    [{ namespace: 'shop', statefulset: 'db' }, 'StatefulSet/db', 'StatefulSet/db'],
    [{ node: 'node-1' }, 'Node/node-1', 'Node/node-1'],
    [{ instance: '10.0.0.1:9100' }, 'Node/10.0.0.1:9100', 'Node/10.0.0.1:9100'],
    [{}, 'Cluster/c', 'Cluster/c'],
  ]
  for (const [labels, entity, target] of cases)
    it(`${JSON.stringify(labels)} is about ${entity ?? 'nobody known'}`, () => {
      const about = entityOf('c', labels, ownerOf)
      assert.equal(about && `${about.entity.kind}/${about.entity.name}`, entity)
      assert.equal(about && `${about.target.kind}/${about.target.name}`, target)
    })
})

describe('SeriesIndex', () => {
  it('knows a series by its labels, and different labels apart', () => {
    const index = new SeriesIndex('c', ownerOf)
    const a = index.lookup(query, { namespace: 'shop', pod: 'web-1' })
    assert.equal(index.lookup(query, { namespace: 'shop', pod: 'web-1' }), a)
    assert.notEqual(index.lookup(query, { namespace: 'shop', pod: 'web-2' })!.series.key, a!.series.key)
  })
  it('counts pods that nobody owns yet, and takes them once somebody does', () => {
    let isKnown = false
    const index = new SeriesIndex('c', () => (isKnown ? web : undefined))
    assert.equal(index.lookup(query, { namespace: 'shop', pod: 'web-1' }), undefined)
    assert.equal(index.unowned, 1)
    isKnown = true
    assert.ok(index.lookup(query, { namespace: 'shop', pod: 'web-1' }))
  })
})

describe('Batches', () => {
  it('sends every sample once, in batches that are valid whatever the labels hold', () => {
    const labels = fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 })
    fc.assert(
      fc.property(fc.array(fc.record({ labels, n: fc.integer({ min: 1, max: 700 }) }), { maxLength: 4 }), (rows) => {
        const index = new SeriesIndex('c', ownerOf)
        const sent: MetricBatch[] = []
        const batches = new Batches('c', false, (batch) => sent.push(batch))
        let added = 0
        for (const row of rows) {
          const series = index.lookup(query, row.labels)
          if (!series) continue
          for (let i = 0; i < row.n; i++) batches.add(series, i, i, 5)
          added += row.n
        }
        batches.flush()
        for (const batch of sent) {
          assert.deepEqual(decodeMetricBatch(JSON.parse(JSON.stringify(batch))).ok, true)
          assert.ok(batch.of.length <= SAMPLES_PER_BATCH)
        }
        assert.equal(
          sent.reduce((sum, { of }) => sum + of.length, 0),
          added,
        )
      }),
      { numRuns: 30 },
    )
  })
})
