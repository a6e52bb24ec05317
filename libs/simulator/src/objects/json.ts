export type Json = null | boolean | number | string | Json[] | JsonObject

export interface JsonObject {
  [key: string]: Json | undefined
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value in a sentence: text as it is, anything else as JSON. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}

/** Deep equality of JSON values; an absent member equals an undefined one, the order of members does not count. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isSameJson(item, b[index]))
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  for (const key of Object.keys(a)) {
    if (!isSameJson(a[key], b[key])) return false
  }
  return Object.keys(b).every((key) => key in a || b[key] === undefined)
}

/** Makes a JSON value and all in it immutable. What is frozen already is taken to be frozen all the way down. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}

/** Drops members that are undefined, all the way down, in place: what JSON would drop on the wire is not stored either. */
export function dropUndefined<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const members = value as Record<string, unknown>
  for (const [key, member] of Object.entries(members)) {
    if (member === undefined) delete members[key]
    else dropUndefined(member)
  }
  return value
}
