import type { FieldType } from '../schema/schema.ts'
import { compare } from './compare.ts'
import { difference, EMPTY, fieldSetOf, isEmpty, union, withoutTrees, type FieldSet } from './field-set.ts'
import { isManager, type Manager, type ManagerIdentity } from './managers.ts'

/** What nobody manages: identity and what the server itself writes. */
export const UNMANAGED: FieldSet = fieldSetOf(
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['metadata', name]),
)

export interface FieldWrite {
  before: object
  after: object
  type: FieldType
  identity: ManagerIdentity
  /** Fields that the door of the write does not change: `status` through the main one, `spec` through that of the status. */
  ignored: FieldSet
  time: string
}

/**
 * Who manages what after a plain write: the writer has what it added or changed, the others lose what it changed or removed.
 *
 * Source: structured-merge-diff merge/update.go `Update`, apimachinery managedfieldsupdater.go.
 */
export function trackUpdate(managers: readonly Manager[], write: FieldWrite): Manager[] {
  const found = compare(write.before, write.after, write.type)
  const changed = withoutTrees(union(found.added, found.modified), write.ignored)
  const removed = withoutTrees(found.removed, write.ignored)
  const taken = difference(changed, UNMANAGED)
  const gone = union(changed, removed)
  const kept = managers.map((manager) => ({ ...manager, fields: difference(manager.fields, gone) }))
  if (isEmpty(taken)) return kept
  const mine = kept.find((manager) => isManager(manager, write.identity))
  const others = kept.filter((manager) => manager !== mine)
  return [...others, { ...write.identity, time: write.time, fields: union(mine?.fields ?? EMPTY, taken) }]
}
