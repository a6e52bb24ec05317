import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { METRICS } from './catalogue/catalogue.ts'
import { queryMistakes, readQuery } from './query-syntax.ts'

describe('readQuery', () => {
  const broken: [string, RegExp][] = [
    ['', /empty/],
    ['sum(rate(x[5m]', /ends too early/],
    ['sum by (a (x)', /not PromQL at character|ends too early/],
    ['x y', /not PromQL at character 3, near 'y'/],
    ['x{', /ends too early/],
  ]
  for (const [query, say] of broken)
    it(`says what is wrong with '${query}'`, () => assert.match(readQuery(query).mistakes.join(), say))

  const hiding: [string, boolean][] = [
    ['x > 2', true],
    ['sum by (pod) (x > 0)', true],
    ['(x == 1) * 100', true],
    ['x / (y > 0)', false],
    ['x > bool 2', false],
    ['x unless on (pod) (y == 1)', false],
    ['rate(x[5m])', false],
  ]
  for (const [query, hides] of hiding)
    it(`${hides ? 'advises against' : 'has nothing against'} '${query}'`, () => {
      const { mistakes, advice } = readQuery(query)
      assert.deepEqual(mistakes, [])
      assert.equal(
        advice.some((say) => say.includes('drops values')),
        hides,
      )
    })

  it('advises against a series that is made up', () => {
    assert.match(readQuery('sum(x) or vector(0)').advice.join(), /about no object/)
    assert.deepEqual(readQuery('vector(0) * 2').advice, [])
  })

  it('takes any text without an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.ok(Array.isArray(readQuery(text).mistakes))
      }),
    )
  })

  for (const { name, query } of METRICS)
    it(`has nothing against ${name}`, () => assert.deepEqual(readQuery(query), { mistakes: [], advice: [] }))
})

describe('queryMistakes', () => {
  it('tells names that two have, also by their limits', () => {
    const mistakes = queryMistakes([
      { name: 'a', query: 'x', limit: 'y' },
      { name: 'a_limit_pct', query: 'z' },
      { name: 'b', query: 'x' },
      { name: 'b', query: 'y' },
    ])
    assert.deepEqual(mistakes, [
      'PROM_QUERIES: a_limit_pct: two queries have this name',
      'PROM_QUERIES: b: two queries have this name',
    ])
  })

  it('tells every mistake of every query, by its name', () => {
    const mistakes = queryMistakes([
      { name: 'a', query: 'x{' },
      { name: 'b', query: 'x', limit: 'y(' },
      { name: 'c', query: 'x', limit: 3 },
    ])
    assert.deepEqual(
      mistakes.map((say) => say.split(':').slice(0, 3).join(':')),
      ['PROM_QUERIES: a: the query ends too early', 'PROM_QUERIES: b: limit'],
    )
  })
})
