import { isJsonObject } from '../objects/json.ts'
import { definitionOf, type FieldType } from './schema.ts'

/**
 * Adds, in place, what the server's encoder always writes: structures that cannot be absent, as `{}`, and scalars without
 * `omitempty`. An object that a controller has written is then of the same shape as one that came over HTTP.
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
