import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { step } from './context.fixture.ts'
import { mostAtOnce, sortSteps, stepOrder } from './step-order.ts'

const pod = (name: string) => ({ cluster: 'prod', kind: 'Pod', namespace: 'shop', name, uid: name })
/** Steps on objects of their own, unless told. */
const steps = (needs: Record<string, string[]>, on: Record<string, string> = {}) =>
  Object.entries(needs).map(([id, others]) => step({ id, needs: others, object: pod(on[id] ?? id) }))

function before(given: ReturnType<typeof steps>): Record<string, string[]> {
  const order = stepOrder(given)
  assert.ok(order instanceof Map, JSON.stringify(order))
  return Object.fromEntries([...order].map(([id, others]) => [id, [...others].sort()]))
}

describe('the order of steps', () => {
  it('is the plan’s own where none names a need', () =>
    assert.deepEqual(before(steps({ a: [], b: [], c: [] })), { a: [], b: ['a'], c: ['a', 'b'] }))

  it('lets be at once what is independent, once one names a need', () =>
    assert.deepEqual(before(steps({ a: [], b: [], c: ['a'], d: ['b', 'c'] })), {
      a: [],
      b: [],
      c: ['a'],
      d: ['a', 'b', 'c'],
    }))

  it('lets no two change one object at once', () =>
    assert.deepEqual(before(steps({ a: [], b: [], c: ['a'] }, { b: 'x', c: 'x' })), { a: [], b: [], c: ['a', 'b'] }))

  it('sorts so that each comes after what it needs, whatever their order, and never where there is a circle', () => {
    const ids = ['a', 'b', 'c', 'd', 'e']
    const graph = fc.record(Object.fromEntries(ids.map((id) => [id, fc.uniqueArray(fc.constantFrom(...ids))])))
    fc.assert(
      fc.property(graph, (needs) => {
        const given = steps(needs)
        const sorted = sortSteps(given)
        const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
          (needs[from] ?? []).some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))))
        assert.equal(Array.isArray(sorted), !ids.some((id) => reaches(id, id)))
        if (!Array.isArray(sorted)) return
        const at = (id: string) => sorted.findIndex((one) => one.id === id)
        for (const { id, needs: others } of given) for (const need of others) assert.ok(at(need) < at(id))
      }),
    )
  })
})

describe('the most at once', () => {
  const most = (given: ReturnType<typeof steps>) => {
    const order = stepOrder(given)
    return order instanceof Map ? mostAtOnce(order, () => 1) : Number.NaN
  }
  it('is one of those in a row', () => assert.equal(most(steps({ a: [], b: [], c: [] })), 1))
  it('is all of those side by side', () => assert.equal(most(steps({ a: [], b: [], c: [], d: ['a', 'b', 'c'] })), 3))
  it('is one of a chain', () => assert.equal(most(steps({ a: [], b: ['a'], c: ['b'] })), 1))
})
