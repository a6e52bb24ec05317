import type { Scalar } from './port.ts'

/** What an ordered or indexed field may hold; a missing field counts as null. In this order, in both drivers. */
export type FieldValue = null | number | string | boolean

const PATH = /^[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*$/
const RESERVED = new Set(['__proto__', '_write'])
const LONGEST_PATH = 200

/** Has it members? A list has, too. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** Is it the name of a field, or names joined by dots? The characters are such that no driver reads them as anything else. */
export const isFieldPath = (path: string): boolean =>
  path.length <= LONGEST_PATH && PATH.test(path) && path.split('.').every((name) => !RESERVED.has(name))

/** A value that both drivers compare alike: well-formed text, a finite number, a boolean. */
export const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string'
    ? value.isWellFormed()
    : typeof value === 'number'
      ? Number.isFinite(value)
      : typeof value === 'boolean'

/**
 * The value at a path. A list on the way, or a list or object at its end, has no place in an order.
 *
 * @returns undefined if there is no such place
 */
export function fieldOf(document: object, path: string): FieldValue | undefined {
  let value: unknown = document
  for (const name of path.split('.')) {
    if (Array.isArray(value)) return undefined
    if (!isObject(value) || !Object.hasOwn(value, name)) return null
    value = value[name]
  }
  return value === null || value === undefined ? null : isScalar(value) ? value : undefined
}
