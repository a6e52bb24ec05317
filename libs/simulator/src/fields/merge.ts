import type { FieldType } from '../schema/schema.ts'
import { printElement } from './field-set.ts'
import { isHollow, itemsOf, membersOf, shape, type Shape } from './shape.ts'

type ListShape = Extract<Shape, { kind: 'list' }>

/** What a configuration says twice about one item cannot be merged. */
export class DuplicateItemError extends Error {
  constructor(path: string, element: string) {
    super(`${path}: duplicate entries for key ${printElement(element)}`)
    this.name = 'DuplicateItemError'
  }
}

function indexed(items: readonly unknown[], view: ListShape): Map<string, unknown> {
  return new Map(items.map((item) => [view.elementOf(item), item]))
}

function assertDistinct(items: readonly unknown[], view: ListShape, path: string): void {
  const seen = new Set<string>()
  for (const item of items) {
    const element = view.elementOf(item)
    if (seen.has(element)) throw new DuplicateItemError(path, element)
    seen.add(element)
  }
}

/**
 * The order of a merged list: items of the live list that are not applied stay where they are, items that are applied come
 * in the order of the configuration.
 */
function mergedOrder(live: readonly string[], applied: readonly string[]): string[] {
  const isApplied = new Set(applied)
  const isLive = new Set(live)
  const shared = applied.filter((element) => isLive.has(element))
  const order: string[] = []
  const placed = new Set<string>()
  const place = (element: string) => {
    if (!placed.has(element)) order.push(element)
    placed.add(element)
  }
  let next = 0
  for (const element of live) {
    if (!isApplied.has(element)) place(element)
    else if (!placed.has(element)) {
      const wanted = shared[next]
      while (next < shared.length && placed.has(shared[next] ?? '')) next += 1
      // All that the configuration names up to the next shared item comes before it.
      for (const name of applied.slice(0, applied.indexOf(wanted ?? element) + 1)) place(name)
      next += 1
    }
  }
  applied.forEach(place)
  return order
}

function mergeList(live: unknown, applied: unknown, view: ListShape, path: string): unknown[] {
  assertDistinct(itemsOf(applied), view, path)
  const left = indexed(itemsOf(live), view)
  const right = indexed(itemsOf(applied), view)
  return mergedOrder([...left.keys()], [...right.keys()]).map((element) =>
    mergeFields(left.get(element), right.get(element), view.item, `${path}${printElement(element)}`),
  )
}

/** Lays an applied configuration over a live object: what the configuration names is taken from it, the rest stays. */
export function mergeFields(live: unknown, applied: unknown, type: FieldType, path = ''): unknown {
  if (applied === undefined) return live
  const view = shape(type)
  if (view.kind === 'leaf' || (isHollow(live) && isHollow(applied))) return applied
  if (view.kind === 'list') return mergeList(live, applied, view, path)
  const left = membersOf(live)
  const right = membersOf(applied)
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  return Object.fromEntries(
    [...names].map((name) => [name, mergeFields(left[name], right[name], view.typeOf(name), `${path}.${name}`)]),
  )
}
