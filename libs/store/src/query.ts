import { decodeCursor, type Order, type Position } from './cursor.ts'
import type { Layout } from './driver.ts'
import { QueryError } from './errors.ts'
import { isFieldPath, isScalar } from './field.ts'
import type { Query, Scalar } from './port.ts'

export const BOUNDS = ['gt', 'gte', 'lt', 'lte'] as const
export type Bound = (typeof BOUNDS)[number]

/** One condition, taken apart: a value that is one of these, or within bounds of one type. Lists and objects never match. */
export type FieldCondition =
  | { field: string; oneOf: readonly Scalar[] }
  | { field: string; bounds: readonly (readonly [Bound, number | string])[] }

export interface CheckedQuery extends Order {
  conditions: readonly FieldCondition[]
  limit: number
  after?: Position
}

const DEFAULT_LIMIT = 100
const MOST_ITEMS = 500
const MOST_VALUES = 500
const MOST_CONDITIONS = 20

const show = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 80)

function checkValues(field: string, values: unknown): FieldCondition {
  if (!Array.isArray(values) || values.length > MOST_VALUES || !values.every((value) => isScalar(value)))
    throw new QueryError(`where.${field}.in: expected at most ${MOST_VALUES} values, got ${show(values)}`)
  return { field, oneOf: values }
}

const isBound = (name: string): name is Bound => (BOUNDS as readonly string[]).includes(name)

function checkBounds(field: string, condition: object): FieldCondition {
  const bounds: [Bound, number | string][] = []
  const entries: [string, unknown][] = Object.entries(condition)
  for (const [bound, value] of entries)
    if (isBound(bound) && isScalar(value) && typeof value !== 'boolean') bounds.push([bound, value])
  const types = new Set(bounds.map(([, value]) => typeof value))
  if (bounds.length < entries.length || types.size !== 1)
    throw new QueryError(
      `where.${field}: expected a value, {in}, or bounds (gt, gte, lt, lte) of one type, got ${show(condition)}`,
    )
  return { field, bounds }
}

function checkCondition([field, condition]: [string, unknown]): FieldCondition {
  if (!isFieldPath(field)) throw new QueryError(`where: expected the name of a field, got ${show(field)}`)
  if (isScalar(condition)) return { field, oneOf: [condition] }
  if (typeof condition !== 'object' || condition === null || Array.isArray(condition))
    throw new QueryError(`where.${field}: expected a value or a condition, got ${show(condition)}`)
  return 'in' in condition && Object.keys(condition).length === 1
    ? checkValues(field, condition.in)
    : checkBounds(field, condition)
}

/** @throws QueryError if a condition is not one of the port's: whatever else it holds never reaches a driver */
export function checkConditions(where: Query['where'] = {}): FieldCondition[] {
  const entries = Object.entries(where)
  if (entries.length > MOST_CONDITIONS)
    throw new QueryError(`where: expected at most ${MOST_CONDITIONS} conditions, got ${entries.length}`)
  return entries.map(checkCondition)
}

function checkOrder({ name, indexes }: Layout, { orderBy = '_id', direction = 'asc' }: Query): Order {
  const fields = ['_id', ...indexes.flatMap((index) => index.fields)]
  if (!fields.includes(orderBy))
    throw new QueryError(`orderBy: expected one of ${[...new Set(fields)].join(', ')} in ${name}, got ${show(orderBy)}`)
  if (direction !== 'asc' && direction !== 'desc')
    throw new QueryError(`direction: expected asc or desc, got ${show(direction)}`)
  return { collection: name, orderBy, direction }
}

/**
 * Settles a query's defaults and makes sure of every part, since parts may come from outside.
 *
 * @throws QueryError
 */
export function checkQuery(layout: Layout, query: Query): CheckedQuery {
  const { where, limit = DEFAULT_LIMIT, cursor } = query
  const order = checkOrder(layout, query)
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_ITEMS)
    throw new QueryError(`limit: expected a whole number from 1 to ${MOST_ITEMS}, got ${show(limit)}`)
  const checked = { ...order, conditions: checkConditions(where), limit }
  return cursor === undefined ? checked : { ...checked, after: decodeCursor(cursor, order) }
}
