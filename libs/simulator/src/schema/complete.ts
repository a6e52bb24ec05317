import { deepFreeze, isJsonObject, type JsonObject } from '../objects/json.ts'
import { definitionOf, type FieldType, type RefType } from './schema.ts'

function isEmptyCollection(value: unknown, type: FieldType): boolean {
  if (typeof type === 'string' || 'ref' in type) return false
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0
}

/** An empty list of these is a wish: to forget who wrote what. */
const SAYS_SOMETHING_EMPTY = new Set(['managedFields'])

function completeStruct(value: JsonObject, type: RefType): void {
  const { fields, defaults = {}, nulls = [] } = definitionOf(type)
  for (const name of Object.keys(defaults)) {
    if (value[name] === undefined || value[name] === null) value[name] = structuredClone(defaults[name]) as never
  }
  for (const [name, member] of Object.entries(value)) {
    const fieldType = fields[name]
    if (fieldType === undefined) continue
    if (isEmptyCollection(member, fieldType) && !nulls.includes(name) && !SAYS_SOMETHING_EMPTY.has(name))
      delete value[name]
    else complete(member, fieldType)
  }
  for (const name of nulls) value[name] ??= null
}

/**
 * Brings a value, in place, to the shape that the server's encoder gives it: structures that cannot be absent are `{}`,
 * scalars without `omitempty` are there, lists and pointers without it are null where they are empty, other empty lists
 * and maps are not there at all. An object that a controller has written is then of the same shape as one that came over HTTP.
 */
export function complete(value: unknown, type: FieldType): void {
  if (typeof type === 'string') return
  if ('list' in type) {
    if (typeof type.list !== 'string' && Array.isArray(value)) for (const item of value) complete(item, type.list)
    return
  }
  if (!isJsonObject(value) || Object.isFrozen(value)) return
  if ('ref' in type) completeStruct(value, type)
  else if (typeof type.map !== 'string') for (const member of Object.values(value)) complete(member, type.map)
}

const empties = new Map<string, object>()

/** An object of a kind with nothing in it but what is always there. */
export function emptyObject(type: RefType): object {
  let empty = empties.get(type.ref)
  if (empty === undefined) {
    empty = {}
    complete(empty, type)
    empties.set(type.ref, deepFreeze(empty))
  }
  return empty
}
