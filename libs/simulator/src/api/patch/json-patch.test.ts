import assert from 'node:assert/strict'
import { ApiStatus } from '../../objects/api-status.ts'
import type { Json } from '../../objects/json.ts'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch } from './merge-patch.ts'

const OBJECT: Json = { a: { b: ['x', 'y'] }, 'c/d': 1 }

function isRefused(code: number) {
  return (error: unknown) => error instanceof ApiStatus && error.code === code
}

describe('JSON patch', () => {
  it('does all six operations', () => {
    const patched = applyJsonPatch(OBJECT, [
      { op: 'test', path: '/a/b/0', value: 'x' },
      { op: 'add', path: '/a/b/-', value: 'z' },
      { op: 'replace', path: '/c~1d', value: 2 },
      { op: 'copy', from: '/a/b', path: '/e' },
      { op: 'move', from: '/a/b/0', path: '/f' },
      { op: 'remove', path: '/e/1' },
    ])
    assert.deepEqual(patched, { a: { b: ['y', 'z'] }, 'c/d': 2, e: ['x', 'z'], f: 'x' })
  })

  it('puts a member where there is none to replace, as the real server does', () => {
    assert.deepEqual(applyJsonPatch({}, [{ op: 'replace', path: '/a', value: 1 }]), { a: 1 })
  })

  for (const [say, operation] of [
    ['a test that fails', { op: 'test', path: '/a/b/0', value: 'other' }],
    ['a test of nothing', { op: 'test', path: '/x', value: 'y' }],
    ['removing nothing', { op: 'remove', path: '/x' }],
    ['adding below nothing', { op: 'add', path: '/x/y', value: 1 }],
    ['replacing below nothing', { op: 'replace', path: '/x/y', value: 1 }],
    ['moving nothing', { op: 'move', from: '/x', path: '/y' }],
    ['an item past the end', { op: 'replace', path: '/a/b/7', value: 1 }],
    ['an unknown operation', { op: 'swap', path: '/a' }],
    ['an operation without a path', { op: 'remove' }],
    ['what is no operation', 7],
  ] as const) {
    it(`refuses ${say} with 422`, () => {
      assert.throws(() => applyJsonPatch(OBJECT, [operation]), isRefused(422))
    })
  }

  it('refuses what is no list with 400, and too long a list with 413', () => {
    assert.throws(() => applyJsonPatch(OBJECT, {}), isRefused(400))
    const many: Json[] = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/c~1d', value: 1 }))
    assert.throws(() => applyJsonPatch(OBJECT, many), isRefused(413))
  })

  it('leaves the object alone', () => {
    const before = structuredClone(OBJECT)
    applyJsonPatch(OBJECT, [{ op: 'remove', path: '/a' }])
    assert.deepEqual(OBJECT, before)
  })
})

describe('merge patch', () => {
  for (const [object, patch, expected] of [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', c: 'd' }, { a: null }, { c: 'd' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [['a'], ['c'], ['c']],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ] as [Json, Json, Json][]) {
    it(`makes ${JSON.stringify(expected)} of ${JSON.stringify(object)} by ${JSON.stringify(patch)}`, () => {
      assert.deepEqual(applyMergePatch(object, patch), expected)
    })
  }
})
