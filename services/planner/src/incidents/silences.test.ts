import assert from 'node:assert/strict'
import { COLLECTIONS, type Matcher, type Silence } from '@kubewise/contracts'
import { VirtualClock } from '@kubewise/testkit'
import { anomaly } from '../fixture/anomalies.ts'
import { testRecord } from '../fixture/record.ts'
import { coverOf, createSilences, matchedOf } from './silences.ts'

const matcher = (field: Matcher['field'], operator: Matcher['operator'], value: string): Matcher => ({
  field,
  operator,
  value,
})

describe('a silence', () => {
  const one = anomaly('web-1')
  const cases: [string, Matcher[], boolean][] = [
    ['the same namespace', [matcher('namespace', '=', 'shop')], true],
    ['another namespace', [matcher('namespace', '=', 'sho')], false],
    ['not another namespace', [matcher('namespace', '!=', 'bank')], true],
    ['the target’s kind and name', [matcher('kind', '=', 'Deployment'), matcher('name', '=', 'web')], true],
    ['one of two that does not fit', [matcher('kind', '=', 'Deployment'), matcher('name', '=', 'api')], false],
    ['an expression', [matcher('name', '=~', 'w.b|api')], true],
    ['an expression that fits only a part', [matcher('name', '=~', 'we')], false],
    ['not an expression', [matcher('name', '!~', 'w.*')], false],
    [
      'the rule and the severity',
      [matcher('rule', '=', 'crash-loop'), matcher('severity', '=~', 'critical|warning')],
      true,
    ],
  ]
  for (const [what, matchers, expected] of cases)
    it(`for ${what} ${expected ? 'covers' : 'does not cover'} it`, () =>
      assert.equal(coverOf({ matchers })(matchedOf(one)), expected))

  it('takes no longer for an expression that is made to take for ever', () => {
    const covers = coverOf({ matchers: [matcher('name', '=~', '(a+)+(a|aa)*$')] })
    const evil = anomaly('x', { target: { ...one.target, name: `${'a'.repeat(250)}!` } })
    assert.equal(covers(matchedOf(evil)), false)
  })

  it('is refused when its expression is none', () =>
    assert.throws(() => coverOf({ matchers: [matcher('name', '=~', '(')] })))
})

describe('the silences', () => {
  const clock = new VirtualClock()
  const silence = (overrides: Partial<Silence>): Omit<Silence, 'version'> => ({
    _id: 'one',
    cluster: 'prod',
    matchers: [matcher('name', '=', 'web')],
    startsMs: clock.now(),
    endsMs: clock.now() + 60_000,
    by: 'ada',
    reason: 'maintenance',
    expiresMs: clock.now() + 3_600_000,
    ...overrides,
  })

  it('hold from their start to their end, and take effect within a second', async () => {
    await using record = await testRecord(clock)
    const silences = createSilences(record.store, clock, 'prod', () => assert.fail())
    assert.equal(await silences.covering(matchedOf(anomaly('a'))), undefined)
    await record.store.collection(COLLECTIONS.silences).insert(silence({ startsMs: clock.now() + 5_000 }))
    await clock.advance(4_000)
    assert.equal(await silences.covering(matchedOf(anomaly('a'))), undefined)
    await clock.advance(1_000)
    assert.equal((await silences.covering(matchedOf(anomaly('a'))))?.code, 'silenced')
    await clock.advance(60_000)
    assert.equal(await silences.covering(matchedOf(anomaly('a'))), undefined)
  })

  it('that cannot be read cover nothing, which is told once', async () => {
    await using record = await testRecord(clock)
    const told: string[] = []
    const silences = createSilences(record.store, clock, 'prod', ({ _id }) => told.push(_id))
    const table = record.store.collection(COLLECTIONS.silences)
    await table.insert(silence({ matchers: [matcher('name', '=~', '(')] }))
    await table.insert(silence({ _id: 'two', cluster: 'test' }))
    for (let round = 0; round < 3; round++) {
      assert.equal(await silences.covering(matchedOf(anomaly('a'))), undefined)
      await clock.advance(1_500)
    }
    assert.deepEqual(told, ['one'])
  })
})
