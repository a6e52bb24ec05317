import type { ManagedFieldsEntry } from './objects.ts'

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/**
 * Does a manager own this field, or anything within it, by the server's account of who wrote what?
 * @param path names from the object's top on: `['spec', 'paused']`
 */
export function ownsField({ fieldsV1 }: ManagedFieldsEntry, path: readonly string[]): boolean {
  let fields: unknown = fieldsV1
  for (const name of path) {
    if (!isRecord(fields)) return false
    fields = fields[`f:${name}`]
  }
  return fields !== undefined
}
