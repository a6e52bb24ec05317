import { isSameJson } from '../objects/json.ts'
import type { FieldType } from '../schema/schema.ts'
import { fieldSetBuilder, type FieldSetBuilder } from './field-set-builder.ts'
import type { FieldSet } from './field-set.ts'
import { isHollow, itemsOf, membersOf, shape } from './shape.ts'

export interface Comparison {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

type Builders = Record<keyof Comparison, FieldSetBuilder>

function noteLeaf(before: unknown, after: unknown, path: readonly string[], found: Builders): void {
  if (before === undefined) found.added.insert(path)
  else if (after === undefined) found.removed.insert(path)
  else if (!isSameJson(before, after)) found.modified.insert(path)
}

function byElement(value: unknown, elementOf: (item: unknown) => string): Map<string, unknown> {
  return new Map(itemsOf(value).map((item) => [elementOf(item), item]))
}

function walk(before: unknown, after: unknown, type: FieldType, path: readonly string[], found: Builders): void {
  if (before === after) return
  const view = shape(type)
  if (view.kind === 'leaf' || (isHollow(before) && isHollow(after))) {
    noteLeaf(before, after, path, found)
    return
  }
  if (view.kind === 'list') {
    const left = byElement(before, view.elementOf)
    const right = byElement(after, view.elementOf)
    for (const element of new Set([...left.keys(), ...right.keys()])) {
      walk(left.get(element), right.get(element), view.item, [...path, element], found)
    }
  } else {
    const left = membersOf(before)
    const right = membersOf(after)
    for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
      walk(left[name], right[name], view.typeOf(name), [...path, `f:${name}`], found)
    }
  }
  if (before === undefined) found.added.insert(path)
  else if (after === undefined) found.removed.insert(path)
}

/** Which fields an object gained, changed and lost. */
export function compare(before: unknown, after: unknown, type: FieldType): Comparison {
  const found: Builders = { added: fieldSetBuilder(), modified: fieldSetBuilder(), removed: fieldSetBuilder() }
  walk(before, after, type, [], found)
  return { added: found.added.build(), modified: found.modified.build(), removed: found.removed.build() }
}
