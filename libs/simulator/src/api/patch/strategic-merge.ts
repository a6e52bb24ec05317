import { ApiStatus, badRequest } from '../../objects/api-status.ts'
import { isJsonObject, isSameJson, type Json, type JsonObject } from '../../objects/json.ts'
import { definitionOf, type FieldType } from '../../schema/schema.ts'
import { goText } from './go-text.ts'

/*
 * Kubernetes' own patch: JSON merge, but lists with a merge key are merged item by item, and directives (`$patch`,
 * `$retainKeys`, `$deleteFromPrimitiveList/x`, `$setElementOrder/x`) say what cannot be said otherwise.
 *
 * Source: apimachinery pkg/util/strategicpatch/patch.go.
 */

const DELETE_FROM = '$deleteFromPrimitiveList/'
const SET_ORDER = '$setElementOrder/'

interface ListRule {
  item: FieldType
  /** The key of items that are objects; '' for values; undefined where the list is replaced as a whole. */
  mergeKey: string | undefined
}

function fieldOf(type: FieldType, name: string): FieldType {
  if (typeof type === 'string' || 'list' in type) return 'any'
  if ('map' in type) return type.map
  const { fields } = definitionOf(type)
  return (Object.hasOwn(fields, name) ? fields[name] : undefined) ?? 'any'
}

function listRule(type: FieldType): ListRule {
  return typeof type === 'object' && 'list' in type
    ? { item: type.list, mergeKey: type.mergeKey }
    : { item: 'any', mergeKey: undefined }
}

/** A patch value that is taken over where nothing was: without its directives and nulls; undefined where it only deletes. */
function plain(patch: Json): Json | undefined {
  if (Array.isArray(patch)) return patch.map(plain).filter((item) => item !== undefined)
  if (!isJsonObject(patch)) return patch
  if (patch['$patch'] === 'delete') return undefined
  const members = Object.entries(patch).filter(
    ([name, value]) => !name.startsWith('$') && value !== null && value !== undefined,
  )
  return Object.fromEntries(members.map(([name, value]) => [name, plain(value as Json)]))
}

function isSameItem(a: Json, b: Json, mergeKey: string): boolean {
  if (mergeKey === '') return isSameJson(a, b)
  return isJsonObject(a) && isJsonObject(b) && isSameJson(a[mergeKey], b[mergeKey])
}

/** Items that the patch orders come in its order, the others keep theirs; the two are woven by the order of before. */
function ordered(items: Json[], order: readonly Json[], before: readonly Json[], mergeKey: string): Json[] {
  const positionIn = (list: readonly Json[], item: Json) => list.findIndex((it) => isSameItem(it, item, mergeKey))
  const mine = items
    .filter((item) => positionIn(order, item) >= 0)
    .sort((a, b) => positionIn(order, a) - positionIn(order, b))
  const theirs = items.filter((item) => positionIn(order, item) < 0)
  const result: Json[] = []
  while (mine.length > 0 && theirs.length > 0) {
    const [a, b] = [positionIn(before, theirs[0] ?? null), positionIn(before, mine[0] ?? null)]
    const next = a >= 0 && b >= 0 && a < b ? theirs.shift() : mine.shift()
    if (next !== undefined) result.push(next)
  }
  return [...result, ...theirs, ...mine]
}

function mergeItems(before: readonly Json[], patch: readonly Json[], mergeKey: string, item: FieldType): Json[] {
  let items = [...before]
  const replaces = patch.some((entry) => isJsonObject(entry) && entry['$patch'] === 'replace')
  if (replaces) return patch.filter((entry) => !(isJsonObject(entry) && '$patch' in entry))
  for (const entry of patch) {
    if (!isJsonObject(entry) || entry[mergeKey] === undefined) {
      throw new ApiStatus(500, undefined, `map: ${goText(entry)} does not contain declared merge key: ${mergeKey}`)
    }
    const index = items.findIndex((it) => isSameItem(it, entry, mergeKey))
    if (entry['$patch'] === 'delete') items = items.filter((it) => !isSameItem(it, entry, mergeKey))
    else if (index >= 0) items[index] = mergeMembers(items[index] as JsonObject, entry, item)
    else items.push(plain(entry) ?? {})
  }
  return items
}

function mergeList(before: readonly Json[], patch: readonly Json[], rule: ListRule, order?: readonly Json[]): Json[] {
  const { mergeKey, item } = rule
  if (mergeKey === undefined) return [...patch]
  const merged =
    mergeKey === ''
      ? [...before, ...patch.filter((value) => !before.some((it) => isSameJson(it, value)))]
      : mergeItems(before, patch, mergeKey, item)
  return ordered(merged, order ?? patch, before, mergeKey)
}

function retainKeys(before: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch['$retainKeys']
  if (keys === undefined) return { ...before }
  const names = Array.isArray(keys) ? keys : []
  const isListed = Object.entries(patch).every(
    ([name, value]) => name.startsWith('$') || value === null || names.includes(name),
  )
  if (!Array.isArray(keys) || !isListed) {
    throw badRequest('invalid patch format of retainKeys')
  }
  return Object.fromEntries(Object.entries(before).filter(([name]) => names.includes(name)))
}

function mergeMember(
  before: Json | undefined,
  patch: Json,
  type: FieldType,
  order?: readonly Json[],
): Json | undefined {
  if (patch === null) return undefined
  if (isJsonObject(before) && isJsonObject(patch)) return mergeMembers(before, patch, type)
  if (Array.isArray(before) && Array.isArray(patch)) return mergeList(before, patch, listRule(type), order)
  return plain(patch)
}

function withoutValues(before: Json | undefined, gone: Json | undefined): Json {
  const values = Array.isArray(gone) ? gone : []
  return (Array.isArray(before) ? before : []).filter((item) => !values.some((value) => isSameJson(item, value)))
}

function mergeMembers(before: JsonObject, patch: JsonObject, type: FieldType): JsonObject {
  const directive = patch['$patch']
  if (directive === 'replace') return (plain({ ...patch, $patch: undefined }) ?? {}) as JsonObject
  if (directive === 'delete') return {}
  if (directive !== undefined)
    throw new ApiStatus(500, undefined, `unknown patch type: ${goText(directive)} in map: ${goText(patch)}`)
  const result = retainKeys(before, patch)
  for (const name of Object.keys(patch).filter((it) => it.startsWith(DELETE_FROM))) {
    const list = name.slice(DELETE_FROM.length)
    result[list] = withoutValues(result[list], patch[name])
  }
  for (const name of Object.keys(patch).filter((it) => it.startsWith(SET_ORDER))) {
    const list = name.slice(SET_ORDER.length)
    if (patch[list] === undefined && Array.isArray(result[list])) {
      const { mergeKey = '' } = listRule(fieldOf(type, list))
      result[list] = ordered(result[list], (patch[name] ?? []) as Json[], result[list], mergeKey)
    }
  }
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$') || value === undefined) continue
    const order = patch[`${SET_ORDER}${name}`]
    const merged = mergeMember(result[name], value, fieldOf(type, name), Array.isArray(order) ? order : undefined)
    if (merged === undefined) delete result[name]
    else result[name] = merged
  }
  return result
}

/**
 * @param type the kind of the object, which says how its lists are merged
 * @throws ApiStatus where a directive or an item cannot be understood: 500, as the real server does, or 400
 */
export function applyStrategicMerge(object: JsonObject, patch: JsonObject, type: FieldType): JsonObject {
  return mergeMembers(object, patch, type)
}
