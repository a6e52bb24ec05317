import { deepEqual, equal, rejects } from 'node:assert/strict'
import * as fc from 'fast-check'
import { openFresh, type Backend } from './backend.ts'
import { things } from './thing.ts'

const parsed = (json: string): unknown => JSON.parse(json)

const WEIRD: [string, unknown][] = [
  ['labels', { 'app.kubernetes.io/name': 'web', 'a.b.c': '1', '.': 'x', 'a.': 'y' }],
  ['operators', { $where: 'sleep(1)', $set: { a: 1 }, a$b: 1, $: 1 }],
  ['a prototype', parsed('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}, "hasOwnProperty": 1}')],
  ['escapes', { '%2E': 1, '%': 2, '%%24': 3, '%list': [1], '%ud800': 4 }],
  ['an escape alone', { '%list': [[1]] }],
  [
    'odd keys',
    { '': 1, ' ': 2, '\0': 3, 'a\0b': 4, '\n': 5, '\ud800': 6, '😀': 7, '"': 8, "'": 9, '`': 10, _id: 11, version: 12 },
  ],
  ['odd text', ['\0', '\ud83d', '\ud83d\ude00', '\u2028', "'; DROP TABLE things; --", '', '\\u0000', '\uffff']],
  ['numbers', [0, -1, 2 ** 31, 2 ** 53, 2 ** 63, 848_261_831_545_934_464, 1e308, 5e-324, 0.1, 1_764_000_000_000]],
  ['lists in lists', [[1, [2, [3, []]]], [], [[]], [{ a: [[1]] }]]],
  [
    'keys that every object inherits, and those of drivers',
    {
      valueOf: [[]],
      toString: [[1]],
      constructor: [[{ a: [[]] }]],
      _bsontype: 'Long',
      hasOwnProperty: { _bsontype: [[]] },
    },
  ],
  ['empty things', { list: [], object: {}, null: null, no: false }],
]

/** Documents are data: whatever JSON goes in comes out. */
export function documentsContract(backend: () => Backend): void {
  for (const [what, data] of WEIRD)
    it(`gives back ${what}`, async () => {
      await using opened = await openFresh(backend())
      const collection = opened.store.collection(things('things'))
      await collection.insert({ _id: 'inserted', data })
      deepEqual((await collection.get('inserted'))?.data, data)
      await collection.insert({ _id: 'replaced', data: 'before' })
      await collection.replace({ _id: 'replaced', data, version: 1 })
      deepEqual(
        (await collection.find()).items.map((thing) => thing.data),
        [data, data],
      )
      equal(({} as { polluted?: boolean }).polluted, undefined)
    })

  it('gives back any JSON, under any id', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    const ids = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    const property = fc.asyncProperty(ids, fc.jsonValue(), fc.jsonValue(), async (_id, first, second) => {
      await collection.delete(_id)
      equal(await collection.insert({ _id, data: first }), 'inserted')
      deepEqual(await collection.get(_id), { _id, data: parsed(JSON.stringify(first)), version: 1 })
      equal(await collection.replace({ _id, data: second, version: 1 }), 'replaced')
      deepEqual(await collection.get(_id), { _id, data: parsed(JSON.stringify(second)), version: 2 })
    })
    await fc.assert(property, { numRuns: 100 })
  })

  it('keeps the order of keys, and writes as JSON does', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    await collection.insert({ _id: 'a', zebra: 1, gone: undefined, data: { z: -0, a: undefined, m: 2 } })
    equal(JSON.stringify(await collection.get('a')), '{"_id":"a","zebra":1,"data":{"z":0,"m":2},"version":1}')
  })

  it('hands out copies', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    const data = { list: [1] }
    await collection.insert({ _id: 'a', data })
    data.list.push(2)
    const first = await collection.get('a')
    first!.data = 'changed'
    deepEqual((await collection.get('a'))?.data, { list: [1] })
  })

  const loop: { self?: unknown } = {}
  loop.self = loop
  const refused: [string, object][] = [
    ['NaN', { _id: 'a', data: Number.NaN }],
    ['Infinity', { _id: 'a', data: [{ deep: Number.POSITIVE_INFINITY }] }],
    ['a date', { _id: 'a', data: new Date(0) }],
    ['a map', { _id: 'a', data: new Map() }],
    ['a function', { _id: 'a', data: () => 1 }],
    ['a bigint', { _id: 'a', data: 1n }],
    ['a symbol', { _id: 'a', data: Symbol('x') }],
    ['undefined in a list', { _id: 'a', data: [undefined] }],
    ['what writes itself', { _id: 'a', data: { toJSON: () => 1 } }],
    ['a loop', { _id: 'a', data: loop }],
    ['no id', { data: 1 }],
    ['an empty id', { _id: '' }],
    ['a number as id', { _id: 1 }],
    ['operators as id', { _id: { $gt: '' } }],
    ['an id that is too long', { _id: 'x'.repeat(1025) }],
    ['an id with half a character', { _id: 'x\ud800' }],
    ['a list where an index is', { _id: 'a', at: [1] }],
    ['an object where an index is', { _id: 'a', at: { $gt: 1 } }],
    ['a list on the way to an index', { _id: 'a', place: [{ name: 'x' }] }],
    ['half a character where an index is', { _id: 'a', owner: '\udc00' }],
    ['more than 16 MiB', { _id: 'a', data: 'x'.repeat(16 * 1024 * 1024) }],
    ["the store's own key", { _id: 'a', _write: 'x' }],
  ]
  for (const [what, document] of refused)
    it(`refuses ${what}`, async () => {
      await using opened = await openFresh(backend())
      const collection = opened.store.collection(things('things'))
      await rejects(collection.insert(document as { _id: string }), { name: 'StoreError', kind: 'refused' })
      equal(await collection.count(), 0)
    })

  it('names every mistake at once', async () => {
    await using opened = await openFresh(backend())
    const collection = opened.store.collection(things('things'))
    await rejects(collection.insert({ _id: 'a', at: Number.NaN, data: { when: new Date(0) }, owner: '\ud800' }), {
      errors: [
        'at: expected a finite number, got number NaN',
        'data.when: expected a plain object, got Date',
        'owner: expected text, a number or a boolean, since it is indexed',
      ],
    })
  })
}
