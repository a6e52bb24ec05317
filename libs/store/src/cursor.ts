import { QueryError } from './errors.ts'
import { isScalar, type FieldValue } from './field.ts'
import { isId } from './document.ts'

/** The order of a page: a field, then `_id`, both in one direction. */
export interface Order {
  collection: string
  orderBy: string
  direction: 'asc' | 'desc'
}

/** Where a page ended: the last document's value of the ordering field and its id. */
export interface Position {
  value: FieldValue
  id: string
}

const FORM = 1
const LONGEST_CURSOR = 64 * 1024

/** What callers see of a position: opaque, safe in an address. */
export const encodeCursor = ({ collection, orderBy, direction }: Order, { value, id }: Position): string =>
  Buffer.from(JSON.stringify([FORM, collection, orderBy, direction, value, id])).toString('base64url')

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/** @throws QueryError if it was not made by {@link encodeCursor} for this very order */
export function decodeCursor(text: string, { collection, orderBy, direction }: Order): Position {
  const parts = typeof text === 'string' && text.length <= LONGEST_CURSOR ? parse(text) : undefined
  if (!Array.isArray(parts) || parts.length !== 6 || parts[0] !== FORM)
    throw new QueryError('cursor: expected one that a page before has given')
  const [, ofCollection, ofField, ofDirection, value, id] = parts as unknown[]
  if (ofCollection !== collection || ofField !== orderBy || ofDirection !== direction)
    throw new QueryError(
      `cursor: expected one of ${collection} by ${orderBy} ${direction}, got one of another collection or order`,
    )
  if (!isId(id) || !(value === null || isScalar(value)))
    throw new QueryError('cursor: expected one that a page before has given')
  return { value, id }
}
