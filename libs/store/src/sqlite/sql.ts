import type { Position } from '../cursor.ts'
import type { Index } from '../driver.ts'
import type { FieldValue } from '../field.ts'
import type { Scalar } from '../port.ts'
import type { Bound, CheckedQuery, FieldCondition } from '../query.ts'

export type Parameter = null | number | string | Uint8Array

/** A piece of SQL with what its question marks stand for. */
export interface Sql {
  text: string
  parameters: Parameter[]
}

const SIGNS: Record<Bound, string> = { gt: '>', gte: '>=', lt: '<', lte: '<=' }

export const tableOf = (collection: string): string => `"${collection}"`

// Less than every number of a document, since JSON knows no infinity: a null that can be compared.
const LEAST = '-9e999'

/**
 * A field as an expression that orders null, numbers, text, booleans, in this order, as MongoDB does. SQLite has no
 * booleans, so they are blobs, which come last; its null compares with nothing, so it is the least number. Integers become
 * floating point, since that is what they were when written. The path has been checked: it is letters, digits, `_`, `-`
 * and dots.
 */
export function columnOf(field: string): string {
  if (field === '_id' || field === 'version') return field
  const path = `'$.${field
    .split('.')
    .map((name) => `"${name}"`)
    .join('.')}'`
  const value = `json_extract(document, ${path})`
  return (
    `CASE json_type(document, ${path}) WHEN 'text' THEN ${value} WHEN 'integer' THEN CAST(${value} AS REAL)` +
    ` WHEN 'real' THEN ${value} WHEN 'true' THEN x'01' WHEN 'false' THEN x'00' ELSE ${LEAST} END`
  )
}

/** A value as {@link columnOf} gives it. */
function parameterOf(value: FieldValue): Parameter {
  if (value === null) return Number.NEGATIVE_INFINITY
  return typeof value === 'boolean' ? Uint8Array.of(value ? 1 : 0) : value
}

function oneOfSql(column: string, values: readonly Scalar[]): Sql {
  return {
    text: `${column} IN (${values.map(() => '?').join(', ')})`,
    parameters: values.map((value) => parameterOf(value)),
  }
}

// The least text is '', the least blob x'': between them lie all texts, before them all numbers.
const ENDS = { number: { lower: `> ${LEAST}`, upper: "< ''" }, string: { lower: ">= ''", upper: "< x''" } }

/**
 * A bound of the query is also one of its type; an end of the type stands only where the query has none. Of two lower bounds
 * SQLite takes the first for its index, and would begin with the least of all.
 */
function boundsSql(column: string, bounds: readonly (readonly [Bound, number | string])[]): Sql {
  const ends = ENDS[typeof bounds[0]?.[1] === 'number' ? 'number' : 'string']
  const has = (sign: string) => bounds.some(([bound]) => SIGNS[bound].startsWith(sign))
  const ofType = [...(has('>') ? [] : [ends.lower]), ...(has('<') ? [] : [ends.upper])]
  const texts = [...bounds.map(([bound]) => `${SIGNS[bound]} ?`), ...ofType].map((text) => `${column} ${text}`)
  return { text: texts.join(' AND '), parameters: bounds.map(([, value]) => value) }
}

const conditionSql = (condition: FieldCondition): Sql => {
  const column = columnOf(condition.field)
  return 'oneOf' in condition ? oneOfSql(column, condition.oneOf) : boundsSql(column, condition.bounds)
}

/** Everything behind a position; the first comparison is for an index, which takes it alone. */
function afterSql({ orderBy, direction }: CheckedQuery, { value, id }: Position): Sql {
  const sign = direction === 'asc' ? '>' : '<'
  if (orderBy === '_id') return { text: `_id ${sign} ?`, parameters: [id] }
  const column = columnOf(orderBy)
  const bound = parameterOf(value)
  return { text: `${column} ${sign}= ? AND (${column} ${sign} ? OR _id ${sign} ?)`, parameters: [bound, bound, id] }
}

function whereSql(parts: readonly Sql[]): Sql {
  const text = parts.length === 0 ? '' : ` WHERE ${parts.map((part) => part.text).join(' AND ')}`
  return { text, parameters: parts.flatMap((part) => part.parameters) }
}

export function findSql(query: CheckedQuery): Sql {
  const { collection, conditions, orderBy, direction, limit, after } = query
  const parts = conditions.map(conditionSql)
  if (after !== undefined) parts.push(afterSql(query, after))
  const { text, parameters } = whereSql(parts)
  const order = [...new Set([columnOf(orderBy), '_id'])].map((column) => `${column} ${direction}`).join(', ')
  return {
    text: `SELECT _id, version, document FROM ${tableOf(collection)}${text} ORDER BY ${order} LIMIT ?`,
    parameters: [...parameters, limit + 1],
  }
}

export function countSql(collection: string, conditions: readonly FieldCondition[]): Sql {
  const { text, parameters } = whereSql(conditions.map(conditionSql))
  return { text: `SELECT count(*) AS count FROM ${tableOf(collection)}${text}`, parameters }
}

/** Deletes some documents whose number in a field is below a limit. */
export function deleteBelowSql(collection: string, field: string, limit: number, atMost: number): Sql {
  const { text, parameters } = boundsSql(columnOf(field), [['lt', limit]])
  const table = tableOf(collection)
  return {
    text: `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${text} LIMIT ?)`,
    parameters: [...parameters, atMost],
  }
}

/** A collection's table; whoever writes into it from outside can at least not leave what is no JSON. */
export const createTableSql = (collection: string): string =>
  `CREATE TABLE IF NOT EXISTS ${tableOf(collection)} (_id TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL,` +
  ` document TEXT NOT NULL CHECK (json_valid(document))) STRICT`

/** Named after what it is, so that another index of a later version is another one. */
export function createIndexSql(collection: string, { fields, isUnique }: Index): string {
  const name = `"${collection}:${fields.join(',')}${isUnique ? ':unique' : ''}"`
  const columns = fields.map(columnOf)
  if (!isUnique && !fields.includes('_id')) columns.push('_id')
  return `CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX IF NOT EXISTS ${name} ON ${tableOf(collection)} (${columns.join(', ')})`
}
