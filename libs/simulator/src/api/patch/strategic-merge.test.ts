import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { JsonObject } from '../../objects/json.ts'
import { typeOfKind } from '../../schema/schema.ts'
import { applyStrategicMerge } from './strategic-merge.ts'

const TYPE = typeOfKind('v1', 'Pod')

function merge(object: object, patch: object): object {
  return applyStrategicMerge(object as JsonObject, patch as JsonObject, TYPE)
}

const containers = (...list: object[]) => ({ spec: { containers: list } })

describe('strategic merge patch', () => {
  for (const [say, object, patch, expected] of [
    [
      'merges members and drops those that are null',
      { metadata: { name: 'a', labels: { x: '1', y: '2' } } },
      { metadata: { labels: { x: null, z: '3' } } },
      { metadata: { name: 'a', labels: { y: '2', z: '3' } } },
    ],
    [
      'merges containers by name',
      containers({ name: 'a', image: '1' }, { name: 'b', image: '1' }),
      containers({ name: 'b', image: '2' }),
      containers({ name: 'a', image: '1' }, { name: 'b', image: '2' }),
    ],
    [
      'puts new items first, as the real server does',
      containers({ name: 'a' }, { name: 'b' }),
      containers({ name: 'c' }),
      containers({ name: 'c' }, { name: 'a' }, { name: 'b' }),
    ],
    [
      'takes items away',
      containers({ name: 'a' }, { name: 'b' }),
      containers({ name: 'a', $patch: 'delete' }),
      containers({ name: 'b' }),
    ],
    [
      'replaces a list',
      containers({ name: 'a' }, { name: 'b' }),
      containers({ $patch: 'replace' }, { name: 'c' }),
      containers({ name: 'c' }),
    ],
    [
      'replaces an object',
      { metadata: { labels: { x: '1' } } },
      { metadata: { labels: { $patch: 'replace', y: '2' } } },
      { metadata: { labels: { y: '2' } } },
    ],
    [
      'empties an object',
      { metadata: { labels: { x: '1' } } },
      { metadata: { labels: { $patch: 'delete' } } },
      { metadata: { labels: {} } },
    ],
    [
      'keeps the keys it is told to',
      { spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
      { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'secret'], secret: { secretName: 's' } }] } },
      { spec: { volumes: [{ name: 'v', secret: { secretName: 's' } }] } },
    ],
    [
      'merges values of a set',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { finalizers: ['b', 'c'] } },
      { metadata: { finalizers: ['a', 'b', 'c'] } },
    ],
    [
      'deletes values of a set',
      { metadata: { finalizers: ['a', 'b', 'c'] } },
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['b'] } },
      { metadata: { finalizers: ['a', 'c'] } },
    ],
    [
      'orders items as it is told',
      containers({ name: 'a' }, { name: 'b' }),
      {
        spec: {
          '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
          containers: [{ name: 'a', image: '2' }],
        },
      },
      containers({ name: 'b' }, { name: 'a', image: '2' }),
    ],
    [
      'replaces lists that have no key',
      { spec: { tolerations: [{ key: 'a' }] } },
      { spec: { tolerations: [{ key: 'b' }] } },
      { spec: { tolerations: [{ key: 'b' }] } },
    ],
    [
      'takes over what was not there, without its directives',
      {},
      containers({
        name: 'a',
        $patch: 'merge',
        env: [
          { name: 'X', $patch: 'delete' },
          { name: 'Y', value: null },
        ],
      }),
      containers({ name: 'a', env: [{ name: 'Y' }] }),
    ],
  ] as const) {
    it(say, () => assert.deepEqual(merge(object, patch), expected))
  }

  it('leaves the object alone', () => {
    const object = containers({ name: 'a', image: '1' })
    const before = structuredClone(object)
    merge(object, containers({ name: 'a', image: '2' }))
    assert.deepEqual(object, before)
  })

  it('comes to the same when it is applied twice', () => {
    const names = fc.constantFrom('a', 'b', 'c')
    const list = fc.uniqueArray(fc.record({ name: names, image: fc.constantFrom('1', '2') }), {
      selector: ({ name }) => name,
    })
    fc.assert(
      fc.property(list, list, (before, patch) => {
        const once = merge(containers(...before), containers(...patch))
        assert.deepEqual(merge(once, containers(...patch)), once)
      }),
    )
  })
})
