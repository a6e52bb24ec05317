import { isJsonObject, type Json, type JsonObject } from '../../objects/json.ts'

/** Sets members that are absent, or empty text, in place: Go does not tell the two apart. */
export function fill(object: JsonObject, defaults: JsonObject): JsonObject {
  for (const [name, value] of Object.entries(defaults)) {
    if (object[name] === undefined || object[name] === '') object[name] = structuredClone(value)
  }
  return object
}

/** A member that is an object, made where it is absent. */
export function part(object: JsonObject, name: string): JsonObject {
  const found = object[name]
  if (isJsonObject(found)) return found
  const made: JsonObject = {}
  object[name] = made
  return made
}

/** A member that is an object, if it is there. */
export function optionalPart(object: JsonObject, name: string): JsonObject | undefined {
  const found = object[name]
  return isJsonObject(found) ? found : undefined
}

/** The objects of a list; an absent list has none. */
export function parts(object: JsonObject, name: string): JsonObject[] {
  const found: Json | undefined = object[name]
  return Array.isArray(found) ? found.filter(isJsonObject) : []
}
