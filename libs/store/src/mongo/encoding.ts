import { Binary } from 'mongodb'
import { setKey, type JsonDocument } from '../document.ts'
import { isObject } from '../field.ts'

/**
 * JSON as a MongoDB and what speaks its protocol can hold it, and back. Ordinary documents lie in the database as they
 * are, for people to read. What a server may refuse or change is wrapped: keys with dots or a leading `$` (labels are full
 * of them) or that the driver takes for its own, lists within lists (ferretdb has none), text with half of a surrogate pair (BSON is UTF-8).
 */

// Half a surrogate pair is matched as \p{Surrogate} only where it stands alone.
const UNSAFE_IN_KEYS = /[%.\0]|^\$|\p{Surrogate}/gu
const ESCAPED = /%(?:u([0-9a-f]{4})|([0-9a-f]{2}))/g
// No key that comes from a document can be this one, since its % would be escaped.
const LIST = '%list'
const UTF16 = 0x80

const escaped = (character: string): string => {
  const code = character.charCodeAt(0)
  return code > 0xff ? `%u${code.toString(16)}` : `%${code.toString(16).padStart(2, '0')}`
}

/**
 * Keys that the driver takes for its own: `_bsontype`, and what every object inherits, since it looks lists' names up in a plain object
 * and gives back raw bytes for `valueOf`.
 */
const isDriversOwn = (key: string): boolean => key === '_bsontype' || key in Object.prototype

const encodeKey = (key: string): string =>
  isDriversOwn(key) ? escaped(key) + key.slice(1) : key.replace(UNSAFE_IN_KEYS, escaped)

const decodeKey = (key: string): string =>
  key.replace(ESCAPED, (_all, wide: string | undefined, narrow: string | undefined) =>
    String.fromCharCode(Number.parseInt(wide ?? narrow ?? '', 16)),
  )

function mapMembers<T>(
  object: object,
  keyOf: (key: string) => string,
  valueOf: (value: unknown) => T,
): Record<string, T> {
  const mapped: Record<string, T> = {}
  for (const [key, value] of Object.entries(object)) setKey(mapped, keyOf(key), valueOf(value))
  return mapped
}

function encodeValue(value: unknown): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : new Binary(Buffer.from(value, 'utf16le'), UTF16)
  if (!isObject(value)) return value
  if (!Array.isArray(value)) return mapMembers(value, encodeKey, encodeValue)
  return value.map((member) => (Array.isArray(member) ? { [LIST]: encodeValue(member) } : encodeValue(member)))
}

/** What is in a document that this package did not write (a date, an ObjectId) stays what it is: the schema will refuse it. */
function decodeValue(value: unknown): unknown {
  if (value instanceof Binary && value.sub_type === UTF16) return Buffer.from(value.buffer).toString('utf16le')
  if (Array.isArray(value)) return value.map(decodeValue)
  if (!isObject(value) || '_bsontype' in value || value instanceof Date) return value
  const list: unknown = Object.hasOwn(value, LIST) ? value[LIST] : undefined
  return Array.isArray(list) ? list.map(decodeValue) : mapMembers(value, decodeKey, decodeValue)
}

export const encodeDocument = (document: JsonDocument): Record<string, unknown> =>
  mapMembers(document, encodeKey, encodeValue)

/** `_write` is the store's own; see the collection. */
export const decodeDocument = ({ _write, ...document }: Record<string, unknown>): Record<string, unknown> =>
  mapMembers(document, decodeKey, decodeValue)
