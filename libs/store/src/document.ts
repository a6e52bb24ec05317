import type { Layout } from './driver.ts'
import { fieldOf, isObject } from './field.ts'

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }
export type JsonDocument = { _id: string; version: number } & { [key: string]: JsonValue }

// A MongoDB takes 100 levels; keys and wrapped lists of this package's own need some of them.
const DEEPEST = 60
const LONGEST_ID = 1024
const MOST_PROBLEMS = 20

/** A document that is JSON through and through, or all that is wrong with it. */
export type CheckedDocument = { document: JsonDocument } | { problems: string[] }

/** Sets a key as data, also one that JavaScript gives a meaning. */
export function setKey<T>(object: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    (prototype === Object.prototype || prototype === null) && !('toJSON' in value && typeof value.toJSON === 'function')
  )
}

const nameOf = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? (value.constructor?.name ?? 'object')
    : `${typeof value} ${String(value)}`

const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80)

/** Copies what JSON can hold as JSON would (without undefined members, -0 as 0) and notes all that it would change or lose. */
function copyOf(value: unknown, path: string, depth: number, problems: string[]): JsonValue {
  const fault = (expected: string) => {
    problems.push(`${path}: expected ${expected}, got ${nameOf(value)}`)
    return null
  }
  if (problems.length >= MOST_PROBLEMS) return null
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : fault('a finite number')
  if (!isObject(value)) return fault('a JSON value')
  if (depth > DEEPEST) return fault(`at most ${DEEPEST} levels`)
  if (Array.isArray(value))
    return Array.from(value, (member: unknown, index) => copyOf(member, `${path}.${index}`, depth + 1, problems))
  return isPlain(value) ? copyOfMembers(value, path, depth, problems) : fault('a plain object')
}

function copyOfMembers(value: object, path: string, depth: number, problems: string[]): Record<string, JsonValue> {
  const copy: Record<string, JsonValue> = {}
  for (const [key, member] of Object.entries(value)) {
    const place = path === '' ? key : `${path}.${key}`
    if (member !== undefined) setKey(copy, key, copyOf(member, place, depth + 1, problems))
  }
  return copy
}

function problemsOfIndexes(document: object, { indexes }: Layout): string[] {
  const fields = new Map(
    indexes.flatMap(({ fields: names, isUnique }) => names.map((name) => [name, isUnique] as const)),
  )
  return [...fields].flatMap(([field, isUnique]) => {
    const value = fieldOf(document, field)
    if (value === undefined) return [`${field}: expected text, a number or a boolean, since it is indexed`]
    return value === null && isUnique ? [`${field}: expected a value, since it is in a unique index`] : []
  })
}

/** Can this be a document's `_id`? */
export const isId = (id: unknown): id is string =>
  typeof id === 'string' && id.length > 0 && id.length <= LONGEST_ID && id.isWellFormed()

/**
 * Makes sure that a document comes back from either driver as it went in.
 *
 * @param value what a caller wants to store
 * @param version that it will have
 */
export function checkDocument(value: object, version: number, layout: Layout): CheckedDocument {
  const problems: string[] = []
  const copy = copyOfMembers(value, '', 0, problems)
  const id = copy['_id']
  if (!isId(id)) problems.push(`_id: expected well-formed text of 1 to ${LONGEST_ID} characters, got ${show(id)}`)
  if (Object.hasOwn(copy, '_write')) problems.push("_write: this key is the store's own")
  problems.push(...problemsOfIndexes(copy, layout))
  return problems.length === 0 && isId(id) ? { document: { ...copy, _id: id, version } } : { problems }
}
