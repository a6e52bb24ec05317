import assert from 'node:assert/strict'
import { decodeMetricBatch, type MetricBatch } from '@kubewise/contracts'
import { metricNamed, UNKNOWN, type Metric } from '@kubewise/metrics'
import * as fc from 'fast-check'
import { Batches, SAMPLES_PER_BATCH } from './batches.ts'
import { entityOf, SeriesIndex, type IndexedSeries, type NotTaken } from './series-index.ts'

const web = { cluster: 'c', kind: 'Deployment', namespace: 'shop', name: 'web' }
const ownerOf = (namespace: string, pod: string) => (namespace === 'shop' && pod.startsWith('web-') ? web : undefined)
const query: Metric = { ...UNKNOWN, name: 'm', query: 'm', intervalMs: 15_000 }

function taken(series: IndexedSeries | NotTaken): IndexedSeries {
  assert.ok(typeof series === 'object')
  return series
}

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
    const a = taken(index.lookup(query, { namespace: 'shop', pod: 'web-1' }, 1))
    assert.equal(index.lookup(query, { namespace: 'shop', pod: 'web-1' }, 2), a)
    assert.notEqual(taken(index.lookup(query, { namespace: 'shop', pod: 'web-2' }, 2)).series.key, a.series.key)
  })
  it('does not take pods that nobody owns yet, and takes them once somebody does', () => {
    let isKnown = false
    const index = new SeriesIndex('c', () => (isKnown ? web : undefined))
    assert.equal(index.lookup(query, { namespace: 'shop', pod: 'web-1' }, 1), 'unowned')
    isKnown = true
    taken(index.lookup(query, { namespace: 'shop', pod: 'web-1' }, 2))
  })
  it("goes by a metric's own owner labels before the usual ones", () => {
    const index = new SeriesIndex('c', ownerOf)
    const owners = [{ kind: 'Service', namespace: 'exported_namespace', name: 'exported_service' }]
    const labels = { exported_namespace: 'shop', exported_service: 'cart', namespace: 'ingress', pod: 'nginx-1' }
    const { series } = taken(index.lookup({ ...query, owners }, labels, 1))
    assert.equal(`${series.entity.kind} ${series.entity.namespace}/${series.entity.name}`, 'Service shop/cart')
  })
  it('says what an own metric is, of one of the catalogue only where it differs', () => {
    const index = new SeriesIndex('c', ownerOf)
    const knownOf = (metric: Metric) => taken(index.lookup(metric, { node: 'n' }, 1)).series.known
    assert.deepEqual(knownOf(query), { unit: 'count', bad: 'both', floor: 0, minEffect: 0 })
    const listed = metricNamed('node_load_high')!
    assert.equal(knownOf(listed), undefined)
    assert.equal(knownOf({ ...metricNamed('dns_servfail_pct')!, bad: 'down' })!.bad, 'down')
  })
  it('leaves out what is more than a query may bring, never a series that it knows', () => {
    const index = new SeriesIndex('c', ownerOf, undefined, { perMetric: 2 })
    const lookup = (node: string, nowMs = 1) => index.lookup(query, { node }, nowMs)
    const [a, b] = [taken(lookup('a')), taken(lookup('b'))]
    assert.equal(lookup('c'), 'left-out')
    assert.deepEqual([lookup('a'), lookup('b')], [a, b])
    taken(index.lookup({ ...query, name: 'other' }, { node: 'c' }, 1))
  })
  it('asks each time whose an address is now', () => {
    let node: string | undefined
    const index = new SeriesIndex('c', ownerOf, () => node)
    const name = () => taken(index.lookup(query, { instance: '10.0.0.1:9100' }, 1)).series.entity.name
    assert.equal(name(), '10.0.0.1:9100')
    node = 'old'
    assert.equal(name(), 'old')
    node = 'new'
    assert.equal(name(), 'new')
    assert.equal(index.size, 1)
  })
  it('forgets a pod with all its series, and no other', () => {
    const index = new SeriesIndex('c', ownerOf)
    for (const pod of ['web-1', 'web-2'])
      for (const container of ['a', 'b']) taken(index.lookup(query, { namespace: 'shop', pod, container }, 1))
    index.forgetPod('shop', 'web-1')
    assert.equal(index.size, 2)
    index.forgetPod('shop', 'web-1')
    taken(index.lookup(query, { namespace: 'shop', pod: 'web-1', container: 'a' }, 2))
    assert.equal(index.size, 3)
    index.forgetUnseen(2 * 7_200_000)
    index.forgetPod('shop', 'web-1')
    assert.equal(index.size, 0)
  })
  it('forgets series that no answer holds any more, so that others find room', () => {
    const index = new SeriesIndex('c', ownerOf, undefined, { perMetric: 1 })
    taken(index.lookup(query, { node: 'a' }, 0))
    index.forgetUnseen(7_200_000)
    assert.equal(index.size, 1)
    index.forgetUnseen(7_200_001)
    assert.equal(index.size, 0)
    taken(index.lookup(query, { node: 'b' }, 7_200_001))
  })
})

describe('Batches', () => {
  it('closes a batch of long labels before it is too large for the bus', () => {
    const index = new SeriesIndex('c', ownerOf)
    const sent: MetricBatch[] = []
    const batches = new Batches('c', false, (batch) => sent.push(batch))
    for (let i = 0; i < 500; i++) {
      const long = Array.from({ length: 12 }, (_, l) => [`label_${l}`, `${i}-`.padEnd(160, 'x')] as const)
      batches.add(taken(index.lookup(query, { node: 'n', ...Object.fromEntries(long) }, 5)), 5, 1, 5)
    }
    batches.flush()
    assert.equal(sent.flatMap(({ of }) => of).length, 500)
    assert.ok(sent.every((batch) => Buffer.byteLength(JSON.stringify(batch)) < 512 * 1024))
  })
  it('sends every sample once, in batches that are valid whatever the labels hold', () => {
    const labels = fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 })
    fc.assert(
      fc.property(fc.array(fc.record({ labels, n: fc.integer({ min: 1, max: 700 }) }), { maxLength: 4 }), (rows) => {
        const index = new SeriesIndex('c', ownerOf)
        const sent: MetricBatch[] = []
        const batches = new Batches('c', false, (batch) => sent.push(batch))
        let added = 0
        for (const row of rows) {
          const series = index.lookup(query, row.labels, 5)
          if (typeof series === 'string') continue
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
