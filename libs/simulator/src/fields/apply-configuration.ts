import { isSameJson } from '../objects/json.ts'
import type { FieldType } from '../schema/schema.ts'
import { compare } from './compare.ts'
import {
  difference,
  intersection,
  isEmpty,
  printMembers,
  union,
  withoutTrees,
  EMPTY,
  type FieldSet,
} from './field-set.ts'
import { fieldSetOfValue } from './field-set-of-value.ts'
import { fieldsOf, isManager, type Manager, type ManagerIdentity } from './managers.ts'
import { mergeFields } from './merge.ts'
import { withNamedFields } from './named-fields.ts'
import { removeFields } from './remove-fields.ts'
import { UNMANAGED } from './track-update.ts'

export interface ApplyRequest {
  live: object
  configuration: object
  type: FieldType
  identity: ManagerIdentity
  ignored: FieldSet
  /** Take fields from others instead of failing. */
  isForced: boolean
  time: string
}

export interface ApplyResult {
  object: object
  managers: Manager[]
}

export interface FieldConflict {
  manager: Manager
  path: string
}

/** The configuration sets fields to values that others manage differently. */
export class ApplyConflictError extends Error {
  readonly conflicts: readonly FieldConflict[]

  constructor(conflicts: readonly FieldConflict[]) {
    super(`apply: ${conflicts.length} conflicts`)
    this.name = 'ApplyConflictError'
    this.conflicts = conflicts
  }
}

/** Drops what the applier had applied before and does not apply now, unless somebody else manages it or it holds such fields. */
function prune(merged: unknown, last: FieldSet, managers: readonly Manager[], type: FieldType): unknown {
  if (isEmpty(last)) return merged
  const named = (set: FieldSet) => withNamedFields(set, type)
  const fieldsIn = (value: unknown) => named(fieldSetOfValue(value ?? {}, type))
  const managed = named(managers.reduce((all, manager) => union(all, manager.fields), EMPTY))
  const mergedFields = fieldsIn(merged)
  const pruned = removeFields(merged, named(last), type)
  const unowned = difference(mergedFields, union(fieldsIn(pruned), managed))
  const withOwned = removeFields(merged, unowned, type)
  const dangling = intersection(difference(mergedFields, fieldsIn(withOwned)), named(last))
  return removeFields(merged, dangling, type)
}

function conflictsOf(others: readonly Manager[], changed: FieldSet): FieldConflict[] {
  return others.flatMap((manager) =>
    printMembers(intersection(manager.fields, changed)).map((path) => ({ manager, path })),
  )
}

/**
 * Server-side apply: lays the configuration over the live object and settles who manages what.
 *
 * @throws ApplyConflictError where another manager's value would change and the apply is not forced
 * @throws DuplicateItemError where the configuration names one list item twice
 * Source: structured-merge-diff merge/update.go `Apply`.
 */
export function applyConfiguration(managers: readonly Manager[], request: ApplyRequest): ApplyResult {
  const { live, configuration, type, identity, ignored } = request
  const applied = withoutTrees(fieldSetOfValue(configuration, type), ignored)
  const others = managers.filter((manager) => !isManager(manager, identity))
  const mine: Manager = { ...identity, time: request.time, fields: applied }
  const merged = mergeFields(live, configuration, type)
  const object = prune(merged, fieldsOf(managers, identity), [...others, mine], type) ?? {}
  const found = compare(live, object, type)
  const changed = withoutTrees(union(found.added, found.modified), ignored)
  const conflicts = request.isForced ? [] : conflictsOf(others, changed)
  if (conflicts.length > 0) throw new ApplyConflictError(conflicts)
  const gone = union(changed, withoutTrees(found.removed, ignored))
  const kept = others.map((manager) => ({ ...manager, fields: difference(manager.fields, gone) }))
  const previous = managers.find((manager) => isManager(manager, identity))
  const time = previous !== undefined && isSameJson(live, object) ? previous.time : request.time
  return { object, managers: [...kept, { ...mine, time, fields: difference(applied, UNMANAGED) }] }
}
