import { isJsonObject } from '../objects/json.ts'
import type { FieldType } from '../schema/schema.ts'
import { fieldSetBuilder, type FieldSetBuilder } from './field-set-builder.ts'
import type { FieldSet } from './field-set.ts'
import { isHollow, itemsOf, membersOf, shape } from './shape.ts'

function isNullOrEmptyMap(value: unknown): boolean {
  return value === null || (isJsonObject(value) && isHollow(value))
}

function walk(value: unknown, type: FieldType, path: readonly string[], found: FieldSetBuilder): void {
  const view = shape(type)
  if (view.kind === 'leaf') found.insert(path)
  if (view.kind === 'list') {
    for (const item of itemsOf(value)) {
      const inner = [...path, view.elementOf(item)]
      walk(item, view.item, inner, found)
      found.insert(inner)
    }
  }
  if (view.kind === 'map') {
    for (const [name, member] of Object.entries(membersOf(value))) {
      const inner = [...path, `f:${name}`]
      walk(member, view.typeOf(name), inner, found)
      if (isNullOrEmptyMap(member) || !view.isField(name)) found.insert(inner)
    }
  }
}

/** All fields that a value has: what an applier of the value says about an object. */
export function fieldSetOfValue(value: unknown, type: FieldType): FieldSet {
  const found = fieldSetBuilder()
  walk(value, type, [], found)
  return found.build()
}
