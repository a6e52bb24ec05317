import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import {
  difference,
  EMPTY,
  fieldSetOf,
  fromFieldsV1,
  intersection,
  isEmpty,
  isSameSet,
  printMembers,
  toFieldsV1,
  union,
  withoutTrees,
  type FieldSet,
} from './field-set.ts'

const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
const fieldSet: fc.Arbitrary<FieldSet> = fc.array(path, { maxLength: 8 }).map((paths) => fieldSetOf(...paths))

describe('field set', () => {
  it('spells itself as managedFields do, and reads that again', () => {
    const spelled = {
      'f:spec': { 'f:list': { '.': {}, 'k:{"name":"a"}': { '.': {}, 'f:image': {} } }, 'f:replicas': {} },
    }
    assert.deepEqual(toFieldsV1(fromFieldsV1(spelled)), spelled)
    assert.deepEqual(printMembers(fromFieldsV1(spelled)), [
      '.spec.list',
      '.spec.list[name="a"]',
      '.spec.list[name="a"].image',
      '.spec.replicas',
    ])
    fc.assert(fc.property(fieldSet, (set) => isSameSet(fromFieldsV1(toFieldsV1(set)), set)))
  })

  it('obeys the laws of sets', () => {
    fc.assert(
      fc.property(fieldSet, fieldSet, (a, b) => {
        assert.ok(isSameSet(union(a, b), union(b, a)))
        assert.ok(isSameSet(intersection(a, b), intersection(b, a)))
        assert.ok(isSameSet(union(difference(a, b), intersection(a, b)), a))
        assert.ok(isEmpty(intersection(difference(a, b), b)))
        assert.ok(isEmpty(difference(a, a)))
        assert.ok(isSameSet(union(a, EMPTY), a))
      }),
    )
  })

  it('leaves out whole trees where it is asked to', () => {
    const set = fieldSetOf(['spec', 'a'], ['status', 'b', 'c'], ['status'])
    assert.deepEqual(printMembers(withoutTrees(set, fieldSetOf(['status']))), ['.spec.a'])
    assert.deepEqual(printMembers(difference(set, fieldSetOf(['status']))), ['.spec.a', '.status.b.c'])
  })

  it('reads nothing out of what is no set', () => {
    for (const value of [undefined, null, 7, 'text', []]) assert.ok(isEmpty(fromFieldsV1(value)))
  })
})
