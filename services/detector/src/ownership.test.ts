import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { PARTITIONS } from '@kubewise/contracts'
import { partitionsOf } from './ownership.ts'

const members = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 8 })

describe('partitionsOf', () => {
  it('gives every partition to exactly one member', () => {
    fc.assert(
      fc.property(members, (names) => {
        const owned = names.flatMap((name) => partitionsOf(name, names))
        assert.deepEqual(
          owned.sort((a, b) => a - b),
          Array.from({ length: PARTITIONS }, (_, i) => i),
        )
      }),
    )
  })
  it('moves only what a member that comes takes', () => {
    fc.assert(
      fc.property(members, fc.uuid(), (names, newcomer) => {
        for (const name of names) {
          const before = partitionsOf(name, names)
          const after = partitionsOf(name, [...names, newcomer])
          assert.ok(after.every((partition) => before.includes(partition)))
        }
      }),
    )
  })
  it('does not depend on the order in which members are told', () => {
    assert.deepEqual(partitionsOf('a', ['a', 'b', 'c']), partitionsOf('a', ['c', 'b', 'a']))
  })
})
