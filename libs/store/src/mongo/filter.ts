import type { Document, Filter, Sort } from 'mongodb'
import type { Position } from '../cursor.ts'
import type { Layout } from '../driver.ts'
import type { FieldValue } from '../field.ts'
import type { CheckedQuery, FieldCondition } from '../query.ts'

/** A stored document: its id is text. */
export type MongoDocument = Document & { _id: string }
type Part = Filter<MongoDocument>

/** The types that an ordered field may have, in the order in which a MongoDB sorts them; comparisons stay within one. */
const TYPES = ['null', 'number', 'string', 'bool'] as const
type Type = (typeof TYPES)[number]

const typeOf = (value: FieldValue): Type =>
  value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? 'number' : 'string'

function valuePart(condition: FieldCondition): Part {
  const { field } = condition
  if ('bounds' in condition)
    return { [field]: Object.fromEntries(condition.bounds.map(([bound, value]) => [`$${bound}`, value])) }
  const [first, ...others] = condition.oneOf
  return { [field]: first !== undefined && others.length === 0 ? { $eq: first } : { $in: [...condition.oneOf] } }
}

/** `a.b.c` → `a`, `a.b`, `a.b.c` */
const prefixesOf = (path: string): string[] =>
  path.split('.').map((_name, index, names) => names.slice(0, index + 1).join('.'))

/** A MongoDB looks into lists for a match; the port does not. Indexed fields hold none, so the question is spared there. */
function conditionParts(condition: FieldCondition, indexed: ReadonlySet<string>): Part[] {
  const { field } = condition
  if (indexed.has(field)) return [valuePart(condition)]
  return [valuePart(condition), ...prefixesOf(field).map((prefix) => ({ [prefix]: { $not: { $type: 'array' } } }))]
}

/** Everything of the types behind this one. */
function otherTypes(field: string, type: Type, direction: 'asc' | 'desc'): Part[] {
  const place = TYPES.indexOf(type)
  const types = direction === 'asc' ? TYPES.slice(place + 1) : TYPES.slice(0, place)
  const named = types.filter((other) => other !== 'null')
  const parts: Part[] = named.length === 0 ? [] : [{ [field]: { $type: named } }]
  // Equality with null is true of a missing field too; the type null is not.
  if (types.includes('null')) parts.push({ [field]: { $eq: null } })
  return parts
}

function afterPart({ orderBy, direction }: CheckedQuery, { value, id }: Position): Part {
  const sign = direction === 'asc' ? '$gt' : '$lt'
  if (orderBy === '_id') return { _id: { [sign]: id } }
  const parts = [{ [orderBy]: { $eq: value }, _id: { [sign]: id } } as Part]
  if (value !== null) parts.push({ [orderBy]: { [sign]: value } })
  return { $or: [...parts, ...otherTypes(orderBy, typeOf(value), direction)] }
}

const allOf = (parts: Part[]): Part => (parts.length === 0 ? {} : { $and: parts })

export function filterOf({ indexes }: Layout, conditions: readonly FieldCondition[], after: Part[] = []): Part {
  const indexed = new Set(['_id', 'version', ...indexes.flatMap(({ fields }) => fields)])
  return allOf([...conditions.flatMap((condition) => conditionParts(condition, indexed)), ...after])
}

export const findFilter = (layout: Layout, query: CheckedQuery): Part =>
  filterOf(layout, query.conditions, query.after === undefined ? [] : [afterPart(query, query.after)])

export function sortOf({ orderBy, direction }: CheckedQuery): Sort {
  const sign = direction === 'asc' ? 1 : -1
  return orderBy === '_id' ? { _id: sign } : { [orderBy]: sign, _id: sign }
}
