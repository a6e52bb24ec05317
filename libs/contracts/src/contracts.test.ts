import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import * as fc from 'fast-check'
import {
  auditLink,
  canonicalJson,
  COLLECTIONS,
  CONSUMERS,
  decodeMetricBatch,
  decodePlaybook,
  decodeSignal,
  fnv1a32,
  hashOf,
  idOf,
  partitionOf,
  STREAMS,
  subjects,
} from './index.ts'
import { PUBLISHED } from './published.ts'

const anything = fc.string({ unit: 'binary', maxLength: 40 })
const entity = fc.record({ cluster: anything, kind: anything, namespace: anything, name: anything })

/** Does a NATS filter cover a subject? */
function covers(filter: string, subject: string): boolean {
  const [f, s] = [filter.split('.'), subject.split('.')]
  return (
    f.every((token, i) => token === '>' || token === '*' || token === s[i]) &&
    (f.at(-1) === '>' ? s.length >= f.length : s.length === f.length)
  )
}

describe('subjects', () => {
  it('are made of plain tokens whatever the names from the cluster hold', () => {
    fc.assert(
      fc.property(entity, entity, (target, pod) => {
        for (const subject of [
          subjects.event(target, pod),
          subjects.object(target, pod),
          subjects.anomaly(target),
          subjects.incident(target),
          subjects.plan(target),
          subjects.execution(target),
          subjects.feedback(target.cluster),
        ])
          assert.match(subject, /^kubewise\.v1(\.[A-Za-z0-9_-]+)+$/)
      }),
    )
  })
  it('of one target meet in one partition', () => {
    fc.assert(
      fc.property(entity, entity, (target, pod) => {
        const filter = subjects.partition(target.cluster, partitionOf(target))
        for (const subject of [
          subjects.metric(target.cluster, partitionOf(target)),
          subjects.event(target, pod),
          subjects.object(target, pod),
          subjects.control(target.cluster, partitionOf(target)),
        ])
          assert.ok(covers(filter, subject), `${filter} covers ${subject}`)
      }),
    )
  })
  it('each belong to exactly one stream', () => {
    const target = { cluster: 'c', kind: 'Deployment', namespace: 'n', name: 'x' }
    for (const subject of [
      subjects.metric('c', 1),
      subjects.event(target, target),
      subjects.anomaly(target),
      subjects.incident(target),
      subjects.plan(target),
      subjects.execution(target),
      subjects.feedback('c'),
      subjects.audit('c', 'api'),
      subjects.auditHead('c', 'api'),
      subjects.dead('c', 'PLANS'),
    ]) {
      const streams = Object.values(STREAMS).filter((stream) =>
        stream.subjects.some((filter) => covers(filter, subject)),
      )
      assert.equal(streams.length, 1, subject)
    }
  })
  it('refuse a partition that is none', () => assert.throws(() => subjects.metric('c', 64), /expected 0 to 63, got 64/))
})

describe('ids', () => {
  it('hash as NATS partitions do (FNV-1a, 32 bits)', () => {
    assert.deepEqual(['', 'a', 'foobar'].map(fnv1a32), [0x811c9dc5, 0xe40c292c, 0xbf9cf968])
  })
  it('tell parts apart however they are cut', () => assert.notEqual(idOf('ab', 'c'), idOf('a', 'bc')))
  it('of values do not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse())
        assert.equal(hashOf(reversed), hashOf(value))
        assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

const emptyBatch = {
  kind: 'metric-batch',
  cluster: 'c',
  partition: 0,
  collectedMs: 1,
  isBackfill: false,
  metrics: [],
  targets: [],
  entities: [],
  series: [],
  of: [],
  startMs: 1,
  afterMs: [],
  value: [],
}

describe('schemas', () => {
  it('take an empty batch', () => assert.equal(decodeMetricBatch(emptyBatch).ok, true))
  it('are all valid JSON Schema 2020-12 on their own', () => {
    for (const [name, { schema }] of Object.entries(PUBLISHED)) {
      const ajv = new Ajv2020({ strict: true, discriminator: true, allowUnionTypes: true })
      addFormats.default(ajv)
      assert.doesNotThrow(() => ajv.compile(JSON.parse(JSON.stringify(schema))), name)
    }
  })
  it('take no garbage, and say what is wrong without throwing', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const decoded = decodeSignal(value)
        assert.equal(decoded.ok, false)
        assert.ok(!decoded.ok && decoded.errors.length > 0)
      }),
    )
  })
  it('tell every mistake at once, with the value that was found', () => {
    const decoded = decodeMetricBatch({
      kind: 'metric-batch',
      cluster: '',
      partition: 64,
      collectedMs: -1,
      isBackfill: 'no',
      series: [],
      of: [],
      timeMs: [],
      value: [],
      extra: 1,
    })
    assert.ok(!decoded.ok)
    for (const word of ['cluster', 'partition', 'got 64', 'collectedMs', 'isBackfill', "'extra'"])
      assert.ok(decoded.errors.join('\n').includes(word), word)
  })
  const columns: [string, object][] = [
    ['of different lengths', { afterMs: [1] }],
    ['that refer to no series', { of: [0], afterMs: [1], value: [1] }],
    ['whose series are of no metric', { series: [{ key: 'k', metric: 0, entity: 0 }] }],
    ['whose entities have no target', { entities: [{ kind: 'Pod', namespace: 'n', name: 'p', target: 0 }] }],
  ]
  for (const [what, wrong] of columns)
    it(`refuse columns ${what}`, () => assert.equal(decodeMetricBatch({ ...emptyBatch, ...wrong }).ok, false))
})

describe('playbooks', () => {
  const playbook = (spec: object) =>
    decodePlaybook({
      apiVersion: 'kubewise.io/v1',
      kind: 'Playbook',
      metadata: { name: 'x' },
      spec: { summary: 's', cause: 'c', when: 'true', ...spec },
    })
  const step = { action: 'rollback@1' }
  const expect = { withinSeconds: 60, holds: ['workload-available'] }
  const cases: [string, object, boolean][] = [
    ['with no steps are a reasoned refusal', {}, true],
    ['with steps say what to expect', { steps: [step], expect }, true],
    ['with steps and no expectation are refused', { steps: [step] }, false],
    [
      'whose steps need a later one are refused',
      {
        steps: [
          { ...step, id: 'a', needs: ['b'] },
          { ...step, id: 'b' },
        ],
        expect,
      },
      false,
    ],
    [
      'with one id twice are refused',
      {
        steps: [
          { ...step, id: 'a' },
          { ...step, id: 'a' },
        ],
        expect,
      },
      false,
    ],
    ['with an action of no version are refused', { steps: [{ action: 'rollback' }], expect }, false],
    [
      'with a verification nobody knows are refused',
      { steps: [step], expect: { ...expect, holds: ['looks-good'] } },
      false,
    ],
  ]
  for (const [what, spec, ok] of cases) it(what, () => assert.equal(playbook(spec).ok, ok))
})

describe('the audit chain', () => {
  it('binds each link to the one before', () => {
    const entry = { atMs: 1, event: 'intent' as const, actor: 'executor', say: 'x' }
    const first = auditLink('executor', undefined, entry)
    const second = auditLink('executor', first, entry)
    assert.equal(second.previous, first.hash)
    assert.notEqual(auditLink('executor', { ...first, hash: 'forged' }, entry).hash, second.hash)
    assert.ok(first._id < second._id)
  })
})

describe('topology', () => {
  it('has every consumer on a stream that exists, and every collection with one writer but the audit', () => {
    const streams = new Set<string>(Object.values(STREAMS).map(({ name }) => name))
    for (const consumer of Object.values(CONSUMERS)) assert.ok(streams.has(consumer.stream))
    for (const { name, writer } of Object.values(COLLECTIONS))
      assert.equal(writer.length, name.startsWith('audit') ? 2 : 1, name)
  })
})
