import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import * as fc from 'fast-check'
import { QueryError } from '../errors.ts'
import type { Collection, Condition, Query } from '../port.ts'
import { openFresh, type Backend } from './backend.ts'
import { things, type Thing } from './thing.ts'

const idsOf = (things: readonly Thing[]) => things.map(({ _id }) => _id)

const MOST_PAGES = 200

/** Every page from the first to the last. */
async function walk(collection: Collection<Thing>, query: Query, between?: () => Promise<void>): Promise<string[][]> {
  const pages: string[][] = []
  for (let cursor: string | undefined; ;) {
    const page = await collection.find(cursor === undefined ? query : { ...query, cursor })
    pages.push(idsOf(page.items))
    cursor = page.cursor
    if (cursor === undefined) return pages
    ok(pages.length < MOST_PAGES, `pages that do not end: ${JSON.stringify(pages.slice(-2))}`)
    await between?.()
  }
}

type Value = string | number | boolean | null | undefined

const rankOf = (value: Value): number => ['number', 'string', 'boolean'].indexOf(value === null ? 'null' : typeof value)

/** The port's order, said once more. */
function compare(a: Value, b: Value): number {
  if (rankOf(a) !== rankOf(b)) return rankOf(a) - rankOf(b)
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return Number(a ?? 0) - Number(b ?? 0)
}

function matches(value: Value, condition: Condition): boolean {
  if (typeof condition !== 'object') return value === condition
  if ('in' in condition) return condition.in.some((one) => one === value)
  const holds = {
    gt: (d: number) => d > 0,
    gte: (d: number) => d >= 0,
    lt: (d: number) => d < 0,
    lte: (d: number) => d <= 0,
  }
  return Object.entries(condition).every(
    ([bound, limit]: [string, string | number]) =>
      typeof value === typeof limit && holds[bound as keyof typeof holds](compare(value, limit)),
  )
}

const text = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'é', '\uffff', '😀', '1'),
  fc.string({ unit: 'grapheme', maxLength: 3 }),
)
const number = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom(0.5, 2 ** 31, 2 ** 53 + 2, 1e300, -1e300, 848_261_831_545_934_464, 5e-324),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
)
const scalar = fc.oneof(text, number, fc.boolean())
const range = <T>(value: fc.Arbitrary<T>) =>
  fc.dictionary(fc.constantFrom('gt', 'gte', 'lt', 'lte'), value, { minKeys: 1, maxKeys: 2, noNullPrototype: true })
const condition = fc.oneof(
  scalar,
  range(number),
  range(text),
  fc.record({ in: fc.array(scalar, { maxLength: 3 }) }),
) as fc.Arbitrary<Condition>

/** Conditions, order and pages. */
export function queriesContract(backend: () => Backend): void {
  it('pages through any order, and finds by any condition, as the port says', async () => {
    await using opened = await openFresh(backend())
    const values = fc.uniqueArray(
      fc.tuple(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }),
        fc.oneof(scalar, fc.constantFrom(null, undefined)),
      ),
      {
        selector: ([id]) => id,
        maxLength: 12,
      },
    )
    const direction = fc.constantFrom('asc' as const, 'desc' as const)
    const limit = fc.integer({ min: 1, max: 6 })
    let run = 0
    const property = fc.asyncProperty(
      values,
      condition,
      condition,
      direction,
      limit,
      async (rows, at, data, direction, limit) => {
        const collection = opened.store.collection(things(`run-${run++}`))
        for (const [_id, value] of rows) await collection.insert({ _id, at: value, data: value })
        const sign = direction === 'asc' ? 1 : -1
        const sorted = rows.toSorted((a, b) => sign * (compare(a[1], b[1]) || compare(a[0], b[0])))
        const idsWhere = (is: (value: Value) => boolean) => sorted.filter(([, value]) => is(value)).map(([id]) => id)

        const pages = await walk(collection, { orderBy: 'at', direction, limit })
        deepEqual(
          pages.flat(),
          idsWhere(() => true),
        )
        ok(pages.slice(0, -1).every((page) => page.length === limit))
        for (const where of [{ at }, { data }, { at, data }] as Record<string, Condition>[]) {
          const found = (await walk(collection, { where, orderBy: 'at', direction, limit })).flat()
          deepEqual(
            found,
            idsWhere((value) => Object.values(where).every((condition) => matches(value, condition))),
          )
          equal(await collection.count(where), found.length)
        }
      },
    )
    await fc.assert(property, { numRuns: 60 })
  })

  it('knows numbers exactly', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    // As text these have other digits than as numbers, or need all seventeen.
    const numbers = [2 ** 53 + 2, 848_261_831_545_934_464, 2 ** 63, 1e21, 0.1 + 0.2, 5e-324, -1e300, 2 ** 31]
    for (const at of numbers) for (const copy of [1, 2]) await collection.insert({ _id: `${at} ${copy}`, at })
    for (const at of numbers)
      for (const where of [{ at }, { at: { gte: at, lte: at } }, { at: { in: [at] } }])
        deepEqual(idsOf((await collection.find({ where })).items), [`${at} 1`, `${at} 2`])
    const sorted = numbers.toSorted((a, b) => a - b).flatMap((at) => [`${at} 1`, `${at} 2`])
    deepEqual((await walk(collection, { orderBy: 'at', limit: 1 })).flat(), sorted)
  })

  it('never looks into lists and objects', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    await collection.insert({ _id: 'list', data: ['x', 1], more: [{ name: 'x' }] })
    await collection.insert({ _id: 'object', data: { x: 1 }, more: { name: 'x' } })
    await collection.insert({ _id: 'text', data: 'x', more: { name: ['x'] } })
    const found = async (where: Query['where']) => idsOf((await collection.find({ where: where! })).items)
    deepEqual(await found({ data: 'x' }), ['text'])
    deepEqual(await found({ data: { gte: '' } }), ['text'])
    deepEqual(await found({ data: { in: ['x', 1] } }), ['text'])
    deepEqual(await found({ 'data.x': 1 }), ['object'])
    deepEqual(await found({ 'more.name': 'x' }), ['object'])
    deepEqual(await found({ 'data.0': 'x' }), [])
  })

  it('finds by id and version', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    for (const _id of ['a', 'b', 'c']) await collection.insert({ _id })
    await collection.replace({ _id: 'b', version: 1 })
    deepEqual(idsOf((await collection.find({ where: { version: 2 } })).items), ['b'])
    deepEqual(idsOf((await collection.find({ where: { _id: { gt: 'a' } }, direction: 'desc' })).items), ['c', 'b'])
  })

  it('shows what was there all along exactly once, while others insert and delete', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    const staying = Array.from({ length: 30 }, (_, index) => `s${String(index).padStart(2, '0')}`)
    for (const [index, _id] of staying.entries()) await collection.insert({ _id, at: index % 7 })
    await collection.insert({ _id: 'gone', at: 3 })
    let count = 0
    const disturb = async () => {
      for (const at of [0, 3, 6]) await collection.insert({ _id: `new ${count++}`, at })
      await collection.delete('gone')
    }
    for (const direction of ['asc', 'desc'] as const) {
      const seen = (await walk(collection, { orderBy: 'at', direction, limit: 4 }, disturb)).flat()
      equal(new Set(seen).size, seen.length)
      deepEqual(seen.filter((id) => staying.includes(id)).toSorted(), staying)
    }
  })

  it('goes on from a cursor whose document is gone', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    for (const _id of ['a', 'b', 'c']) await collection.insert({ _id, at: 1 })
    const { cursor } = await collection.find({ orderBy: 'at', limit: 2 })
    await collection.delete('b')
    deepEqual(idsOf((await collection.find({ orderBy: 'at', limit: 2, cursor: cursor! })).items), ['c'])
  })

  it('gives no cursor with the last page, and 100 items unless told', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    for (let index = 0; index < 101; index++) await collection.insert({ _id: String(index).padStart(3, '0') })
    const page = await collection.find()
    equal(page.items.length, 100)
    deepEqual(await collection.find({ cursor: page.cursor! }), { items: [{ _id: '100', version: 1 }] })
    equal((await collection.find({ limit: 101 })).cursor, undefined)
    equal((await collection.find({ limit: 500 })).items.length, 101)
  })

  const refused: [string, unknown][] = [
    ['an operator as a field', { where: { $where: 'sleep(1000)' } }],
    ['an operator as a condition', { where: { owner: { $gt: '' } } }],
    ['an operator beside bounds', { where: { owner: { gt: '', $ne: 1 } } }],
    ['a regular expression', { where: { owner: { $regex: '.*' } } }],
    ['SQL in a field', { where: { "owner' OR 1=1 --": 'x' } }],
    ['a quote in a path', { where: { 'place."name"': 'x' } }],
    ['a path with nothing between dots', { where: { 'place..name': 'x' } }],
    ['a prototype', { where: { '__proto__.x': 1 } }],
    ["the store's own field", { where: { _write: 'x' } }],
    ['null', { where: { owner: null } }],
    ['undefined', { where: { owner: undefined } }],
    ['a list', { where: { owner: ['x'] } }],
    ['an object without bounds', { where: { owner: {} } }],
    ['bounds of two types', { where: { owner: { gt: 1, lt: 'x' } } }],
    ['a boolean bound', { where: { owner: { gt: true } } }],
    ['NaN', { where: { at: Number.NaN } }],
    ['half a character', { where: { owner: '\ud800' } }],
    ['an object among values', { where: { owner: { in: [{ $gt: '' }] } } }],
    ['too many values', { where: { owner: { in: Array.from({ length: 501 }, () => 1) } } }],
    ['too many conditions', { where: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`f${index}`, 1])) }],
    ['an order that is no index', { orderBy: 'data' }],
    ['an operator as order', { orderBy: '$natural' }],
    ['a direction', { direction: 'up' }],
    ...[0, -1, 1.5, 501, Number.NaN, '10', null].map((limit): [string, unknown] => [
      `limit ${String(limit)}`,
      { limit },
    ]),
    ...['', 'x', '!', 'W10', 'bnVsbA', 7, null, 'x'.repeat(70_000)].map((cursor): [string, unknown] => [
      `cursor ${String(cursor).slice(0, 10)}`,
      { cursor },
    ]),
  ]
  it('refuses what is not of the port, before it reaches a driver', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    await collection.insert({ _id: 'a', owner: 'x' })
    for (const [what, query] of refused) {
      await rejects(collection.find(query as Query), QueryError, what)
      const { where } = query as Query
      if (where !== undefined) await rejects(collection.count(where), QueryError, what)
    }
  })

  it('refuses a cursor of another order or collection, and one that somebody made up', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    const other = opened.store.collection(things('others'))
    for (const _id of ['a', 'b']) await collection.insert({ _id, at: 1 })
    const { cursor } = await collection.find({ orderBy: 'at', limit: 1 })
    ok(cursor !== undefined)
    await rejects(collection.find({ cursor }), QueryError)
    await rejects(collection.find({ orderBy: 'at', direction: 'desc', cursor }), QueryError)
    await rejects(other.find({ orderBy: 'at', cursor }), QueryError)
    const made = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url')
    for (const forged of [
      made(1, 'things', 'at', 'asc', { $gt: '' }, 'a'),
      made(1, 'things', 'at', 'asc', 1, { $ne: null }),
      made(1, 'things', 'at', 'asc', [1], 'a'),
      made(2, 'things', 'at', 'asc', 1, 'a'),
      made(1, 'things', 'at', 'asc', 1),
    ])
      await rejects(collection.find({ orderBy: 'at', cursor: forged }), QueryError)
    const property = fc.asyncProperty(fc.oneof(fc.string(), fc.base64String()), async (cursor) =>
      rejects(collection.find({ cursor }), QueryError),
    )
    await fc.assert(property)
  })
}
