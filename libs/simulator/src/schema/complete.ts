import { deepFreeze, isJsonObject } from '../objects/json.ts'
import { definitionOf, type FieldType, type RefType } from './schema.ts'

/**
 * Adds, in place, what the server's encoder always writes: structures that cannot be absent (as `{}`) and scalars
 * without `omitempty`. An object that a controller has written is then of the same shape as one that came over HTTP.
 */
export function complete(value: unknown, type: FieldType): void {
  if (typeof type === 'string') return
  if ('list' in type) {
    if (typeof type.list !== 'string' && Array.isArray(value)) for (const item of value) complete(item, type.list)
    return
  }
  if (!isJsonObject(value) || Object.isFrozen(value)) return
  if ('map' in type) {
    if (typeof type.map !== 'string') for (const member of Object.values(value)) complete(member, type.map)
    return
  }
  const { fields, defaults } = definitionOf(type)
  for (const name of Object.keys(defaults ?? {})) {
    if (value[name] === undefined) value[name] = structuredClone(defaults?.[name]) as never
  }
  for (const name of Object.keys(value)) {
    const fieldType = fields[name]
    if (fieldType !== undefined) complete(value[name], fieldType)
  }
}

/** Adds, in place, the nulls that the server's encoder writes for lists and pointers without `omitempty`. */
export function fillNulls(value: unknown, type: FieldType): void {
  if (typeof type === 'string') return
  if ('list' in type) {
    if (typeof type.list !== 'string' && Array.isArray(value)) for (const item of value) fillNulls(item, type.list)
    return
  }
  if (!isJsonObject(value) || Object.isFrozen(value)) return
  if ('map' in type) {
    if (typeof type.map !== 'string') for (const member of Object.values(value)) fillNulls(member, type.map)
    return
  }
  const { fields, nulls = [] } = definitionOf(type)
  for (const name of nulls) value[name] ??= null
  for (const name of Object.keys(value)) {
    const fieldType = fields[name]
    if (fieldType !== undefined) fillNulls(value[name], fieldType)
  }
}

const empties = new Map<string, object>()

/** An object of a kind with nothing in it but what is always there. */
export function emptyObject(type: RefType): object {
  let empty = empties.get(type.ref)
  if (empty === undefined) {
    empty = {}
    complete(empty, type)
    fillNulls(empty, type)
    empties.set(type.ref, deepFreeze(empty))
  }
  return empty
}
