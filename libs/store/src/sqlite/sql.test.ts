import { doesNotMatch, equal } from 'node:assert/strict'
import { findSql } from './sql.ts'

/** What stands behind the column of a condition, the column being long. */
const boundsOf = (bounds: readonly (readonly ['gt' | 'gte' | 'lt' | 'lte', number | string])[]) =>
  findSql({
    collection: 'x',
    conditions: [{ field: 'a', bounds }],
    orderBy: '_id',
    direction: 'asc',
    limit: 1,
  } as never)
    .text.split(' WHERE ')[1]!
    .split(' ORDER ')[0]!
    .replaceAll(/CASE .*? END /g, 'a ')

describe('bounds in SQL', () => {
  const cases: [Parameters<typeof boundsOf>[0], string][] = [
    [[['gte', 5]], "a >= ? AND a < ''"],
    [[['lt', 5]], 'a < ? AND a > -9e999'],
    [
      [
        ['gt', 5],
        ['lte', 9],
      ],
      'a > ? AND a <= ?',
    ],
    [[['gte', 'm']], "a >= ? AND a < x''"],
    [[['lt', 'm']], "a < ? AND a >= ''"],
  ]
  for (const [bounds, text] of cases) it(JSON.stringify(bounds), () => equal(boundsOf(bounds), text))

  it('begin an index at the query’s own bound, not at the least of all', () =>
    doesNotMatch(boundsOf([['gte', 5]]), /-9e999/))
})
