import type { CollectionSpec, Decoded, StoredDocument } from '@kubewise/contracts'
import { isObject } from '../field.ts'

/** A document of the tests: it may hold anything; `count`, where present, must be a number. */
export interface Thing extends StoredDocument {
  count?: number
  owner?: string
  at?: number | string | boolean | null
  place?: { name?: string }
  expiresMs?: number
  data?: unknown
  [key: string]: unknown
}

function decodeThing(value: unknown): Decoded<Thing> {
  if (!isObject(value)) return { ok: false, errors: ['value: must be object'] }
  const { _id, version, count } = value
  if (typeof _id !== 'string' || typeof version !== 'number') return { ok: false, errors: ['value: must be stored'] }
  if (count !== undefined && typeof count !== 'number')
    return { ok: false, errors: [`count: must be number, got ${JSON.stringify(count)}`, 'second mistake'] }
  return { ok: true, value: { ...value, _id, version } }
}

/** What the tests store, under a name. */
export const things = (name: string): CollectionSpec<Thing> => ({
  name,
  writer: ['executor'],
  decode: decodeThing,
  indexes: [{ fields: ['at'] }, { fields: ['owner', 'at'] }, { fields: ['place.name'] }],
  expiresField: 'expiresMs',
})

/** The same collection for one who does not look, so that a test can store what others cannot read. */
export const anything = (name: string): CollectionSpec<Thing> => ({
  ...things(name),
  decode: (value) => ({ ok: true, value: value as Thing }),
})

/** No two of these have the same seat in the same hall. */
export const seats = (name: string): CollectionSpec<Thing> => ({
  ...things(name),
  indexes: [{ fields: ['place.name', 'count'], isUnique: true }],
})
